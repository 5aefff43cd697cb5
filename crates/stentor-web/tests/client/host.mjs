// Where the client under test runs: in this process or in a page. Both offer the same few calls.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";

import { WAIT_MS } from "../checks.mjs";

const CLIENT = new URL("../../stentor.js", import.meta.url);
const LOOK_EVERY_MS = 10;

/**
 * Keeps clients by number and writes down what each of them tells. It is sent to the page as
 * text, so that it may use nothing from around it.
 */
function keeper(Stentor, types) {
  const kept = [];
  return {
    open({ url, options = {}, tokens }) {
      const log = [];
      if (tokens) {
        options.token = async (why) => {
          log.push({ type: "token", detail: why });
          return tokens.length > 1 ? tokens.shift() : tokens[0];
        };
      }
      const client = new Stentor(url, options);
      for (const type of types) client.on(type, (detail) => log.push({ type, detail }));
      return kept.push({ client, log }) - 1;
    },
    log: (number) => kept[number].log,
    read: (number, name) => kept[number].client[name],
    /** What a call comes to, errors too, as plain data. */
    async call(number, name, args) {
      try {
        return { answer: await kept[number].client[name](...args) };
      } catch (error) {
        return { error: error.code ?? String(error) };
      }
    },
  };
}

const TYPES = ["state", "message", "presence", "error", "welcome", "resume", "gap", "drain",
  "token_expiring", "authenticated", "joined", "left", "ack"];

/** In this process, with the WebSocket of Node. */
export async function inNode() {
  const { Stentor } = await import(CLIENT);
  const keep = keeper(Stentor, TYPES);
  return { name: "Node", ask: async (name, ...args) => structuredClone(await keep[name](...args)) };
}

/** In a page of nobody's, which loads the client from a server of its own. */
export async function inPage(browser) {
  const server = createServer((request, response) => {
    const isScript = request.url === "/stentor.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? readFileSync(CLIENT) : "<!doctype html><title>client</title>");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const page = await (await browser.newContext()).newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.evaluate(async ([source, types]) => {
    const { Stentor } = await import("/stentor.js");
    window.keep = new Function(`return ${source}`)()(Stentor, types);
  }, [keeper.toString(), TYPES]);
  const ask = (name, ...args) =>
    page.evaluate(([name, args]) => window.keep[name](...args), [name, args]);
  return { name: "Chromium", ask, page, close: () => server.close() };
}

/** One client, wherever it runs. */
export class Client {
  #ask;
  #number;

  static async open(host, url, { tokens, ...options } = {}) {
    const client = new Client();
    client.#ask = host.ask;
    client.#number = await host.ask("open", { url, options, tokens });
    return client;
  }

  /** `{answer}` or `{error}` of a method. */
  call(name, ...args) {
    return this.#ask("call", this.#number, name, args);
  }

  read(name) {
    return this.#ask("read", this.#number, name);
  }

  async log(type) {
    const log = await this.#ask("log", this.#number);
    return type ? log.filter((entry) => entry.type === type).map((entry) => entry.detail) : log;
  }

  /** Waits until so many details of a type fit, and gives the last of them. */
  async until(type, fits = () => true, count = 1) {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const found = (await this.log(type)).filter(fits);
      if (found.length >= count) return found[count - 1];
      if (Date.now() > deadline) {
        const log = JSON.stringify((await this.log()).slice(-12));
        throw new Error(`no ${type} that fits, number ${count}; the last: ${log}`);
      }
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    }
  }

  /** Waits until it is in this state for the n-th time. */
  become(state, count = 1) {
    return this.until("state", (detail) => detail.state === state, count);
  }
}
