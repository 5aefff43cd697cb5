// The list of messages: what was said, by whom, when. Everything goes in as text, never as markup.

/** The list keeps the newest lines; older ones leave the page. */
export const LINES_MAX = 500;
/** Lines of one sender closer than this share one heading. */
const GROUP_MS = 5 * 60_000;
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
  #waiting = [];
  #paintTimer = 0;
  #previous = null;

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
    const at = messageTime(message);
    const name = senderName(message);
    const sender = `${message.type}|${message.from}|${name}`;
    const before = this.#previous;
    const follows = before?.sender === sender && at - before.at < GROUP_MS;
    this.#previous = { sender, at };

    const line = element("li", "line");
    line.classList.toggle("own", own);
    line.classList.toggle("follows", follows);
    line.classList.toggle("loud", message.type === "notification");
    line.style.setProperty("--hue", String(hueOf(name)));
    const head = element("p", "head");
    head.append(bidi("span", "who", name), timeElement(at));
    if (message.room === undefined) head.append(element("span", "tag", "to everyone"));
    if (message.from) head.title = `from ${message.from}`;
    line.append(head, bidi("p", "text", messageText(message)));
    this.#add(line);
  }

  /** Something that the page or the server has to tell; `kind` is `event` or `error`. */
  note(text, kind = "event") {
    this.#previous = null;
    const line = element("li", `note ${kind}`);
    line.append(element("span", "text", text), timeElement(Date.now()));
    this.#add(line);
  }

  clear() {
    clearTimeout(this.#paintTimer);
    this.#paintTimer = 0;
    this.#waiting = [];
    this.#previous = null;
    this.#list.replaceChildren();
    this.#empty.hidden = false;
    this.#latest.hidden = true;
  }

  #add(line) {
    this.#waiting.push(line);
    if (this.#waiting.length > LINES_MAX) this.#waiting.shift();
    if (!this.#paintTimer) this.#paintTimer = setTimeout(() => this.#paint(), PAINT_EVERY_MS);
  }

  #paint() {
    this.#paintTimer = 0;
    const following = this.#isAtEnd();
    this.#list.append(...this.#waiting);
    this.#waiting = [];
    while (this.#list.childElementCount > LINES_MAX) this.#list.firstElementChild.remove();
    this.#empty.hidden = true;
    if (following) this.#scrollToEnd();
    else this.#latest.hidden = false;
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

function senderName(message) {
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

function hueOf(name) {
  let hash = 7;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 997;
  return (hash * 137) % 360;
}

function timeElement(at) {
  const time = element("time", "when", clock.format(at));
  time.dateTime = new Date(at).toISOString();
  return time;
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Text of strangers: its direction is its own affair and may not turn its neighbours. */
function bidi(tag, className, text) {
  const made = element(tag, className, text);
  made.dir = "auto";
  return made;
}
