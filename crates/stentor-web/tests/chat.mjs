// The chat page in a real browser: two people, one room, one server that dies and comes back.
//
// Environment: STENTOR_BIN = the server's binary, started here on a free port, killed and started
// again; or STENTOR_URL = a server that runs already (then nothing is killed, and what needs a
// restart is left out and said). SHOTS = where to put pictures (none without it). CHROMIUM and
// TOOLS as browser.mjs says.

import { launch } from "./browser.mjs";
import { check, equal, holds, run } from "./checks.mjs";
import { faults, hears, isOwn, lineOf, person, say, stateIs, textsOf } from "./chat/person.mjs";
import { pictures } from "./chat/pictures.mjs";
import { closes, events, presence } from "./chat/played.mjs";
import { freePort, Server } from "./server.mjs";

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
  await check("who comes sees how many are there", () =>
    ben.locator("#here").getByText("2 here").waitFor());
  await check("the sender's name and a time stand beside a message", async () => {
    const line = lineOf(ben, "hello from ann");
    equal(await line.locator(".who").textContent(), "Ann", "the name");
    const at = Date.parse(await line.locator("time").getAttribute("datetime"));
    holds(Math.abs(Date.now() - at) < 60_000, `the time is ${new Date(at)}`);
  });
  await check("own messages look different from others'", async () => {
    await hears(ann, "hello from ann");
    holds(await isOwn(ann, "hello from ann"), "own is not marked");
    holds(!(await isOwn(ben, "hello from ann")), "ben claims it");
  });
  await check("a message stands once in the list of each", async () => {
    for (const page of [ann, ben]) {
      equal(await textsOf(page, "hello from ann").count(), 1, "lines");
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
    holds(!(await ben.$eval("#room", (field) => field.validity.valid)), "the field is valid");
    equal(await ben.textContent("#title"), "#general", "the room stays");
    await ben.fill("#room", "general");
    await ben.press("#room", "Enter");
  });
}

async function bounds(ann, ben) {
  await check("the list keeps the newest 500 lines", async () => {
    const sent = 520;
    // In turn, so that each stays below what the server lets one connection say in a second.
    for (let n = 0; n < sent; n += 1) await say(n % 2 ? ann : ben, `line ${n}`);
    await hears(ann, `line ${sent - 1}`);
    equal(await ann.locator("#messages > *").count(), 500, "lines");
    equal(await ann.getByText("line 1", { exact: true }).count(), 0, "old lines");
  });
}

async function restart(server, ann, ben) {
  await check("with the server gone the page says when it tries again", async () => {
    await server.kill();
    await Promise.all([stateIs(ann, "reconnecting"), stateIs(ben, "reconnecting")]);
    await ann.locator("#now:visible").waitFor();
  });
  await check("what is said meanwhile stands in the list as waiting", async () => {
    await say(ann, "said while away");
    await lineOf(ann, "said while away").locator(".fate").waitFor();
    equal(await ann.inputValue("#message"), "", "the field");
  });
  await check("with the server back both reconnect, and what waited is heard once", async () => {
    await server.start();
    await Promise.all([stateIs(ann, "connected"), stateIs(ben, "connected")]);
    await hears(ann, "said while away");
    await ann.locator(".pending").waitFor({ state: "detached" });
    await say(ben, "welcome back");
    await hears(ann, "welcome back");
    equal(await textsOf(ann, "said while away").count(), 1, "lines");
    holds(await isOwn(ann, "said while away"), "own is not marked");
    equal(await ann.locator("#now:visible").count(), 0, "buttons to hasten a connection");
  });
}

async function main() {
  const browser = await launch();
  const binary = process.env.STENTOR_BIN;
  const port = binary ? await freePort() : 0;
  const server = binary ? new Server(binary, port) : null;
  const url = binary ? `http://127.0.0.1:${port}/` : process.env.STENTOR_URL;
  try {
    await server?.start();
    const ann = await person(browser, url, "Ann");
    const ben = await person(browser, url, "Ben");
    await talk(ann, ben);
    await rooms(url, ann, ben);
    await bounds(ann, ben);
    if (server) await restart(server, ann, ben);
    else console.log("left out: the restart, which needs STENTOR_BIN");
    await closes(browser, url);
    await events(browser, url);
    await presence(browser, url);
    await pictures(browser, url, process.env.SHOTS);
    await check("no page complained in its console", async () => {
      equal(faults.join("; "), "", "complaints");
    });
  } finally {
    await browser.close();
    await server?.kill();
  }
}

if (!process.env.STENTOR_BIN && !process.env.STENTOR_URL) {
  console.log("give STENTOR_BIN or STENTOR_URL");
  process.exit(2);
}
await run(main);
