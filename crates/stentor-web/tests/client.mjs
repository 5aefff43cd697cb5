// stentor.js in Node and in Chromium: against a server that is played, and against the real one.
//
// Environment: STENTOR_BIN, CHROMIUM, TOOLS as for chat.mjs. Node before 22 needs
// --experimental-websocket.

import { launch } from "./browser.mjs";
import { run } from "./checks.mjs";
import { inNode, inPage } from "./client/host.mjs";
import { kills } from "./client/kills.mjs";
import { packaged } from "./client/packaged.mjs";
import { asking, bounds, comingBack, inWindow, pauses, rooms, tokens } from "./client/promises.mjs";

async function all(host, binary) {
  for (const part of [asking, rooms, comingBack, pauses, tokens, bounds]) await part(host);
  await kills(host, binary);
}

async function main() {
  await packaged();
  const binary = process.env.STENTOR_BIN;
  await all(await inNode(), binary);
  const browser = await launch();
  try {
    const host = await inPage(browser);
    await all(host, binary);
    await inWindow(host);
    host.close();
  } finally {
    await browser.close();
  }
}

if (!process.env.STENTOR_BIN) {
  console.log("give STENTOR_BIN");
  process.exit(2);
}
await run(main);
