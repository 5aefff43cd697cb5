// The package as npm gets it: small, complete, and typed as it is.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { check, equal, holds } from "../checks.mjs";

const folder = new URL("../../", import.meta.url);
const text = (name) => readFileSync(new URL(name, folder), "utf8");

const GZIPPED_BYTES_MAX = 5_000;

export async function packaged() {
  await check("the client has less than 5 KB, gzipped", async () => {
    const bytes = gzipSync(text("stentor.js"), { level: 9 }).length;
    holds(bytes < GZIPPED_BYTES_MAX, `${bytes} bytes`);
  });
  await check("the types name what the client exports, and each member of it", async () => {
    const module = await import(new URL("stentor.js", folder));
    const types = text("stentor.d.ts");
    const values = [...types.matchAll(/^export (?:class|const|function) (\w+)/gm)];
    equal(values.map(([, name]) => name).sort().join(), Object.keys(module).sort().join(), "names");
    const [, body] = /^export class Stentor [^]*?\{\n([^]*?)^\}/m.exec(types);
    const typed = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[(<:]/gm)].map(([, name]) => name);
    const inherited = ["addEventListener"];
    const members = [...Object.getOwnPropertyNames(module.Stentor.prototype), ...inherited];
    equal([...new Set(typed)].sort().join(), members.sort().join(), "members");
  });
  await check("the package has what it names, and nothing to install", async () => {
    const manifest = JSON.parse(text("package.json"));
    const named = [...manifest.files, ...Object.values(manifest.exports["."])];
    for (const name of named) holds(text(name).length > 0, name);
    equal(manifest.dependencies, undefined, "dependencies");
    equal(manifest.scripts, undefined, "scripts");
  });
}
