// Stentor's client for browsers and Node: one connection that comes back by itself, goes on where
// it was cut off, and says again what may have been lost. Its types are in stentor.d.ts.

/** @typedef {import("./stentor.d.ts").StentorOptions} StentorOptions */
/** @typedef {import("./stentor.d.ts").PublishOptions} PublishOptions */

/** The first and the largest window out of which a retry's delay is drawn. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 20_000;
/** A connection that lived this long was a good one: what failed before it is forgotten. */
const STABLE_MS = 10_000;
/** Token, handshake and welcome together may take this long. */
const CONNECT_MS = 10_000;
/** After this silence the server is asked for a sign of life; it has the second span for it. */
const SILENCE_MS = 25_000;
const PONG_MS = 10_000;
/** The longest pause that a server may ask for. */
const ASKED_MAX_MS = 300_000;
/** What the server takes in one message. */
const MESSAGE_BYTES_MAX = 65_536;
/** What may wait for its answer; a server allows a larger burst. */
const QUEUE_MAX = 128;
const QUEUE_BYTES_MAX = 1 << 20;
/** Ids of a room that are remembered, to know a message that comes twice. */
const HEARD_MAX = 1_024;

/** Close codes after which trying again would only repeat the fault. */
export const FINAL_CODES = [1000, 1002, 1007, 1009, 4401, 4403];

const EVENTS = /^(welcome|joined|left|ack|gap|resume|drain|token_expiring|authenticated)$/;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** How far the server's clock is ahead. */
let ahead = 0;

/** A UUIDv7 by the server's clock. */
export function newId() {
  const time = (Date.now() + ahead).toString(16).padStart(12, 0);
  const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] & 15).toString(16);
  return time.slice(0, 8) + "-" + time.slice(8) + "-7xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, digit);
}

/** Full jitter: anything below a window that doubles with each failure. */
const jitter = (failures) => Math.random() * Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures);

/** Why something was not done; `code` is the server's word for it, or this file's. */
export class StentorError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "StentorError";
    this.code = code;
  }
}

/** A connection that lasts until `close()`, or until the server does not want it. */
export class Stentor extends EventTarget {
  #address;
  #token;
  #WebSocket;
  /** The rooms to be in, and whether the server has let this client in before. */
  #rooms = new Map();
  #away = new Set();
  /** By room the ids of its latest messages, oldest first. */
  #heard = new Map();
  /** By id what waits for its answer, in the order of saying. */
  #queue = new Map();
  #queueBytes = 0;
  #lastId;
  #quietId;
  /** The attempt or connection that counts; what an older one still reports is ignored. */
  #link = null;
  #state = "connecting";
  #identity = null;
  #failures = 0;
  #openedAt = 0;
  #retryAt = 0;
  #notBefore = 0;
  #isRenewing = false;
  /** For the next attempt, the welcome or a sign of life: one at a time. */
  #timer;
  #listeners = new AbortController();

