// The chat page: brings the fields, the list, the people and the connection together.

import { newId, Stentor } from "../stentor.js";
import { basePath } from "./base.js";
import { recall, remember } from "./memory.js";
import { MessageList, senderName } from "./messages.js";
import { People } from "./people.js";
import { Standing } from "./standing.js";

/** Room names are 1 to 128 bytes of UTF-8 without control characters. */
const ROOM_BYTES_MAX = 128;
/** Rooms whose names a path cannot carry: `stats` is a route, and dots are folded away by URLs. */
const ROOMS_NOT_FOR_PATHS = new Set(["stats", ".", ".."]);
/** What is said of the words with which a client itself refuses a message. */
const NOT_SENT = new Map([
  ["queue_full", "too much waits to be sent"],
  ["too_big", "it is too long"],
  ["stopped", "there is no connection"],
  ["closed", "the connection was given up"],
]);

const byId = (id) => document.getElementById(id);
const page = {
  place: byId("place"), room: byId("room"), name: byId("name"), address: byId("address"),
  title: byId("title"), say: byId("say"), message: byId("message"), send: byId("send"),
  away: byId("away"), key: byId("key"), access: byId("access"), token: byId("token"),
};
const list = new MessageList({
  list: byId("messages"), empty: byId("empty"), latest: byId("latest"),
});
const people = new People({ here: byId("here"), roster: byId("roster") });
const standing = new Standing({
  state: byId("state"), now: byId("now"), trouble: byId("trouble"), retry: byId("retry"),
});

let room = "";
let client = null;
/** The line that tells what the last reconnect brought, and how much that was. */
let caughtUp = null;
/** What this page's messages bear as `from`; another one with each connection without a token. */
const selves = new Set();

start();

function start() {
  page.name.value = recall("localStorage", "name") || `guest-${1_000 + newNumber(9_000)}`;
  page.token.value = recall("sessionStorage", "token") ?? "";
  page.place.addEventListener("submit", (event) => {
    event.preventDefault();
    enterRoom(page.room.value);
    page.message.focus();
  });
  page.room.addEventListener("change", () => enterRoom(page.room.value));
  page.room.addEventListener("input", () => page.room.setCustomValidity(""));
  page.name.addEventListener("change", () => {
    remember("localStorage", "name", page.name.value.trim());
    people.rename(ownName());
  });
  for (const id of ["now", "retry"]) byId(id).addEventListener("click", () => client.open());
  page.away.addEventListener("click", () => setAway(page.away.ariaPressed !== "true"));
  page.key.addEventListener("click", () => {
    page.access.hidden = !page.access.hidden;
    page.key.ariaExpanded = String(!page.access.hidden);
    if (!page.access.hidden) page.token.focus();
  });
  page.access.addEventListener("submit", (event) => {
    event.preventDefault();
    remember("sessionStorage", "token", page.token.value.trim());
    page.key.click();
    connect();
    page.message.focus();
  });
  page.say.addEventListener("submit", (event) => {
    event.preventDefault();
    speak();
  });
  page.message.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    speak();
  });
  window.addEventListener("hashchange", () => enterRoom(roomOfHash() || room));
  enterRoom(roomOfHash() || recall("localStorage", "room") || "general");
  page.message.focus();
}

/** A connection of its own for each token; rooms come and go on it. */
function connect() {
  client?.close();
  client = new Stentor(basePath(), { presence: true, token: page.token.value.trim() });
  client.on("state", handleState);
  client.on("message", handleMessage);
  client.on("presence", (message) => isHere(message) && people.handlePresence(message));
  client.on("error", ({ data }) => {
    if (data && !list.isPending(data.ref)) list.note(`${data.message} (${data.code})`, "error");
  });
  client.on("gap", handleGap);
  client.on("resume", handleResume);
  client.on("drain", () => list.note("The server is going away; this page comes back by itself"));
  client.on("token_expiring", () => list.note("Your token ends soon; give this page a new one"));
  client.on("welcome", ({ data }) => {
    selves.add(client.identity);
    if (data.rooms?.includes(room)) askWhoIsHere();
  });
  client.on("joined", (message) => isHere(message) && askWhoIsHere());
  join();
}

