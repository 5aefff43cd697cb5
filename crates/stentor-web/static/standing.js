// How the connection stands, told to a person: a word, a countdown, and what went wrong for good.

/** What a person is told of the close codes that end a connection for good. */
const WHY = new Map([
  [1000, "the server has ended the connection"],
  [1002, "the server saw a protocol error"],
  [1007, "the server was sent text that is not UTF-8"],
  [1009, "a message was too big"],
  [4401, "the token has expired or was revoked"],
  [4403, "you may not enter here"],
]);
/** After so many attempts that came to nothing, the person is told what may be the matter. */
const PATIENCE = 3;
const TICK_MS = 250;

export class Standing {
  #parts;
  #failures = 0;
  #retryAt = 0;
  #ticking = 0;

  /** `parts`: the elements `state`, `now`, `trouble` and `retry`. */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Shows a state as the client tells it. */
  show({ state, retryInMs, code, reason }) {
    const { state: word, now, retry } = this.#parts;
    clearInterval(this.#ticking);
    const waits = retryInMs !== undefined;
    if (waits) this.#failures += 1;
    if (state === "connected") this.#failures = 0;
    word.dataset.state = state;
    word.textContent = state;
    word.dataset.wait = "";
    now.hidden = !waits;
    retry.hidden = state !== "stopped";
    this.#tell(this.#trouble(state, code, reason));
    if (!waits) return;
    this.#retryAt = Date.now() + retryInMs;
    this.#tick();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Why nothing goes; empty where there is no need of words. */
  #trouble(state, code, reason) {
    if (state === "stopped") return `Not connected: ${WHY.get(code) ?? reason} (${code}).`;
    if (state === "connected" || this.#failures < PATIENCE) return "";
    return "No connection: the server may be away or full, or ask for a token.";
  }

  /** An unchanged text is left alone, so that it is not read out again. */
  #tell(text) {
    const { trouble } = this.#parts;
    if (trouble.textContent !== text) trouble.textContent = text;
    trouble.hidden = text === "";
  }

  /** The seconds stand beside the word as decoration: nobody wants each of them read out. */
  #tick() {
    const seconds = Math.ceil((this.#retryAt - Date.now()) / 1000);
    this.#parts.state.dataset.wait = seconds > 0 ? `${seconds} s` : "";
  }
}
