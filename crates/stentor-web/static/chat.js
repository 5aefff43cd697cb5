// The chat page: brings the fields, the list and the connection together.

import { MessageList } from "./messages.js";
import { Connection, newId, roomAddress } from "./stentor.js";

/** Room names are 1 to 128 bytes of UTF-8 without control characters. */
const ROOM_BYTES_MAX = 128;
/** Own messages whose echo is awaited; past that the oldest are no longer watched. */
const UNHEARD_MAX = 256;

const byId = (id) => document.getElementById(id);
const page = {
  state: byId("state"), place: byId("place"), room: byId("room"), name: byId("name"),
  trouble: byId("trouble"), retry: byId("retry"), address: byId("address"), title: byId("title"),
  say: byId("say"), message: byId("message"), send: byId("send"),
};
const list = new MessageList({
  list: byId("messages"), empty: byId("empty"), latest: byId("latest"),
});

let room = "";
let connection = null;
/** What this connection's messages bear as `from`; told by the server on each connection. */
let self = null;
/** Ids of own messages that have not come back yet. */
const unheard = new Set();
let countdown = 0;

start();

function start() {
  page.name.value = recall("name") || `guest-${Math.floor(1000 + Math.random() * 9000)}`;
  page.place.addEventListener("submit", (event) => {
    event.preventDefault();
    enterRoom(page.room.value);
    page.message.focus();
  });
  page.room.addEventListener("change", () => enterRoom(page.room.value));
  page.room.addEventListener("input", () => page.room.setCustomValidity(""));
  page.name.addEventListener("change", () => remember("name", page.name.value.trim()));
  page.retry.addEventListener("click", () => connection.open());
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
  enterRoom(roomOfHash() || recall("room") || "general");
  page.message.focus();
}

/** Leaves the room, if there is one, and connects to another. A name that cannot be one is told. */
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
  connection?.close();
  room = wanted;
  unheard.clear();
  list.clear();
  showRoom();
  const address = roomAddress(basePath(), room);
  page.address.textContent = address.href;
  connection = new Connection(address);
  connection.addEventListener("state", (event) => handleState(event.detail));
  connection.addEventListener("message", (event) => handleMessage(event.detail));
  connection.open();
}

function speak() {
  const content = page.message.value;
  if (!content.trim()) return;
  const name = page.name.value.trim() || "guest";
  const id = newId();
  // What cannot leave stays in the field: nothing typed is lost.
  if (!connection.send({ id, type: "chat", room, data: { content, name } })) return;
  unheard.add(id);
  if (unheard.size > UNHEARD_MAX) unheard.delete(unheard.values().next().value);
  page.message.value = "";
}

function handleState({ state, delayMs, reason }) {
  clearInterval(countdown);
  page.send.disabled = state !== "connected";
  page.retry.hidden = state !== "stopped";
  page.trouble.hidden = state !== "stopped";
  page.trouble.textContent = state === "stopped" ? `Not connected: ${reason}.` : "";
  showState(state, state);
  if (state === "connected") return;
  self = null;
  tellUnheard();
  if (delayMs) countDown(Date.now() + delayMs);
}

function handleMessage(message) {
  if (message === null || typeof message !== "object") return;
  const data = message.data ?? {};
  switch (message.type) {
    case "chat":
    case "notification":
      list.say(message, { own: unheard.delete(message.id) || isOwn(message) });
      break;
    case "system":
      handleEvent(data);
      break;
    case "error":
      unheard.delete(data.ref);
      list.note(`${data.message ?? "the server refused a message"} (${data.code})`, "error");
      break;
  }
}

/** The server's own events, told in few words; those that need no telling are left out. */
function handleEvent(data) {
  switch (data.event) {
    case "welcome":
      self = data.user ?? data.client_id ?? null;
      break;
    case "joined":
      list.note(`Joined #${room}${membersOf(data)}`);
      break;
    case "left":
      list.note(`Left #${room}`);
      break;
    case "gap":
      list.note(`${data.missed ?? "Some"} messages were missed: this connection was too slow`);
      break;
    case "drain":
      list.note("The server is going away; this page will connect again by itself");
      break;
  }
}

function isOwn(message) {
  return self !== null && message.from === self;
}

function membersOf(data) {
  const members = Array.isArray(data.members) ? data.members.length : data.members;
  return Number.isInteger(members) ? `, ${members} here` : "";
}

/** Messages that left before the line broke may have been lost: that is said, not hidden. */
function tellUnheard() {
  if (unheard.size === 0) return;
  const what = unheard.size === 1 ? "Your last message" : `Your last ${unheard.size} messages`;
  unheard.clear();
  list.note(`${what} may not have arrived`, "error");
}

function countDown(until) {
  const show = () => {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    page.state.title = seconds > 0 ? `next try in ${seconds} s` : "trying now";
    page.state.dataset.wait = seconds > 0 ? `${seconds} s` : "";
  };
  show();
  countdown = setInterval(show, 1000);
}

function showState(state, text) {
  page.state.dataset.state = state;
  page.state.dataset.wait = "";
  page.state.textContent = text;
  page.state.title = "";
}

function showRoom() {
  page.room.value = room;
  page.title.textContent = `#${room}`;
  document.title = `#${room} · Stentor`;
  remember("room", room);
  if (roomOfHash() !== room) history.replaceState(null, "", `#${encodeURIComponent(room)}`);
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

/** Where the routes begin: beside this page, or at `?base=/some/path` of the same origin. */
function basePath() {
  const wanted = new URLSearchParams(location.search).get("base");
  const base = new URL(wanted ? `${wanted.replace(/\/*$/, "")}/` : ".", location.href);
  base.search = base.hash = "";
  return base.origin === location.origin ? base : new URL("/", location.origin);
}

/** Storage may be forbidden; then the page merely forgets. */
function remember(key, value) {
  try {
    localStorage.setItem(`stentor.${key}`, value);
  } catch {}
}

function recall(key) {
  try {
    return localStorage.getItem(`stentor.${key}`);
  } catch {
    return null;
  }
}