/** Leaves the room, if there is one, and joins another. A name that cannot be one is told. */
function enterRoom(wanted) {
  const fault = roomFault(wanted);
  page.room.setCustomValidity(fault);
  if (fault) {
    page.room.value = wanted;
    page.room.reportValidity();
    if (!room) enterRoom("general");
    return;
  }
  if (wanted === room) return;
  if (client?.rooms.includes(room)) client.leave(room);
  room = wanted;
  list.clear();
  people.enter(new URL(`rooms/${encodeURIComponent(room)}`, basePath()));
  page.away.ariaPressed = "false";
  showRoom();
  if (client) join();
  else connect();
}

function join() {
  // What the server refuses is told by the event `error`, whatever it was.
  client.join(room).catch(() => {});
}

function askWhoIsHere() {
  people.ask(client.identity, ownName());
}

function setAway(isAway) {
  page.away.ariaPressed = String(isAway);
  client.setPresence(isAway ? "away" : "online", room);
}

function speak() {
  const content = page.message.value;
  if (!content.trim() || page.send.disabled) return;
  const id = newId();
  const data = { content, name: ownName() };
  const timestamp = new Date().toISOString();
  list.sayPending({ id, type: "chat", room, from: client.identity, data, timestamp });
  client.publish(data, { room, id }).then(
    () => list.settle(id),
    ({ code, message }) => list.fail(id, NOT_SENT.get(code) ?? message),
  );
  page.message.value = "";
}

function handleState(detail) {
  // What is said without a connection waits for one; after a stop there will be none.
  page.send.disabled = detail.state === "stopped";
  if (detail.state !== "closed") standing.show(detail);
}

function handleMessage(message) {
  if (!isHere(message) || !["chat", "notification"].includes(message.type)) return;
  if (typeof message.data?.name === "string") people.hear(message.from, senderName(message));
  list.say(message, { own: list.isPending(message.id) || selves.has(message.from) });
  if (!caughtUp || !(message.timestamp <= caughtUp.until)) return;
  caughtUp.count += 1;
  caughtUp.tell(`Caught up: ${messages(caughtUp.count)}`);
}

function handleGap({ data, ...message }) {
  if (!isHere(message)) return;
  // Where nobody could count them, there is no number.
  const what = data.missed === null ? "Some messages" : messages(data.missed);
  list.note(`${what} ${data.missed === 1 ? "was" : "were"} missed here`, "gap");
}

/**
 * After a reconnect. What follows from the server's memory is older than its word that it will
 * follow. It is counted as it comes: a server repeats some of what was heard, rather than lose it.
 */
function handleResume({ data, timestamp }) {
  caughtUp = null;
  if (!data.recovered) list.note("Some messages may be missing here", "gap");
  else {
    const tell = list.note("Back again, nothing was missed", "resume");
    caughtUp = { tell, until: timestamp, count: 0 };
  }
}

function messages(number) {
  return number === 1 ? "1 message" : `${number} messages`;
}

/** Rooms come and go on one connection: a late word of the last one is not for this one. */
function isHere(message) {
  return message.room === undefined || message.room === room;
}

function newNumber(below) {
  return Math.floor(Math.random() * below);
}

function ownName() {
  return page.name.value.trim() || "guest";
}

function showRoom() {
  page.room.value = room;
  page.title.textContent = `#${room}`;
  document.title = `#${room} · Stentor`;
  page.address.textContent = roomAddress();
  remember("localStorage", "room", room);
  if (roomOfHash() !== room) history.replaceState(null, "", `#${encodeURIComponent(room)}`);
}

/** What any other client connects to for this room. */
function roomAddress() {
  const inPath = !ROOMS_NOT_FOR_PATHS.has(room);
  const address = new URL(inPath ? `ws/${encodeURIComponent(room)}` : "ws", basePath());
  address.protocol = address.protocol.replace("http", "ws");
  if (!inPath) address.searchParams.set("room", room);
  return address.href;
}

function roomFault(name) {
  if (!name) return "A room needs a name.";
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return "A room's name has no control characters.";
  const bytes = new TextEncoder().encode(name).length;
  return bytes > ROOM_BYTES_MAX ? `A room's name has at most ${ROOM_BYTES_MAX} bytes.` : "";
}

function roomOfHash() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // A hand-written hash with a lone percent sign names no room.
  }
}
