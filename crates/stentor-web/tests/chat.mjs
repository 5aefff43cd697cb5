// The chat page in a real browser: two people, one room, one server that dies and comes back.
//
// Environment: STENTOR_BIN = the server's binary, started here on a free port, killed and started
// again; or STENTOR_URL = a server that runs already (then nothing is killed, and what needs a
// restart is left out and said). CHROMIUM = the browser. TOOLS = a folder whose node_modules holds
// playwright-core. SHOTS = where to put pictures (none without it).

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const tools = resolve(process.env.TOOLS ?? join(here, "../../../.tools"));
const { chromium } = createRequire(join(tools, "from-here.cjs"))("playwright-core");

const WAIT_MS = 10_000;
/** A retry may draw nearly the longest delay of the second or third window. */
const RECONNECT_MS = 30_000;
const BROWSER_ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const binary = process.env.STENTOR_BIN;
let passed = 0;
let failed = 0;
let server = null;
let browser = null;
const faults = [];

async function check(promise, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok       ${promise}`);
  } catch (error) {
    failed += 1;
    console.log(`NOT OK   ${promise}\n         ${String(error).split("\n").join("\n         ")}`);
  }
}

function equal(seen, wanted, what) {
  if (seen !== wanted) throw new Error(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

async function startServer(port) {
  const env = { ...process.env, HOST: "127.0.0.1", PORT: String(port), LOG_LEVEL: "warn" };
  const child = spawn(binary, [], { env, stdio: ["ignore", "inherit", "inherit"] });
  let ended = null;
  child.on("error", (error) => { ended = String(error); });
  child.on("exit", (code, signal) => { ended ??= `exit ${code ?? signal}`; });
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    if (ended) throw new Error(`the server ended: ${ended}`);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    if (answer?.ok) return child;
    await new Promise((done) => setTimeout(done, 50));
  }
  child.kill("SIGKILL");
  throw new Error("the server did not answer /healthz in time");
}

async function killServer() {
  if (!server || server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, "exit");
  server.kill("SIGKILL");
  await exit;
}

/** A person: a browser profile of its own, with the chat open. */
async function person(url, name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.on("pageerror", (error) => faults.push(`${name}: ${error}`));
  page.on("console", (entry) => {
    const text = entry.text();
    const expected = /WebSocket connection to .* failed/.test(text);
    if (entry.type() === "error" && !expected) faults.push(`${name}: ${text}`);
  });
  await page.goto(url);
  await page.fill("#name", name);
  await page.press("#name", "Tab");
  return page;
}

const stateIs = (page, state, timeout = WAIT_MS) =>
  page.waitForSelector(`#state[data-state="${state}"]`, { timeout });
const hears = (page, text, timeout = WAIT_MS) =>
  page.locator("#messages .line .text").getByText(text, { exact: true }).first().waitFor({ timeout });
const lineOf = (page, text) =>
  page.locator("#messages .line").filter({ has: page.getByText(text, { exact: true }) }).first();

async function say(page, text) {
  await page.fill("#message", text);
  await page.press("#message", "Enter");
}

async function talk(ann, ben) {
  await check("the state says connected", async () => {
    await Promise.all([stateIs(ann, "connected"), stateIs(ben, "connected")]);
    equal(await ann.textContent("#state"), "connected", "#state");
  });
  await check("two pages in one room hear each other", async () => {
    await say(ann, "hello from ann");
    await hears(ben, "hello from ann");
    await say(ben, "and hello from ben");
    await hears(ann, "and hello from ben");
  });
  await check("the sender's name and a time stand beside a message", async () => {
    const line = lineOf(ben, "hello from ann");
    equal(await line.locator(".who").textContent(), "Ann", "the name");
    const at = Date.parse(await line.locator("time").getAttribute("datetime"));
    holds(Math.abs(Date.now() - at) < 60_000, `the time is ${new Date(at)}`);
  });
  await check("own messages look different from others'", async () => {
    await hears(ann, "hello from ann");
    holds(await lineOf(ann, "hello from ann").evaluate((line) => line.matches(".own")), "own is not marked");
    holds(!(await lineOf(ben, "hello from ann").evaluate((line) => line.matches(".own"))), "ben claims it");
  });
  await check("a message stands once in the list of each", async () => {
    for (const page of [ann, ben]) {
      const lines = page.locator("#messages .line .text").getByText("hello from ann", { exact: true });
      equal(await lines.count(), 1, "lines");
    }
  });
  await check("HTML in a message is shown as text", async () => {
    const evil = `<img src=x onerror="document.title='owned'"><b>bold</b>`;
    await say(ann, evil);
    await hears(ben, evil);
    equal(await ben.locator("#messages img, #messages b").count(), 0, "elements from the message");
    holds(!(await ben.title()).includes("owned"), "the message's script ran");
  });
  await check("HTML in a name is shown as text", async () => {
    await ann.fill("#name", "<i>Ann</i>");
    await say(ann, "who am I");
    await hears(ben, "who am I");
    equal(await lineOf(ben, "who am I").locator(".who").textContent(), "<i>Ann</i>", "the name");
    equal(await ben.locator("#messages i").count(), 0, "elements from the name");
    await ann.fill("#name", "Ann");
  });
  await check("text of many lines and scripts arrives as it was written", async () => {
    const text = "two\nlines, ünïcode, 日本語, 😀";
    await ann.fill("#message", text);
    await ann.click("#send");
    const found = ben.locator("#messages .line .text").filter({ hasText: "日本語" }).first();
    await found.waitFor();
    equal(await found.textContent(), text, "the text");
    equal(await ann.inputValue("#message"), "", "the field after sending");
  });
}

async function rooms(url, ann, ben) {
  await check("another room hears nothing of this one", async () => {
    await ben.fill("#room", "quiet/ room?");
    await ben.press("#room", "Enter");
    await stateIs(ben, "connected");
    await say(ben, "only here");
    await hears(ben, "only here");
    await say(ann, "only in general");
    await hears(ann, "only in general");
    equal(await ben.getByText("only in general").count(), 0, "lines from the other room");
    equal(await ann.getByText("only here").count(), 0, "lines from the other room");
  });
  await check("the room stands in the address and can be given by it", async () => {
    equal(new URL(ben.url()).hash, "#quiet%2F%20room%3F", "the hash");
    await ben.goto(`${url}#general`);
    await stateIs(ben, "connected");
    equal(await ben.inputValue("#room"), "general", "#room");
    await say(ann, "back together");
    await hears(ben, "back together");
  });
  await check("a room called stats is a room", async () => {
    await ben.goto(`${url}#stats`);
    await stateIs(ben, "connected");
    await say(ben, "in stats");
    await hears(ben, "in stats");
    await ben.goto(`${url}#general`);
    await stateIs(ben, "connected");
  });
  await check("name and room are remembered", async () => {
    const again = await ben.context().newPage();
    await again.goto(url);
    equal(await again.inputValue("#name"), "Ben", "#name");
    equal(await again.inputValue("#room"), "general", "#room");
    await again.close();
  });
  await check("a room name of more than 128 bytes is refused on the page", async () => {
    await ben.fill("#room", "ü".repeat(65));
    await ben.press("#room", "Enter");
    holds(!(await ben.locator("#room").evaluate((field) => field.validity.valid)), "the field is valid");
    equal(await ben.textContent("#title"), "#general", "the room stays");
    await ben.fill("#room", "general");
    await ben.press("#room", "Enter");
  });
}

async function bounds(ann, ben) {
  await check("the list keeps the newest 500 lines", async () => {
    const sent = 520;
    // A person types slower than the server's rate limit allows; so does this.
    for (let n = 0; n < sent; n += 1) {
      await say(n % 2 ? ann : ben, `line ${n}`);
    }
    await hears(ann, `line ${sent - 1}`, RECONNECT_MS);
    equal(await ann.locator("#messages > *").count(), 500, "lines");
    equal(await ann.getByText("line 1", { exact: true }).count(), 0, "old lines");
  });
}

async function restart(port, ann, ben) {
  await check("with the server gone the state says reconnecting and nothing typed is lost", async () => {
    await killServer();
    await Promise.all([stateIs(ann, "reconnecting"), stateIs(ben, "reconnecting")]);
    await say(ann, "typed while away");
    equal(await ann.inputValue("#message"), "typed while away", "the field");
    holds(await ann.locator("#send").isDisabled(), "send can be pressed");
  });
  await check("with the server back both reconnect and chat on", async () => {
    server = await startServer(port);
    await Promise.all([
      stateIs(ann, "connected", RECONNECT_MS),
      stateIs(ben, "connected", RECONNECT_MS),
    ]);
    await ann.press("#message", "Enter");
    await hears(ben, "typed while away");
    await say(ben, "welcome back");
    await hears(ann, "welcome back");
    holds(await lineOf(ann, "typed while away").evaluate((line) => line.matches(".own")), "own is not marked");
  });
}

/** Closes that only the server decides on, played to the page by a socket in the browser's place. */
async function closes(url) {
  const stopped = [1002, 1007, 1009, 4401, 4403];
  for (const code of stopped) {
    await check(`close ${code} stops the page with a word why`, async () => {
      const page = await closedWith(url, code);
      await stateIs(page.page, "stopped");
      holds((await page.page.textContent("#trouble")).includes(String(code)), "the code is not told");
      holds(await page.page.locator("#retry").isVisible(), "there is no way on");
      equal(page.opened(), 1, "connections");
      await page.page.context().close();
    });
  }
  await check("close 1013 is retried", async () => {
    const page = await closedWith(url, 1013);
    await stateIs(page.page, "reconnecting");
    await page.again;
    await page.page.context().close();
  });
}

async function closedWith(url, code) {
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
    setTimeout(() => socket.close({ code }), 50);
  });
  await page.goto(url);
  return { page, again, opened: () => opened };
}

