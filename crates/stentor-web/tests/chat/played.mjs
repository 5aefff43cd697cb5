// The page against a server that is played: closes, silence, errors, events, frames of any shape.

import { check, equal, holds, WAIT_MS } from "../checks.mjs";
import { faults, hears, lineOf, say, stateIs } from "./person.mjs";

/** Nothing that the contract knows; three of them count as messages and are shown as they are. */
const ODD_FRAMES = [
  "", "null", "7", "[]", "{}",
  '{"type":"chat"}',
  '{"type":"chat","data":null}',
  '{"type":"chat","data":{"content":{"a":[1]},"name":5},"from":9,"timestamp":"never"}',
  '{"type":"system"}', '{"type":"error"}', '{"type":"novel","data":{}}',
];

const server = { from: "server", type: "system" };
/** When the server says whatever it says of itself. */
export const SAID_AT = "2026-01-01T00:00:02.000Z";
const ID = "00000000-0000-4000-9000-00000000000";
let told = 0;
const newId = () => `00000000-0000-4000-8000-${String((told += 1)).padStart(12, "0")}`;

/** Says something in the server's place. */
export const tell = (socket, message) => socket.send(JSON.stringify({ id: newId(), ...message }));
export const event = (socket, name, data = {}) =>
  tell(socket, { ...server, data: { event: name, ...data }, timestamp: SAID_AT });

/** Lets the page in, and into the rooms that it asks for. */
export function welcome(socket, onMessage = () => {}) {
  event(socket, "welcome", { client_id: "me", user: null, rooms: [] });
  socket.onMessage((text) => {
    const message = JSON.parse(text);
    if (message.type === "join") {
      tell(socket, { ...server, room: message.room, data: { event: "joined", members: 1 } });
    }
    onMessage(message);
  });
}

/** What only the server decides on, played to the page by a socket in the server's place. */
export async function played(browser, url, behave, options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  let opened = 0;
  let reopened;
  const again = new Promise((done, fail) => {
    reopened = done;
    setTimeout(() => fail(new Error("no second connection")), WAIT_MS).unref();
  });
  again.catch(() => {});
  page.setDefaultTimeout(WAIT_MS);
  await page.routeWebSocket(/\/ws/, (socket) => {
    opened += 1;
    if (opened > 1) reopened();
    behave(socket, opened);
  });
  const start = () => page.goto(url);
  const end = async () => {
    // An answer that is on its way to a page that goes is no fault.
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  };
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
  await check("a message that the line swallowed is said again under its id", async () => {
    const said = [];
    const { page, start, end } = await played(browser, url, (socket, opened) => {
      welcome(socket, ({ type, id }) => {
        if (type !== "chat") return;
        said.push(id);
        if (opened === 1) socket.close({ code: 1013 });
        else event(socket, "ack", { id, duplicate: true });
      });
    });
    await start();
    await stateIs(page, "connected");
    await say(page, "into the void");
    await page.locator(".own:not(.pending)").waitFor();
    equal(said.length, 2, "times said");
    equal(said[0], said[1], "the id");
    await end();
  });
  await check("a message that the server refuses is marked with why", async () => {
    const { page, start, end } = await played(browser, url, (socket) => {
      welcome(socket, ({ type, id }) => type === "chat" && tell(socket, {
        type: "error", data: { code: "rate_limited", message: "slow down", ref: id },
      }));
    });
    await start();
    await stateIs(page, "connected");
    await say(page, "too fast");
    await lineOf(page, "too fast").getByText("not sent: slow down").waitFor();
    equal(await page.locator(".note.error").count(), 0, "the same told twice");
    await end();
  });
  await check("the person can cut a pause short", async () => {
    const { page, again, start, end } = await played(browser, url, (socket, opened) => {
      welcome(socket);
      if (opened > 1) return;
      event(socket, "drain", { reconnect_after_ms: 200_000 });
      setTimeout(() => socket.close({ code: 1001 }), 50);
    });
    await start();
    await page.locator('#state[data-wait$=" s"]').waitFor();
    await page.click("#now");
    await again;
    await stateIs(page, "connected");
    await end();
  });
  await check("a token is kept in the tab and stands in no address", async () => {
    const urls = [];
    const { page, again, start, end } = await played(browser, url, (socket) => {
      urls.push(socket.url());
      welcome(socket);
    });
    await start();
    // What moves while it is clicked at is not clicked.
    await stateIs(page, "connected");
    await page.click("#key");
    await page.fill("#token", "to.ke.n");
    await page.press("#token", "Enter");
    await again;
    await stateIs(page, "connected");
    holds(!urls.join().includes("to.ke.n"), "it stands in the address of the connection");
    holds(!page.url().includes("to.ke.n"), "it stands in the address of the page");
    const kept = await page.evaluate(() =>
      [sessionStorage, localStorage].map((storage) => storage.getItem("stentor.token")));
    equal(JSON.stringify(kept), '["to.ke.n",null]', "where it is kept");
    await end();
  });
}

