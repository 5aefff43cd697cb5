// The list of messages: what was said, by whom, when, and what was missed.

import { bidi, element, hueOf } from "./elements.js";

/** The list keeps the newest lines; older ones leave the page. */
export const LINES_MAX = 500;
/** Lines of one sender closer than this share one heading. */
const GROUP_MS = 5 * 60_000;
/** Own messages whose echo is awaited; the oldest beyond are lines like others. */
const PENDING_MAX = 256;
/** Longest name, and longest text of a foreign message, that is shown. */
const NAME_CHARS_MAX = 40;
const TEXT_CHARS_MAX = 70_000;
/** A reader this close to the end is taken along by new lines. */
const FOLLOW_PX = 80;
/** New lines enter the page together, at most this often, so that a flood costs few layouts. */
const PAINT_EVERY_MS = 40;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** The list and its two companions: the line for an empty room and the button to the end. */
export class MessageList {
  #list;
  #empty;
  #latest;
  /** Lines that enter the page with the next painting. */
  #unpainted = [];
  /** By id the lines of own messages that have not been heard yet. */
  #pending = new Map();
  /** Who said a line, and when. */
  #said = new WeakMap();
  #paintTimer = 0;

  constructor({ list, empty, latest }) {
    this.#list = list;
    this.#empty = empty;
    this.#latest = latest;
    latest.addEventListener("click", () => this.#scrollToEnd());
    list.addEventListener("scroll", () => {
      if (this.#isAtEnd()) latest.hidden = true;
    }, { passive: true });
    window.addEventListener("resize", () => {
      if (latest.hidden) this.#scrollToEnd();
    });
  }

  /** A message that somebody sent; `own` where it was this page. */
  say(message, { own }) {
    const before = this.#pending.get(message.id);
    if (before) {
      // It is heard now, and here is its place among what others said.
      this.#pending.delete(message.id);
      this.#unpainted = this.#unpainted.filter((line) => line !== before);
      before.remove();
    }
    this.#addMessage(message, own);
  }

  /** An own message that is on its way. It stands here until it is heard, or fails. */
  sayPending(message) {
    const line = this.#addMessage(message, true);
    line.classList.add("pending");
    line.append(element("p", "fate", "waiting to be sent"));
    this.#pending.set(message.id, line);
    if (this.#pending.size > PENDING_MAX) this.#pending.delete(this.#pending.keys().next().value);
  }

  isPending(id) {
    return this.#pending.has(id);
  }

  /** The server has it; it will be heard, if it was not heard before the line broke. */
  settle(id) {
    const line = this.#pending.get(id);
    line?.classList.remove("pending");
    line?.querySelector(".fate")?.remove();
  }

  /** The server has it not, and will not get it. */
  fail(id, why) {
    const line = this.#pending.get(id);
    if (!line) return;
    this.#pending.delete(id);
    line.classList.replace("pending", "failed");
    line.querySelector(".fate").textContent = `not sent: ${why}`;
  }

  #addMessage(message, own) {
    const at = messageTime(message);
    const name = senderName(message);
    const line = element("li", "line");
    this.#said.set(line, { sender: `${message.type}|${message.from}|${name}`, at });
    line.classList.toggle("own", own);
    line.classList.toggle("loud", message.type === "notification");
    line.style.setProperty("--hue", String(hueOf(name)));
    const head = element("p", "head");
    head.append(bidi("span", "who", name), timeElement(at));
    if (message.room === undefined) head.append(element("span", "tag", "to everyone"));
    if (message.from) head.title = `from ${message.from}`;
    line.append(head, bidi("p", "text", messageText(message)));
    this.#add(line);
    return line;
  }

  /**
   * What the page or the server has to tell; `kind` is `event`, `gap`, `resume` or `error`.
   * Returns how to say it in other words.
   */
  note(text, kind = "event") {
    const line = element("li", `note ${kind}`);
    const words = element("span", "text", text);
    line.append(words, timeElement(Date.now()));
    this.#add(line);
    return (text) => { words.textContent = text; };
  }

  clear() {
    clearTimeout(this.#paintTimer);
    this.#paintTimer = 0;
    this.#unpainted = [];
    this.#pending.clear();
    this.#list.replaceChildren();
    this.#empty.hidden = false;
    this.#latest.hidden = true;
  }

  #add(line) {
    this.#unpainted.push(line);
    if (this.#unpainted.length > LINES_MAX) this.#unpainted.shift();
    if (!this.#paintTimer) this.#paintTimer = setTimeout(() => this.#paint(), PAINT_EVERY_MS);
  }

  #paint() {
    this.#paintTimer = 0;
    const following = this.#isAtEnd();
    this.#list.append(...this.#unpainted);
    this.#unpainted = [];
    while (this.#list.childElementCount > LINES_MAX) this.#list.firstElementChild.remove();
    this.#group();
    this.#empty.hidden = true;
    if (following) this.#scrollToEnd();
    else this.#latest.hidden = false;
  }

  /** Lines of one sender stand below one heading; a line that left may have had it. */
  #group() {
    let before = null;
    for (const line of this.#list.children) {
      const said = this.#said.get(line);
      const follows = said && before?.sender === said.sender && said.at - before.at < GROUP_MS;
      line.classList.toggle("follows", Boolean(follows));
      before = said;
    }
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
  }

  #scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#latest.hidden = true;
  }
}

/** The name that a message gives its sender. */
export function senderName(message) {
  const name = message.data?.name;
  if (typeof name === "string" && name.trim()) return name.trim().slice(0, NAME_CHARS_MAX);
  if (message.type === "notification") return "Notification";
  return typeof message.from === "string" ? message.from.slice(0, 8) : "somebody";
}

/** Other clients send whatever data they like: what has no text is shown as the JSON that it is. */
function messageText(message) {
  const content = message.data?.content;
  const text = typeof content === "string" ? content : JSON.stringify(message.data ?? {});
  return text.slice(0, TEXT_CHARS_MAX);
}

function messageTime(message) {
  const at = Date.parse(message.timestamp);
  return Number.isNaN(at) ? Date.now() : at;
}

function timeElement(at) {
  const time = element("time", "when", clock.format(at));
  time.dateTime = new Date(at).toISOString();
  return time;
}
