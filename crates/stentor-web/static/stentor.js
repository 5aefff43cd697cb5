// One WebSocket to Stentor that comes back by itself.
// It knows the contract's close codes and frames, and nothing of the page.

/** The first and the largest window out of which a retry's delay is drawn. */
const RETRY_WINDOW_MIN_MS = 500;
const RETRY_WINDOW_MAX_MS = 20_000;
/** A connection that lived this long was a good one: the next retry starts at the small window. */
const STABLE_AFTER_MS = 5_000;
/** A handshake that takes longer counts as failed. */
const CONNECT_TIMEOUT_MS = 10_000;
/** After this silence the server is asked for a sign of life, and has the second span for it. */
const SILENCE_MS = 25_000;
const PONG_TIMEOUT_MS = 10_000;
/** More than this unsent in the browser's buffer means that the line is stuck: `send` refuses. */
const BUFFERED_BYTES_MAX = 1 << 20;

/**
 * Close codes after which trying again would only repeat the fault, with what a person is told:
 * those that the server's own table (`x-close-codes` of /openapi.json) calls not retryable.
 */
const FINAL_CODES = new Map([
  [1000, "the server has ended the connection"],
  [1002, "the server saw a protocol error"],
  [1007, "the server was sent text that is not UTF-8"],
  [1009, "the message was too big"],
  [4401, "the token has expired or was revoked"],
  [4403, "you may not enter here"],
]);

/** Rooms whose names a path cannot carry: `stats` is a route, and dots are folded away by URLs. */
const ROOMS_NOT_FOR_PATHS = new Set(["stats", ".", ".."]);

/** The address of a room below `base`, a path of this page's own origin. */
export function roomAddress(base, room) {
  const inPath = !ROOMS_NOT_FOR_PATHS.has(room);
  const address = new URL(inPath ? `ws/${encodeURIComponent(room)}` : "ws", base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  if (!inPath) address.searchParams.set("room", room);
  return address;
}

/** Full jitter: anywhere between nothing and a window that doubles with each failure. */
export function retryDelay(failures, random = Math.random) {
  const window = Math.min(RETRY_WINDOW_MAX_MS, RETRY_WINDOW_MIN_MS * 2 ** Math.min(failures, 10));
  return random() * window;
}

/** A UUID for a message, also where the page is not a secure context. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * A connection that retries until it is closed or told to stop.
 *
 * Events: `state` with detail `{state, delayMs?, reason?}`, where state is `connecting`,
 * `connected`, `reconnecting` or `stopped`; `message` with the parsed envelope as its detail.
 */
export class Connection extends EventTarget {
  #address;
  #socket = null;
  #state = "closed";
  #failures = 0;
  #openedAt = 0;
  #reconnectAfterMs = 0;
  #retryTimer = 0;
  #connectTimer = 0;
  #silenceTimer = 0;
  #probing = false;
  #listeners = new AbortController();

  constructor(address) {
    super();
    this.#address = new URL(address);
    this.#address.searchParams.set("events", "1");
    const signal = this.#listeners.signal;
    window.addEventListener("online", () => this.#hasten(), { signal });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#hasten();
    }, { signal });
  }

  get state() {
    return this.#state;
  }

  /** Connects now, also after a stop. Does nothing while connected or connecting. */
  open() {
    if (this.#socket) return;
    clearTimeout(this.#retryTimer);
    this.#become(this.#failures > 0 ? "reconnecting" : "connecting");
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    this.#connectTimer = setTimeout(() => this.#lose(socket, 1006), CONNECT_TIMEOUT_MS);
    socket.onopen = () => this.#handleOpen(socket);
    socket.onmessage = (event) => this.#handleFrame(socket, event.data);
    socket.onclose = (event) => this.#lose(socket, event.code);
  }

  /** Sends one message; false where it cannot leave now, and nothing was sent. */
  send(message) {
    if (this.#state !== "connected") return false;
    if (this.#socket.bufferedAmount > BUFFERED_BYTES_MAX) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Leaves for good: no retry, no further event. */
  close() {
    this.#listeners.abort();
    this.#drop(1000);
    this.#state = "closed";
  }

  #handleOpen(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#connectTimer);
    this.#openedAt = Date.now();
    this.#watchSilence();
    this.#become("connected");
  }

  #handleFrame(socket, text) {
    if (socket !== this.#socket) return;
    this.#watchSilence();
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return; // The server frames JSON only; whatever this is, there is nothing to show.
    }
    if (message?.data?.event === "drain" && message.type === "system") {
      this.#reconnectAfterMs = Number(message.data.reconnect_after_ms) || 0;
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  /** The connection is gone, or is given up: retry later, or stop where the code says so. */
  #lose(socket, code) {
    if (socket !== this.#socket) return;
    const stable = this.#openedAt > 0 && Date.now() - this.#openedAt > STABLE_AFTER_MS;
    this.#drop(1000);
    if (FINAL_CODES.has(code)) {
      this.#failures = 0;
      this.#become("stopped", { reason: `${FINAL_CODES.get(code)} (${code})` });
      return;
    }
    const failures = stable ? 0 : this.#failures;
    this.#failures = failures + 1;
    const asked = Math.min(this.#reconnectAfterMs, RETRY_WINDOW_MAX_MS);
    this.#reconnectAfterMs = 0;
    this.#retryIn(asked + retryDelay(failures));
  }

  #retryIn(delayMs) {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.open(), delayMs);
    this.#become("reconnecting", { delayMs });
  }

  /** Network or person came back: no use in a long delay, or in trusting a silent line. */
  #hasten() {
    if (this.#state === "connected") this.#probe();
    if (this.#state === "reconnecting" && !this.#socket) this.#retryIn(retryDelay(0));
  }

  #watchSilence() {
    clearTimeout(this.#silenceTimer);
    this.#probing = false;
    this.#silenceTimer = setTimeout(() => this.#probe(), SILENCE_MS);
  }

  /** Browsers answer pings unseen and tell no page of a dead line, so the page asks itself. */
  #probe() {
    if (this.#probing || !this.send({ type: "ping" })) return;
    this.#probing = true;
    clearTimeout(this.#silenceTimer);
    const socket = this.#socket;
    this.#silenceTimer = setTimeout(() => this.#lose(socket, 1006), PONG_TIMEOUT_MS);
  }

  #drop(code) {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#silenceTimer);
    this.#openedAt = 0;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #become(state, detail = {}) {
    this.#state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...detail } }));
  }
}
