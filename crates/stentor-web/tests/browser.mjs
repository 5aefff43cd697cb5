// A headless Chromium, and the library that leads it.

import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const tools = resolve(process.env.TOOLS ?? join(here, "../../../.tools"));
const { chromium } = createRequire(join(tools, "from-here.cjs"))("playwright-core");
const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** CHROMIUM = the browser; TOOLS = a folder whose node_modules holds playwright-core. */
export function launch() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: ARGS });
}
