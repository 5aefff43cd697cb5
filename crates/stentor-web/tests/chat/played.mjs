// The page against a server that is played: closes, silence, errors, events, frames of any shape.

import { check, equal, holds } from "../checks.mjs";
import { faults, hears, say, stateIs, WAIT_MS } from "./person.mjs";

/** Nothing that the contract knows; three of them count as messages and are shown as they are. */
const ODD_FRAMES = [
  "", "null", "7", "[]", "{}",
  '{"type":"chat"}',
  '{"type":"chat","data":null}',
  '{"type":"chat","data":{"content":{"a":[1]},"name":5},"from":9,"timestamp":"never"}',
  '{"type":"system"}', '{"type":"error"}', '{"type":"novel","data":{}}',
];

/** What only the server decides on, played to the page by a socket in the server's place. */
async function played(browser, url, behave) {
  const context = await browser.newContext();
  const page = await context.newPage();
  let opened = 0;
  let reopened;
  const again = new Promise((done, fail) => {
    reopened = done;
    setTimeout(() => fail(new Error("no second connection")), WAIT_MS).unref();
  });
  again.catch(() => {});
  await page.routeWebSocket(/\/ws/, (socket) => {
    opened += 1;
    if (opened > 1) reopened();
    behave(socket, opened);
  });
  const start = () => page.goto(url);
  const end = () => context.close();
  return { page, again, opened: () => opened, start, end };
}

export async function closes(browser, url) {
  const closeWith = (code) => (socket) => setTimeout(() => socket.close({ code }), 50);
  for (const code of [1000, 1002, 1007, 1009, 4401, 4403]) {
    await check(`close ${code} stops the page with a word why`, async () => {
      const { page, opened, start, end } = await played(browser, url, closeWith(code));
      await start();
      await stateIs(page, "stopped");
      holds((await page.textContent("#trouble")).includes(String(code)), "the code is not told");
      holds(await page.locator("#retry").isVisible(), "there is no way on");
      equal(opened(), 1, "connections");
      await end();
    });
  }
  await check("close 1013 is retried", async () => {
    const { page, again, start, end } = await played(browser, url, closeWith(1013));
    await start();
    await stateIs(page, "reconnecting");
    await again;
    await end();
  });
  await check("a message that the line swallowed is told", async () => {
    const { page, start, end } = await played(browser, url, (socket) => {
      socket.onMessage(() => socket.close({ code: 1013 }));
    });
    await start();
    await stateIs(page, "connected");
    await say(page, "into the void");
    await page.getByText("Your last message may not have arrived").waitFor();
    await end();
  });
  await check("a silent line is asked for life and then given up", async () => {
    const asked = [];
    const { page, again, start, end } = await played(browser, url, (socket) => {
      socket.onMessage((text) => asked.push(JSON.parse(text).type));
    });
    await page.clock.install();
    await start();
    await stateIs(page, "connected");
    await page.clock.runFor(26_000);
    equal(asked.join(), "ping", "what the page asked");
    await page.clock.runFor(11_000);
    await again;
    await end();
  });
}

export async function events(browser, url) {
  const tell = (socket, type, data) => socket.send(JSON.stringify({ type, data }));
  await check("errors and events of the server are shown", async () => {
    const { page, start, end } = await played(browser, url, (socket) => {
      tell(socket, "system", { event: "welcome", client_id: "me", rooms: ["general"] });
      tell(socket, "error", { code: "rate_limited", message: "slow down" });
      tell(socket, "system", { event: "gap", missed: 12 });
      tell(socket, "system", { event: "drain", reconnect_after_ms: 10 });
      tell(socket, "system", { event: "joined", members: 3 });
    });
    await start();
    await page.locator(".note.error").getByText("slow down (rate_limited)").waitFor();
    await page.locator(".note.event").getByText("12 messages were missed").waitFor();
    await page.locator(".note.event").getByText("The server is going away").waitFor();
    await page.locator(".note.event").getByText("Joined #general, 3 here").waitFor();
    await end();
  });
  await check("frames of any shape do no harm", async () => {
    const { page, start, end } = await played(browser, url, (socket) => {
      for (const text of ODD_FRAMES) socket.send(text);
      tell(socket, "chat", { content: "still here" });
    });
    page.on("pageerror", (error) => faults.push(`shapes: ${error}`));
    await start();
    await hears(page, "still here");
    equal(await page.locator("#messages .line").count(), 4, "lines");
    await end();
  });
}
