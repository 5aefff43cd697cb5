// The page in a narrow and a wide window, light and dark: nothing sticks out; pictures to look at.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { check, equal } from "../checks.mjs";
import { hears, person, say, stateIs } from "./person.mjs";
import { event, played, SAID_AT, tell, welcome } from "./played.mjs";

const LONG = "Nobody could shout like Stentor, whose voice was as loud as fifty men together.\n"
  + `And ${"a_word_without_any_space_".repeat(4)}is broken and does not push.`;

const SIZES = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 800 } };
const MEMBERS = [
  { user: null, client_id: "me", status: "online" },
  { user: "Ben", client_id: "b", status: "online" },
  { user: "Cid", client_id: "c", status: "away" },
  { user: null, client_id: "01a21c9d-995a-72b7-8d56-5fa758dbb584", status: "online" },
  {
    user: "somebody.with.a.very.long.name@far.away.example.org", client_id: "d",
    status: "online",
  },
];

/** `folder` may be absent: then nothing is kept. */
export async function pictures(browser, url, folder) {
  if (folder) mkdirSync(folder, { recursive: true });
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const look = { name: `${size}-${colorScheme}`, folder, options: { viewport, colorScheme } };
      await talking(browser, url, look);
      for (const scene of [backAgain, waiting, stopped, crowd]) await scene(browser, url, look);
    }
  }
}

/** Nothing sticks out of the window, and the picture is kept. */
async function take(page, scene, { name, folder }) {
  await check(`nothing sticks out of a ${name} window: ${scene}`, async () => {
    const over = await page.$eval("html", (html) => html.scrollWidth - innerWidth);
    equal(over, 0, "overflow of the page");
    for (const part of ["#messages", ".side"]) {
      const over = await page.$eval(part, (part) => part.scrollWidth - part.clientWidth);
      equal(over, 0, `overflow of ${part}`);
    }
  });
  if (folder) await page.screenshot({ path: join(folder, `${scene}-${name}.png`) });
}

async function talking(browser, url, look) {
  const ann = await person(browser, `${url}#${look.name}`, "Ann", look.options);
  const ben = await person(browser, `${url}#${look.name}`, "Ben");
  await Promise.all([stateIs(ann, "connected"), stateIs(ben, "connected")]);
  await say(ben, "Is anybody here?");
  await hears(ann, "Is anybody here?");
  await say(ann, "Everybody is. One frame, sent once, heard by the whole room.");
  await hears(ben, "Everybody is. One frame, sent once, heard by the whole room.");
  await say(ben, "Then I will speak up.");
  await say(ben, LONG);
  await hears(ann, "Then I will speak up.");
  await say(ann, "Quietly, please.");
  await hears(ben, "Quietly, please.");
  await take(ann, "talking", look);
  await ann.context().close();
  await ben.context().close();
}

/** A page in a room with people, whose server is played. */
async function staged(browser, url, look, answer, behave) {
  const play = await played(browser, url, behave, look.options);
  await play.page.route(/\/rooms\//, (route) => route.fulfill({ json: answer }));
  await play.start();
  await play.page.fill("#name", "Ann");
  await play.page.press("#name", "Tab");
  return play;
}

const said = (socket, from, content) =>
  tell(socket, {
    type: "chat", room: "general", from, data: { content, name: from }, timestamp: SAID_AT,
  });

async function backAgain(browser, url, look) {
  const { page, end } = await staged(browser, url, look, { members: MEMBERS }, (socket) => {
    welcome(socket);
    said(socket, "Ben", "Did you hear that?");
    event(socket, "resume", { recovered: true, replayed: 1 });
    said(socket, "Ben", "I said it twice.");
    event(socket, "gap", { missed: 12 });
    const data = { content: "Lunch." };
    tell(socket, { type: "notification", room: "general", from: "ops", data });
    event(socket, "resume", { recovered: false, replayed: 0 });
    said(socket, "Cid", "I am away.");
  });
  await hears(page, "I am away.");
  await page.locator("#here").getByText("5 here").waitFor();
  if (look.name.startsWith("narrow")) await page.click("#here");
  await page.click("#away");
  await take(page, "back-again", look);
  await end();
}

async function waiting(browser, url, look) {
  const message = "more messages than are allowed";
  const refuse = (socket, ref) =>
    tell(socket, { type: "error", data: { code: "rate_limited", message, ref } });
  const { page, end } = await staged(browser, url, look, { connections: 3 }, (socket) => {
    welcome(socket, ({ type, id, data }) => {
      if (type !== "chat") return;
      if (data.content === "Too fast") refuse(socket, id);
      else socket.close({ code: 1001 });
    });
    event(socket, "drain", { reconnect_after_ms: 25_000 });
  });
  await stateIs(page, "connected");
  await say(page, "Too fast");
  await page.locator(".failed").waitFor();
  await say(page, "Is anybody there?");
  await page.locator(".pending").waitFor();
  await stateIs(page, "reconnecting");
  await say(page, "I will say it as soon as I can.");
  await page.locator(".pending").nth(1).getByText("waiting").waitFor();
  await take(page, "waiting", look);
  await end();
}

async function stopped(browser, url, look) {
  const { page, end } = await staged(browser, url, look, { connections: 3 }, (socket) => {
    setTimeout(() => socket.close({ code: 4401 }), 50);
  });
  await stateIs(page, "stopped");
  await page.click("#key");
  await page.fill("#token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl");
  await take(page, "stopped", look);
  await end();
}

async function crowd(browser, url, look) {
  const { page, end } = await staged(browser, url, look, { connections: 12_345 }, (socket) => {
    welcome(socket);
  });
  await page.locator("#here").getByText(/^12.345 here$/).waitFor();
  await take(page, "crowd", look);
  await end();
}
