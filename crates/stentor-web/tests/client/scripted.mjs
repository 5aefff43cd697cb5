// A WebSocket server that says what a test wants: the frames of RFC 6455 on Node's own http.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

import { WAIT_MS } from "../checks.mjs";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x81;
const CLOSE = 0x88;

export const ID = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
export const SYSTEM_ID = (number) => `01a21c9d-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** One connection, from the server's side. */
class Connection {
  #socket;
  #bytes = Buffer.alloc(0);
  #unread = [];
  #wake = () => {};

  constructor(request, socket) {
    this.url = new URL(request.url, "ws://scripted");
    this.protocols = request.headers["sec-websocket-protocol"] ?? "";
    this.#socket = socket;
    const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID);
    const lines = [
      "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${accept.digest("base64")}`,
    ];
    if (this.protocols) lines.push(`Sec-WebSocket-Protocol: ${this.protocols.split(",")[0]}`);
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    socket.on("data", (bytes) => this.#read(bytes));
    socket.on("error", () => {});
    socket.on("close", () => this.#wake());
  }

  say(message) {
    this.#write(TEXT, Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
  }

  /** An event of the server's own. */
  tell(event, data = {}, members = {}) {
    this.say({
      id: SYSTEM_ID(0), type: "system", from: "server", ...members, data: { event, ...data },
    });
  }

  welcome(members = {}) {
    this.tell("welcome", { client_id: ID(999), user: null, rooms: this.rooms, ...members });
  }

  get rooms() {
    return this.url.searchParams.getAll("room");
  }

  close(code) {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.#write(CLOSE, payload);
    this.#socket.end();
  }

  /** The line breaks, without a word. */
  cut() {
    this.#socket.destroy();
  }

  /** The next message of the client of this type. */
  async next(type) {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const at = this.#unread.findIndex((message) => message.type === type);
      if (at >= 0) return this.#unread.splice(at, 1)[0];
      if (this.#socket.destroyed || Date.now() > deadline) throw new Error(`no ${type} came`);
      await new Promise((done) => {
        this.#wake = done;
        setTimeout(done, 1_000).unref();
      });
    }
  }

  #write(head, payload) {
    const long = payload.length > 125;
    const length = long ? [126, payload.length >> 8, payload.length & 0xff] : [payload.length];
    this.#socket.write(Buffer.concat([Buffer.from([head, ...length]), payload]));
  }

  #read(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    while (this.#bytes.length >= 6) {
      let length = this.#bytes[1] & 0x7f;
      let at = 2;
      if (length === 126) [length, at] = [this.#bytes.readUInt16BE(2), 4];
      if (length === 127) [length, at] = [Number(this.#bytes.readBigUInt64BE(2)), 10];
      if (this.#bytes.length < at + 4 + length) return;
      const mask = this.#bytes.subarray(at, at + 4);
      const payload = this.#bytes.subarray(at + 4, at + 4 + length).map((b, i) => b ^ mask[i % 4]);
      if (this.#bytes[0] === TEXT) this.#unread.push(JSON.parse(Buffer.from(payload).toString()));
      if (this.#bytes[0] === CLOSE) this.#socket.end();
      this.#bytes = this.#bytes.subarray(at + 4 + length);
      this.#wake();
    }
  }
}

/** Takes connections one after the other, for a test to play the server in each. */
export class Scripted {
  #server = createServer();
  #arrived = [];
  #wake = () => {};
  /** How many came in all. */
  count = 0;

  static async start() {
    const scripted = new Scripted();
    scripted.#server.on("upgrade", (request, socket) => {
      scripted.count += 1;
      scripted.#arrived.push(new Connection(request, socket));
      scripted.#wake();
    });
    scripted.#server.listen(0, "127.0.0.1");
    await once(scripted.#server, "listening");
    return scripted;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/base/`;
  }

  /** The next connection. */
  async next() {
    const deadline = Date.now() + WAIT_MS;
    while (this.#arrived.length === 0) {
      if (Date.now() > deadline) throw new Error("no connection came");
      await new Promise((done) => {
        this.#wake = done;
        setTimeout(done, 1_000).unref();
      });
    }
    return this.#arrived.shift();
  }

  /** The next connection, welcomed. */
  async welcomed() {
    const connection = await this.next();
    connection.welcome();
    return connection;
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