async function pictures(url, folder) {
  mkdirSync(folder, { recursive: true });
  const sizes = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 800 } };
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"]) {
      const room = `picture-${size}-${colorScheme}`;
      const ann = await person(`${url}#${room}`, "Ann", { viewport, colorScheme });
      const ben = await person(`${url}#${room}`, "Ben");
      await Promise.all([stateIs(ann, "connected"), stateIs(ben, "connected")]);
      await say(ben, "Is anybody here?");
      await hears(ann, "Is anybody here?");
      await say(ann, "Everybody is. One frame, sent once, heard by the whole room.");
      await hears(ben, "Everybody is. One frame, sent once, heard by the whole room.");
      await say(ben, "Then I will speak up.");
      await say(ben, `Nobody could shout like Stentor, whose voice was as loud as fifty men together.
And a_word_without_any_space_that_is_far_too_long_for_a_narrow_window_is_broken_and_does_not_push.`);
      await hears(ann, "Then I will speak up.");
      await say(ann, "Quietly, please.");
      await hears(ben, "Quietly, please.");
      await check(`nothing sticks out of a ${size} ${colorScheme} window`, async () => {
        const [inner, scroll] = await ann.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
        equal(scroll, inner, "width of the page");
        const list = await ann.$eval("#messages", (list) => list.scrollWidth - list.clientWidth);
        equal(list, 0, "overflow of the list");
      });
      await ann.screenshot({ path: join(folder, `chat-${size}-${colorScheme}.png`) });
      await ann.context().close();
      await ben.context().close();
    }
  }
}

async function main() {
  if (!binary && !process.env.STENTOR_URL) throw new Error("give STENTOR_BIN or STENTOR_URL");
  const port = binary ? await freePort() : 0;
  if (binary) server = await startServer(port);
  const url = binary ? `http://127.0.0.1:${port}/` : process.env.STENTOR_URL;
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  browser = await chromium.launch({ executablePath, headless: true, args: BROWSER_ARGS });

  const ann = await person(url, "Ann");
  const ben = await person(url, "Ben");
  await talk(ann, ben);
  await rooms(url, ann, ben);
  await bounds(ann, ben);
  if (binary) await restart(port, ann, ben);
  else console.log("left out: the restart, which needs STENTOR_BIN");
  await closes(url);
  if (process.env.SHOTS) await pictures(url, process.env.SHOTS);
  await check("no page complained in its console", async () => equal(faults.join("; "), "", "complaints"));
}

try {
  await main();
} catch (error) {
  failed += 1;
  console.log(`NOT OK   the run itself: ${error.stack ?? error}`);
} finally {
  await browser?.close();
  await killServer();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
