// Who is in the room: names where the server tells them, a number where there are many.

import { bidi, element, hueOf } from "./elements.js";

/** Lines that are shown, and names of senders that are remembered. */
const SHOWN_MAX = 256;
const NAMES_MAX = 1_024;
/** A server that just learns who is there is asked again, so often and after such a pause. */
const ASKED_MAX = 3;
const ASK_AGAIN_MS = 1_000;
/** An answer may be older than what was told so long before the question. */
const ANSWER_AGE_MS = 2_000;
/** Changes of the list are painted together. */
const PAINT_EVERY_MS = 100;

export class People {
  #here;
  #roster;
  #address = null;
  #self = { key: null, name: "" };
  /** By user, or by connection where there is no user: how that person is there. */
  #people = new Map();
  #names = new Map();
  /** How many there are where nobody tells who; null where it is known who. */
  #count = 0;
  /** What was told lately: it may be newer than the answer to a question. */
  #told = [];
  /** When the question was asked that is under way. */
  #askedAt = null;
  #asking = 0;
  #askTimer = 0;
  #paintTimer = 0;

  constructor({ here, roster }) {
    this.#here = here;
    this.#roster = roster;
    here.addEventListener("click", () => this.#expand(roster.hidden));
    this.#expand(window.matchMedia("(min-width: 860px)").matches);
  }

  /** Another room, of which nothing is known; `address` is where the server counts it. */
  enter(address) {
    this.#address = address;
    this.#forget(0);
  }

  /** Asks who is there; `key` and `name` are the person's own. */
  ask(key, name) {
    this.#self = { key, name };
    this.#asking = 0;
    this.#ask();
  }

  /** The person at this page goes by another name. */
  rename(name) {
    this.#self.name = name;
    this.#paintSoon();
  }

  /** Somebody's name, as messages give it. */
  hear(key, name) {
    if (this.#names.get(key) === name) return;
    this.#names.delete(key);
    this.#names.set(key, name);
    if (this.#names.size > NAMES_MAX) this.#names.delete(this.#names.keys().next().value);
    this.#paintSoon();
  }

  /** What the server tells of who comes and goes. */
  handlePresence({ from, data }) {
    const now = performance.now();
    const since = (this.#askedAt ?? now) - ANSWER_AGE_MS;
    this.#told = this.#told.filter(({ at }) => at >= since);
    this.#told.push({ at: now, from, data });
    this.#apply({ from, data });
    this.#paintSoon();
  }

  #apply({ from, data }) {
    if (Number.isInteger(data?.members)) {
      this.#forget(data.members);
      return;
    }
    const key = data?.user ?? data?.client_id ?? from;
    if (typeof key !== "string") return;
    if (this.#count !== null && this.#askedAt === null) this.#askSoon();
    if (data.status === "offline") this.#people.delete(key);
    else this.#people.set(key, { status: data.status });
  }

  async #ask() {
    clearTimeout(this.#askTimer);
    this.#asking += 1;
    const address = this.#address;
    const askedAt = performance.now();
    this.#askedAt = askedAt;
    const answer = await fetch(address).then((answer) => answer.json()).catch(() => ({}));
    if (askedAt !== this.#askedAt) return;
    this.#askedAt = null;
    const { members, connections } = answer;
    if (Array.isArray(members)) {
      this.#count = null;
      const person = ({ user, client_id, status }) => [user ?? client_id, { status }];
      // Whoever asks is there.
      this.#people = new Map([[this.#self.key, { status: "online" }], ...members.map(person)]);
      const told = this.#told.filter(({ at }) => at >= askedAt - ANSWER_AGE_MS);
      for (const change of told) this.#apply(change);
      // A shard that has just begun to learn who is there may not have heard of all.
      if (this.#asking === 1) this.#askSoon();
    } else {
      this.#count = Math.max(connections ?? 0, this.#people.size);
      if (this.#asking < ASKED_MAX) this.#askSoon();
    }
    this.#paintSoon();
  }

  #askSoon() {
    clearTimeout(this.#askTimer);
    this.#askTimer = setTimeout(() => this.#ask(), ASK_AGAIN_MS);
  }

  #forget(count) {
    clearTimeout(this.#askTimer);
    this.#people = new Map();
    this.#count = count;
    this.#told = [];
    this.#askedAt = null;
    this.#paintSoon();
  }

  #expand(isOpen) {
    this.#roster.hidden = !isOpen;
    this.#here.setAttribute("aria-expanded", String(isOpen));
  }

  #paintSoon() {
    this.#paintTimer ||= setTimeout(() => this.#paint(), PAINT_EVERY_MS);
  }

  #paint() {
    this.#paintTimer = 0;
    const people = [...this.#people].map(([key, { status }]) => this.#person(key, status));
    people.sort((a, b) => b.isSelf - a.isSelf || a.name.localeCompare(b.name));
    const count = this.#count ?? people.length;
    this.#here.textContent = `${count.toLocaleString()} here`;
    // Whoever looks is there: nobody at all means that the server does not tell.
    this.#here.hidden = count === 0;
    this.#roster.replaceChildren(...people.slice(0, SHOWN_MAX).map(line));
  }

  #person(key, status) {
    const isSelf = key === this.#self.key;
    // An id has its chance at its end; its beginning is the time.
    const nameless = /^[0-9a-f-]{36}$/.test(key) ? `guest ${key.slice(-4)}` : key;
    const name = (isSelf && this.#self.name) || this.#names.get(key) || nameless;
    return { name, isSelf, isAway: status === "away" };
  }
}

function line({ name, isSelf, isAway }) {
  const made = element("li", "person");
  made.classList.toggle("away", isAway);
  made.style.setProperty("--hue", String(hueOf(name)));
  made.append(bidi("span", "person-name", name));
  if (isSelf) made.append(element("span", "aside", "you"));
  if (isAway) made.append(element("span", "aside", "away"));
  return made;
}
