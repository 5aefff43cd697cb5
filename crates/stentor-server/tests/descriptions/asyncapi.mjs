// Judges an AsyncAPI document with AsyncAPI's own parser, which brings the official schemas with
// it: `node asyncapi.mjs FILE`, with TOOLS = a folder whose node_modules holds @asyncapi/parser.
// Exit code 0: valid; 1: it is not, and every fault was printed.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.TOOLS, "index.js"));
const { Parser } = require("@asyncapi/parser");

const ERROR = 0;
const text = readFileSync(process.argv[2], "utf8");
const { document, diagnostics } = await new Parser().parse(text);
const faults = diagnostics.filter((diagnostic) => diagnostic.severity === ERROR);
for (const fault of faults) console.log(`${fault.path.join(".")}: ${fault.message}`);
process.exit(faults.length === 0 && document !== undefined ? 0 : 1);
