// The server under test: started on a given port, killed by its handle.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

import { WAIT_MS } from "./checks.mjs";

/** A port that is free on the loopback at this moment. */
export async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** One process of the server's binary, which can be killed and started again on its port. */
export class Server {
  #binary;
  #port;
  #settings;
  #child = null;

  /** `settings` are variables of its environment. */
  constructor(binary, port, settings = {}) {
    this.#binary = binary;
    this.#port = port;
    this.#settings = settings;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** Starts it and waits until it says that it is well. */
  async start() {
    const env = {
      ...process.env, HOST: "127.0.0.1", PORT: String(this.#port), LOG_LEVEL: "warn",
      ...this.#settings,
    };
    const child = spawn(this.#binary, [], { env, stdio: ["ignore", "inherit", "inherit"] });
    this.#child = child;
    let ended = null;
    child.on("error", (error) => { ended = String(error); });
    child.on("exit", (code, signal) => { ended ??= `exit ${code ?? signal}`; });
    const deadline = Date.now() + WAIT_MS;
    while (Date.now() < deadline) {
      if (ended) throw new Error(`the server ended: ${ended}`);
      const answer = await fetch(`http://127.0.0.1:${this.#port}/healthz`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error("the server did not answer /healthz in time");
  }

  /** It stands still, with its connections open, until `resume`. */
  pause() {
    this.#child.kill("SIGSTOP");
  }

  resume() {
    this.#child.kill("SIGCONT");
  }

  /** Ends it without a farewell, or by `SIGTERM` with one; nothing where it does not run. */
  async kill(signal = "SIGKILL") {
    const child = this.#child;
    this.#child = null;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
  }
}
