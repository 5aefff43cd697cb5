// The line between a client and a server: it can be cut, and left cut, while both live on.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Line {
  #server;
  #port;
  #sockets = new Set();
  #servers = new Set();
  #isCut = false;

  /** A line to this port of the loopback. */
  static async to(port) {
    const line = new Line();
    line.#port = port;
    line.#server = createServer((near) => line.#join(near)).listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  /** Ends what there is, without a word of a WebSocket, and lets nothing through. */
  cut() {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#isCut = false;
  }

  /** What the server says stays on the line; it hears the client all the same. */
  muteServer() {
    for (const socket of this.#servers) socket.pause();
  }

  end() {
    this.cut();
    this.#server.close();
  }

  #join(near) {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = connect(this.#port, "127.0.0.1");
    this.#servers.add(far);
    for (const [from, to] of [[near, far], [far, near]]) {
      this.#sockets.add(from);
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        this.#servers.delete(from);
        to.destroy();
      });
    }
  }
}