  /** @param {string | URL} url @param {StentorOptions} options */
  constructor(url, options = {}) {
    super();
    this.#address = new URL(url, globalThis.location?.href);
    this.#address.protocol = this.#address.protocol.replace("http", "ws");
    this.#address.pathname = this.#address.pathname.replace(/\/*$/, "/ws");
    const query = this.#address.searchParams;
    query.set("events", "1");
    query.set("ack", "1");
    if (options.presence) query.set("presence", "1");
    if (options.echo === false) query.set("echo", "0");
    this.#token = options.token;
    this.#lastId = options.lastId;
    this.#WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (!this.#WebSocket) throw new TypeError("no WebSocket here: give one as an option");
    for (const room of options.rooms ?? []) this.#rooms.set(room, true);
    const { signal } = this.#listeners;
    globalThis.addEventListener?.("online", () => this.#hasten(), { signal });
    globalThis.document?.addEventListener("visibilitychange", () => this.#hasten(), { signal });
    queueMicrotask(() => this.open());
  }

  get state() { return this.#state; }
  /** What this client's messages bear as `from`. */
  get identity() { return this.#identity; }
  get rooms() { return [...this.#rooms.keys()]; }
  get lastId() { return this.#lastId; }

  /** Calls `listener` with the detail of each event of this type; returns how to stop that. */
  on(type, listener) {
    const listen = (event) => listener(event.detail);
    this.addEventListener(type, listen);
    return () => this.removeEventListener(type, listen);
  }

  /**
   * Publishes; settled by the server's answer, however many connections that takes.
   * @param {unknown} data @param {PublishOptions} options
   */
  publish(data, { room = this.rooms[0] ?? null, type = "chat", id = newId() } = {}) {
    return this.#ask({ id: id.toLowerCase(), type, room, data });
  }

  /** Joins a room, again with each connection from then on. @param {string} room */
  join(room) {
    if (this.#rooms.get(room) && this.#state !== "connected") return Promise.resolve({ room });
    if (!this.#rooms.has(room)) this.#rooms.set(room, false);
    return this.#ask({ id: newId(), type: "join", room });
  }

  /** Leaves a room; without a connection there is nobody to be told. @param {string} room */
  leave(room) {
    this.#forget(room);
    if (this.#state === "connected") return this.#ask({ id: newId(), type: "leave", room });
    while (this.#answer("join", room, {}));
    return Promise.resolve({ room });
  }

  /** Says how one is there; told again to each connection. @param {"online" | "away"} status */
  setPresence(status, room = this.rooms[0]) {
    this.#away[status === "away" ? "add" : "delete"](room);
    if (this.#state === "connected") this.#send({ type: "presence", room, data: { status } });
  }

  /** Connects at once: cuts a retry's delay short, and starts anew after a stop. */
  async open() {
    if (this.#link || this.#state === "closed") return;
    const link = (this.#link = { socket: null });
    this.#become(this.#failures || this.#identity ? "reconnecting" : "connecting");
    this.#wait(CONNECT_MS, () => this.#lose(link, 1006, "no answer"));
    try {
      const token = await this.#askToken(this.#isRenewing ? "refused" : "connect");
      if (link !== this.#link) return;
      // The server answers with the first: the token does not travel back.
      const protocols = token ? ["stentor", `bearer.${token}`] : [];
      const socket = new this.#WebSocket(this.#target(), protocols);
      link.socket = socket;
      socket.onmessage = ({ data }) => link === this.#link && this.#handleFrame(data);
      socket.onclose = ({ code, reason }) => this.#lose(link, code, reason);
      socket.onerror = () => {}; // A close follows.
    } catch (error) {
      this.#lose(link, 1006, String(error));
    }
  }

  /** Leaves for good: what still waits is given up. */
  close() {
    this.#listeners.abort();
    this.#end("closed", 1000, "closed by this side");
  }

  #target() {
    const address = new URL(this.#address);
    for (const [room, isIn] of this.#rooms) if (isIn) address.searchParams.append("room", room);
    if (this.#lastId) address.searchParams.set("last_id", this.#lastId);
    return address.href;
  }

  async #askToken(why) {
    return typeof this.#token === "function" ? this.#token(why) : this.#token;
  }

  #ask(message) {
    const { id, type, room } = message;
    const text = JSON.stringify(message);
    const bytes = new TextEncoder().encode(text).length;
    const asked = new Promise((resolve, reject) => {
      const refuse = (code) => reject(new StentorError(code, `not sent: ${code}`));
      if (!UUID.test(id) || this.#queue.has(id)) return refuse("bad_id");
      if (bytes > MESSAGE_BYTES_MAX) return refuse("too_big");
      if (/closed|stopped/.test(this.#state)) return refuse(this.#state);
      const isFull = this.#queue.size >= QUEUE_MAX || this.#queueBytes + bytes > QUEUE_BYTES_MAX;
      if (isFull) return refuse("queue_full");
      this.#queueBytes += bytes;
      this.#queue.set(id, { type, room, text, bytes, resolve, reject });
      if (this.#state === "connected") this.#link.socket.send(text);
    });
    // Node would end a program that does not wait for the answer.
    asked.catch(() => {});
    return asked;
  }

  #wait(ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #send(message) {
    this.#link.socket.send(JSON.stringify(message));
  }

  #settle(id, answer) {
    const asked = this.#queue.get(id);
    if (!asked) return false;
    const { type, room, bytes, resolve, reject } = asked;
    this.#queue.delete(id);
    this.#queueBytes -= bytes;
    if (!(answer instanceof Error)) resolve(answer);
    else {
      if (type === "join" && !this.#rooms.get(room)) this.#forget(room);
      reject(answer);
    }
    return true;
  }

  #forget(room) {
    this.#rooms.delete(room);
    this.#away.delete(room);
    this.#heard.delete(room);
  }

  #handleFrame(text) {
    if (this.#state === "connected") this.#watchSilence();
    let message;
    try {
      message = JSON.parse(text);
    } catch {} // The server frames JSON only.
    const data = message?.data ?? {};
    if (typeof message?.type !== "string") return;
    const { type } = message;
    if (type === "pong") this.#quietId = message.id;
    else if (type === "presence") this.#tell(type, message);
    else if (type === "error") {
      this.#settle(data.ref, new StentorError(data.code, data.message));
      this.#tell(type, message);
    } else if (message.from === "server" && EVENTS.test(data.event)) {
      this.#handleEvent(message, data);
      this.#tell(data.event, message);
    } else if (!this.#isKnown(message)) this.#tell("message", message);
  }

  #handleEvent({ id, room, timestamp }, data) {
    switch (data.event) {
      case "welcome":
        ahead = Date.parse(timestamp) - Date.now() || 0;
        return this.#handleWelcome(id, data);
      case "ack":
        return this.#settle(data.id, { id: data.id, duplicate: data.duplicate });
      case "joined":
        if (this.#rooms.has(room)) this.#rooms.set(room, true);
        return this.#answer("join", room, data);
      case "left":
        // Without being asked, where a new token allows less than the old one.
        if (!this.#answer("leave", room, data)) this.#forget(room);
        return;
      case "drain":
        this.#notBefore = Date.now() + Math.min(data.reconnect_after_ms || 0, ASKED_MAX_MS);
        return;
      case "token_expiring":
        return this.#renew(this.#link);
    }
  }

  #handleWelcome(id, { client_id, user }) {
    this.#watchSilence();
    this.#identity = user ?? client_id;
    this.#lastId ??= id;
    this.#openedAt = Date.now();
    this.#notBefore = 0;
    for (const [id, { type, room, text }] of this.#queue) {
      if (type === "leave") this.#settle(id, { room });
      else this.#link.socket.send(text);
    }
    for (const room of this.#away) this.#send({ type: "presence", room, data: { status: "away" } });
    this.#become("connected");
  }

  /** Settles the first that asked for this, if any did. */
  #answer(type, room, { members }) {
    for (const [id, asked] of this.#queue) {
      if (asked.type === type && asked.room === room) return this.#settle(id, { room, members });
    }
  }

  /** Whether a message was heard before; it is from now on, and is where to resume. */
  #isKnown({ id, room }) {
    if (!UUID.test(id) || (room && !this.#rooms.has(room))) return false;
    let ids = this.#heard.get(room);
    if (!ids) this.#heard.set(room, (ids = new Set()));
    const isKnown = ids.has(id);
    ids.add(id);
    if (ids.size > HEARD_MAX) ids.delete(ids.values().next().value);
    if (room !== undefined) this.#lastId = id;
    this.#quietId = undefined;
    return isKnown;
  }

  async #renew(link) {
    if (typeof this.#token !== "function") return;
    // Without a new token the server closes with 4401, which asks again.
    const token = await this.#askToken("expiring").catch(() => null);
    if (token && link === this.#link) this.#send({ type: "auth", data: { token } });
  }

  /** The connection is gone or given up: retry later, or stop where the code says so. */
  #lose(link, code, reason) {
    if (link !== this.#link) return;
    if (this.#openedAt && Date.now() - this.#openedAt >= STABLE_MS) {
      this.#failures = 0;
      this.#isRenewing = false;
    }
    const isRenewable = code === 4401 && typeof this.#token === "function" && !this.#isRenewing;
    if (FINAL_CODES.includes(code) && !isRenewable) return this.#end("stopped", code, reason);
    this.#drop();
    this.#isRenewing ||= isRenewable;
    this.#retryIn(jitter(this.#failures++), { code, reason });
  }

  #retryIn(delayMs, detail) {
    const retryInMs = Math.max(0, this.#notBefore - Date.now()) + delayMs;
    this.#retryAt = Date.now() + retryInMs;
    this.#wait(retryInMs, () => this.open());
    this.#become("reconnecting", { retryInMs, ...detail });
  }

  #end(state, code, reason) {
    this.#drop();
    this.#failures = 0;
    this.#isRenewing = false;
    this.#become(state, { code, reason });
    for (const id of [...this.#queue.keys()]) this.#settle(id, new StentorError(state, reason));
  }

  /** Network or person came back: no use in a long delay, or in trusting a silent line. */
  #hasten() {
    if (globalThis.document?.visibilityState === "hidden") return;
    this.#probe();
    const isWaiting = this.#state === "reconnecting" && !this.#link;
    if (isWaiting && this.#retryAt - Date.now() > RETRY_MIN_MS) this.#retryIn(jitter(0));
  }

  #watchSilence() {
    this.#wait(SILENCE_MS, () => {
      // A pong may overtake what was said just then; a silence later nothing is under way.
      this.#lastId = this.#quietId ?? this.#lastId;
      this.#probe();
    });
  }

  /** Browsers answer pings unseen and tell no page of a dead line. */
  #probe() {
    if (this.#state !== "connected") return;
    this.#send({ type: "ping" });
    const link = this.#link;
    this.#wait(PONG_MS, () => this.#lose(link, 1006, "no sign of life"));
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#openedAt = 0;
    const socket = this.#link?.socket;
    this.#link = null;
    socket?.close(1000);
  }

  #become(state, detail) {
    this.#state = state;
    this.#tell("state", { state, ...detail });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