export async function events(browser, url) {
  await check("errors and events of the server are shown", async () => {
    const { page, start, end } = await played(browser, url, (socket) => {
      welcome(socket);
      tell(socket, { type: "error", data: { code: "rate_limited", message: "slow down" } });
      event(socket, "gap", { missed: 12 });
      event(socket, "gap", { missed: null });
      event(socket, "resume", { recovered: true, replayed: 0 });
      event(socket, "resume", { recovered: true, replayed: 3 });
      // One was heard before, two were not, and the last is no older than the word.
      for (const [n, second] of [[1, "00"], [1, "00"], [2, "01"], [3, "03"]]) {
        const timestamp = `2026-01-01T00:00:${second}.000Z`;
        tell(socket, { id: `${ID}${n}`, type: "chat", room: "general", data: { n }, timestamp });
      }
      event(socket, "resume", { recovered: false, replayed: 5 });
      event(socket, "drain", { reconnect_after_ms: 10 });
    });
    await start();
    await page.locator(".note.error").getByText("slow down (rate_limited)").waitFor();
    for (const text of ["12 messages were missed here", "Some messages were missed here",
      "Some messages may be missing here"]) {
      await page.locator(".note.gap").getByText(text).waitFor();
    }
    await page.locator(".note.resume").getByText("Back again, nothing was missed").waitFor();
    await page.locator(".note.resume").getByText("Caught up: 2 messages").waitFor();
    await page.locator(".note.event").getByText("The server is going away").waitFor();
    await end();
  });
  await check("frames of any shape do no harm", async () => {
    const { page, start, end } = await played(browser, url, (socket) => {
      welcome(socket);
      for (const text of ODD_FRAMES) socket.send(text);
      tell(socket, { type: "chat", data: { content: "still here" } });
    });
    page.on("pageerror", (error) => faults.push(`shapes: ${error}`));
    await start();
    await hears(page, "still here");
    equal(await page.locator("#messages .line").count(), 4, "lines");
    await end();
  });
}

const person = (status, user) => ({ user, client_id: `id of ${user}`, status });
const names = (page) => page.locator("#roster .person").allTextContents();

/** A page whose server knows who is there. */
async function peopled(browser, url, answer, early = () => {}) {
  let socket;
  const comes = (data) => tell(socket, { ...server, type: "presence", room: "general", data });
  const play = await played(browser, url, (opened) => {
    socket = opened;
    early(comes);
    welcome(socket, (message) => message.type === "presence" && told.push(message));
  });
  const told = [];
  await play.page.route(/\/rooms\//, (route) => route.fulfill({ json: answer() }));
  await play.start();
  await stateIs(play.page, "connected");
  return { ...play, told, comes };
}

export async function presence(browser, url) {
  const members = [person("online", "Cid"), person("away", "<b>Bea</b>"),
    { user: null, client_id: "me", status: "online" }];
  await check("who is there stands in a list that follows what is told", async () => {
    const { page, comes, end } = await peopled(browser, url, () => ({ connections: 3, members }));
    await page.fill("#name", "Ann");
    await page.press("#name", "Tab");
    await page.locator("#here").getByText("3 here").waitFor();
    await page.locator("#roster").getByText("Ann").waitFor();
    equal((await names(page)).join(), "Annyou,<b>Bea</b>away,Cid", "the list");
    comes(person("online", "Dan"));
    comes(person("offline", "Cid"));
    comes(person("online", "<b>Bea</b>"));
    await page.locator("#roster").getByText("Dan").waitFor();
    equal((await names(page)).join(), "Annyou,<b>Bea</b>,Dan", "the list after the changes");
    await end();
  });
  await check("an answer that is older than what was told takes nobody away", async () => {
    const older = { connections: 3, members: [person("online", "Cid"), person("online", "Dan")] };
    const early = (comes) => [person("online", "Eve"), person("offline", "Dan")].forEach(comes);
    const { page, end } = await peopled(browser, url, () => older, early);
    await page.fill("#name", "Ann");
    await page.press("#name", "Tab");
    await page.locator("#roster").getByText("Cid").waitFor();
    await page.locator("#roster").getByText("Ann").waitFor();
    equal((await names(page)).join(), "Annyou,Cid,Eve", "the list");
    await end();
  });
  await check("a big room shows how many there are", async () => {
    const { page, comes, end } = await peopled(browser, url, () => ({ connections: 900 }));
    await page.locator("#here").getByText("900 here").waitFor();
    comes({ members: 901 });
    await page.locator("#here").getByText("901 here").waitFor();
    equal((await names(page)).length, 0, "names");
    await end();
  });
  await check("away is told to the server, and back again", async () => {
    const { page, told, comes, end } = await peopled(browser, url, () => ({ members }));
    await page.click("#away");
    await page.locator('#away[aria-pressed="true"]').waitFor();
    comes({ user: null, client_id: "me", status: "away" });
    await page.locator("#roster .person.away").getByText("you").waitFor();
    await page.click("#away");
    await page.locator('#away[aria-pressed="false"]').waitFor();
    const statuses = told.map(({ room, data }) => `${room} ${data.status}`);
    equal(statuses.join(), "general away,general online", "what is told");
    await end();
  });
}
