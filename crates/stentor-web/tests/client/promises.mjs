// What the client promises, against a server that is played.

import { check, equal, holds } from "../checks.mjs";
import { Client } from "./host.mjs";
import { ID, Scripted, SYSTEM_ID } from "./scripted.mjs";

const chat = (number, members = {}) => ({
  id: ID(number), type: "chat", room: "a", from: ID(7), data: { n: number }, ...members,
});
const numbers = (messages) => messages.map((message) => message.data.n).join();
const retried = ({ retryInMs }) => retryInMs !== undefined;

/** Runs one check with a played server and a client that it opens. */
function played(host, promise, body) {
  return check(`${host.name}: ${promise}`, async () => {
    const server = await Scripted.start();
    const clients = [];
    const open = async (options) => {
      clients.push(await Client.open(host, server.url, options));
      return clients.at(-1);
    };
    try {
      await body(server, open);
    } finally {
      for (const client of clients) await client.call("close");
      server.stop();
    }
  });
}

export async function asking(host) {
  await played(host, "it asks for rooms, events and acks, and shows no token in the address",
    async (server, open) => {
      await open({ rooms: ["stats", "a/b", ".."], token: "t.o.k", presence: true, echo: false });
      const { url, protocols, rooms } = await server.next();
      equal(url.pathname, "/base/ws", "the path");
      equal(rooms.join(), "stats,a/b,..", "the rooms");
      for (const [name, value] of Object.entries({ events: 1, ack: 1, presence: 1, echo: 0 })) {
        equal(url.searchParams.get(name), String(value), name);
      }
      holds(!url.href.includes("t.o.k"), "the token stands in the address");
      equal(protocols.replace(" ", ""), "stentor,bearer.t.o.k", "the subprotocols");
    });
  await played(host, "a publish is settled by the server's answer and by nothing else",
    async (server, open) => {
      const client = await open({ rooms: ["a"] });
      const connection = await server.welcomed();
      const [kept, refused] = [client.call("publish", 1), client.call("publish", 2)];
      const [first, second] = [await connection.next("chat"), await connection.next("chat")];
      equal(first.room, "a", "the room");
      const data = { code: "rate_limited", message: "", ref: second.id };
      connection.say({ type: "error", data });
      connection.tell("ack", { id: first.id, duplicate: false });
      equal((await refused).error, "rate_limited", "the refused one");
      equal((await kept).answer.id, first.id, "the kept one");
      equal((await client.log("error")).length, 1, "errors told");
    });
  await played(host, "a message that says what only the server says is a message",
    async (server, open) => {
      const client = await open({ rooms: ["a"] });
      const connection = await server.welcomed();
      connection.say(chat(1, { type: "system", data: { event: "drain", n: 1 } }));
      equal((await client.until("message")).data.event, "drain", "the message");
      equal((await client.log("drain")).length, 0, "drains");
    });
  await played(host, "frames of any shape do no harm", async (server, open) => {
    const client = await open();
    const connection = await server.welcomed();
    for (const text of ["", "null", "7", "[]", "{}", "{\"type\":5}", "{\"type\":\"chat\"}",
      "{\"type\":\"error\"}", "{\"type\":\"system\",\"from\":\"server\",\"data\":null}"]) {
      connection.say(text);
    }
    connection.say(chat(1));
    await client.until("message", (message) => message.id === ID(1));
    equal(await client.read("state"), "connected", "state");
  });
}

export async function rooms(host) {
  await played(host, "rooms joined and left are those of the next connection",
    async (server, open) => {
      const client = await open({ rooms: ["a", "b"] });
      const connection = await server.welcomed();
      const joined = client.call("join", "c");
      await connection.next("join");
      connection.tell("joined", { members: 3 }, { room: "c" });
      equal((await joined).answer.members, 3, "members");
      const left = client.call("leave", "a");
      await connection.next("leave");
      connection.tell("left", { members: 0 }, { room: "a" });
      await left;
      connection.cut();
      equal((await server.next()).rooms.join(), "b,c", "the rooms");
    });
  await played(host, "a room that is refused says why and is not asked for again",
    async (server, open) => {
      const client = await open();
      const connection = await server.welcomed();
      const joined = client.call("join", "secret");
      const { id } = await connection.next("join");
      connection.say({ type: "error", data: { code: "forbidden_room", message: "no", ref: id } });
      equal((await joined).error, "forbidden_room", "the answer");
      connection.cut();
      equal((await server.next()).rooms.join(), "", "the rooms");
      equal((await client.read("rooms")).join(), "", "the client's rooms");
    });
  await played(host, "a join that was cut off is asked again, a leave is not",
    async (server, open) => {
      const client = await open({ rooms: ["a"] });
      const first = await server.welcomed();
      await client.become("connected");
      const [joined, left] = [client.call("join", "b"), client.call("leave", "a")];
      await first.next("join");
      await first.next("leave");
      first.cut();
      const second = await server.welcomed();
      equal(second.rooms.join(), "", "the rooms");
      equal((await second.next("join")).room, "b", "what is joined");
      second.tell("joined", { members: 1 }, { room: "b" });
      equal((await joined).answer.room, "b", "the join");
      equal((await left).answer.room, "a", "the leave");
    });
  await played(host, "a room that a narrower token takes away is not asked for again",
    async (server, open) => {
      await open({ rooms: ["a", "b"] });
      const connection = await server.welcomed();
      connection.tell("left", { members: 0 }, { room: "a" });
      connection.cut();
      equal((await server.next()).rooms.join(), "b", "the rooms");
    });
}

export async function comingBack(host) {
  await played(host, "what was said while away arrives in order, and under the same ids when cut",
    async (server, open) => {
      const client = await open({ rooms: ["a"] });
      const asked = [1, 2, 3].map((n) => client.call("publish", { n }));
      const first = await server.welcomed();
      const sent = [];
      for (const n of [1, 2, 3]) sent.push(await first.next("chat"));
      equal(numbers(sent), "1,2,3", "the order");
      first.tell("ack", { id: sent[0].id, duplicate: false });
      await asked[0];
      first.cut();
      const second = await server.welcomed();
      const again = [await second.next("chat"), await second.next("chat")];
      equal(again.map(({ id }) => id).join(), `${sent[1].id},${sent[2].id}`, "the ids");
      for (const { id } of again) second.tell("ack", { id, duplicate: true });
      equal((await asked[2]).answer.duplicate, true, "the last answer");
    });
  await played(host, "it goes on behind the last message of a room and tells none twice",
    async (server, open) => {
      const client = await open({ rooms: ["a"] });
      const first = await server.next();
      equal(first.url.searchParams.get("last_id"), null, "the first last_id");
      first.welcome();
      for (const n of [1, 2, 3]) first.say(chat(n));
      first.say(chat(4, { room: undefined }));
      first.tell("ack", { id: ID(50) }, { id: SYSTEM_ID(9) });
      await client.until("ack");
      first.cut();
      const second = await server.welcomed();
      equal(second.url.searchParams.get("last_id"), ID(3), "the last_id");
      second.tell("resume", { recovered: true, replayed: 3, oldest_id: ID(1) });
      for (const n of [2, 3, 5]) second.say(chat(n));
      await client.until("message", (message) => message.id === ID(5));
      equal(numbers(await client.log("message")), "1,2,3,4,5", "what is told");
      equal((await client.log("resume"))[0].data.recovered, true, "the resume");
    });
  await played(host, "a replay that is cut goes on where it was cut", async (server, open) => {
    const client = await open({ rooms: ["a"], lastId: ID(1) });
    const first = await server.welcomed();
    equal(first.url.searchParams.get("last_id"), ID(1), "the given last_id");
    first.tell("resume", { recovered: true, replayed: 3, oldest_id: null });
    first.say(chat(2));
    await client.until("message");
    first.cut();
    equal((await server.next()).url.searchParams.get("last_id"), ID(2), "the last_id");
  });
  await played(host, "who heard nothing goes on from the welcome", async (server, open) => {
    await open({ rooms: ["a"] });
    const first = await server.next();
    first.tell("welcome", { client_id: ID(1), rooms: [] }, { id: SYSTEM_ID(4) });
    first.tell("joined", { members: 1 }, { id: SYSTEM_ID(5), room: "a" });
    first.cut();
    equal((await server.next()).url.searchParams.get("last_id"), SYSTEM_ID(4), "the last_id");
  });
  await played(host, "away is said again to each connection", async (server, open) => {
    const client = await open({ rooms: ["a"] });
    const first = await server.welcomed();
    await client.become("connected");
    await client.call("setPresence", "away");
    equal((await first.next("presence")).data.status, "away", "the status");
    first.cut();
    equal((await (await server.welcomed()).next("presence")).room, "a", "the room");
  });
}

export async function pauses(host) {
  await played(host, "pauses are drawn below a window that a short connection does not reset",
    async (server, open) => {
      const client = await open();
      for (let n = 0; n < 4; n += 1) (await server.welcomed()).close(1013);
      await client.until("state", retried, 4);
      const drawn = (await client.log("state")).filter(retried).map((detail) => detail.retryInMs);
      drawn.forEach((ms, n) => holds(ms >= 0 && ms <= 500 * 2 ** n, `pause ${n} is ${ms}`));
    });
  await played(host, "a draining server is not bothered before it asked to be",
    async (server, open) => {
      const client = await open();
      const connection = await server.welcomed();
      connection.tell("drain", { reconnect_after_ms: 1_500 });
      connection.close(1001);
      const { retryInMs, code } = await client.until("state", retried);
      equal(code, 1001, "the code");
      holds(retryInMs > 500 && retryInMs <= 2_000, `the pause is ${retryInMs}`);
      await server.welcomed();
      await client.become("connected", 2);
    });
  await played(host, "open cuts a pause short", async (server, open) => {
    const client = await open();
    const connection = await server.welcomed();
    connection.tell("drain", { reconnect_after_ms: 250_000 });
    connection.close(1001);
    await client.until("state", retried);
    await client.call("open");
    await server.welcomed();
    await client.become("connected", 2);
  });
  for (const code of [1000, 1002, 1007, 1009, 4401, 4403]) {
    await played(host, `close ${code} stops it, and open starts it anew`, async (server, open) => {
      const client = await open({ token: "fixed" });
      const connection = await server.welcomed();
      const asked = client.call("publish", 1);
      await connection.next("chat");
      connection.close(code);
      equal((await client.become("stopped")).code, code, "the code");
      equal((await asked).error, "stopped", "what waited");
      equal((await client.call("publish", 2)).error, "stopped", "what comes then");
      equal(server.count, 1, "connections");
      await client.call("open");
      await server.welcomed();
      await client.become("connected", 2);
    });
  }
  await played(host, "what is closed stays closed", async (server, open) => {
    const client = await open();
    await server.welcomed();
    await client.become("connected");
    const asked = client.call("publish", 1);
    await client.call("close");
    equal((await asked).error, "closed", "what waited");
    await client.call("open");
    equal(await client.read("state"), "closed", "state");
  });
}

export async function tokens(host) {
  await played(host, "a token is asked for before each connection", async (server, open) => {
    const client = await open({ tokens: ["one", "two"] });
    const first = await server.welcomed();
    holds(first.protocols.endsWith("bearer.one"), first.protocols);
    first.cut();
    holds((await server.next()).protocols.endsWith("bearer.two"), "the second token");
    equal((await client.log("token")).join(), "connect,connect", "why");
  });
  await played(host, "a token that ends is renewed in place", async (server, open) => {
    const client = await open({ tokens: ["one", "two"] });
    const connection = await server.welcomed();
    connection.tell("token_expiring", { expires_in_ms: 30_000 });
    equal((await connection.next("auth")).data.token, "two", "the token");
    connection.tell("authenticated", { expires_in_ms: 3_600_000 });
    await client.until("authenticated");
    equal((await client.log("token")).join(), "connect,expiring", "why");
  });
  await played(host, "a refused token is asked for anew once", async (server, open) => {
    const client = await open({ tokens: ["one", "two"] });
    (await server.welcomed()).close(4401);
    const second = await server.welcomed();
    holds(second.protocols.endsWith("bearer.two"), second.protocols);
    second.close(4401);
    await client.become("stopped");
    equal((await client.log("token")).join(), "connect,refused", "why");
    equal(server.count, 2, "connections");
  });
}

export async function bounds(host) {
  await played(host, "what waits is bounded in number and in bytes", async (server, open) => {
    const client = await open({ rooms: ["a"] });
    const many = Array.from({ length: 128 }, (_, n) => client.call("publish", { n }));
    equal((await client.call("publish", 128)).error, "queue_full", "one too many");
    const connection = await server.welcomed();
    for (let n = 0; n < 128; n += 1) {
      const { id, data } = await connection.next("chat");
      equal(data.n, n, "the order");
      connection.tell("ack", { id, duplicate: false });
    }
    await Promise.all(many);
    connection.cut();
    await client.until("state", retried);
    const large = "x".repeat(65_000);
    const answers = Array.from({ length: 17 }, () => client.call("publish", large));
    equal((await answers[16]).error, "queue_full", "past the bytes");
  });
  await played(host, "a message of 65,536 bytes leaves, a larger one does not",
    async (server, open) => {
      const client = await open({ rooms: ["a"] });
      const connection = await server.welcomed();
      const frame = JSON.stringify({ id: ID(1), type: "chat", room: "a", data: "" }).length;
      const most = "ü".repeat((65_536 - frame) / 2) + (frame % 2 ? "x" : "");
      client.call("publish", most);
      equal((await connection.next("chat")).data, most, "the message");
      equal((await client.call("publish", `${most}x`)).error, "too_big", "one more");
    });
  await played(host, "an id that is none, or waits already, is refused", async (server, open) => {
    const client = await open({ rooms: ["a"] });
    equal((await client.call("publish", 1, { id: "mine" })).error, "bad_id", "no UUID");
    client.call("publish", 1, { id: ID(1) });
    equal((await client.call("publish", 1, { id: ID(1) })).error, "bad_id", "twice");
  });
}

/** What only a page has. */
export async function inWindow(host) {
  const pausing = async (server, open) => {
    const client = await open();
    // Four short connections, so that the next pause may be long.
    for (let n = 0; n < 4; n += 1) (await server.welcomed()).cut();
    await client.until("state", retried, 4);
    return client;
  };
  for (const [target, name] of [["window", "online"], ["document", "visibilitychange"]]) {
    await played(host, `${name} hastens a retry`, async (server, open) => {
      await host.page.evaluate(() => { Math.random = () => 0.99; });
      const client = await pausing(server, open);
      await host.page.evaluate(([target, name]) => {
        window[target].dispatchEvent(new Event(name));
      }, [target, name]);
      const hastened = await client.until("state", retried, 5);
      holds(hastened.retryInMs < 500, `the pause is ${hastened.retryInMs}`);
      await server.welcomed();
    });
  }
  await played(host, "a silent line is asked for life and then given up",
    async (server, open) => {
      await host.page.clock.install();
      const client = await open({ rooms: ["a"] });
      const first = await server.welcomed();
      await client.become("connected");
      await host.page.clock.runFor(25_000);
      await first.next("ping");
      first.say({ id: SYSTEM_ID(7), type: "pong", from: "server", data: {} });
      // The pong has come once what was said behind it has.
      first.tell("gap", { missed: 1 });
      await client.until("gap");
      await host.page.clock.runFor(25_000);
      await first.next("ping");
      await host.page.clock.runFor(11_000);
      await host.page.clock.runFor(1_000);
      equal((await server.next()).url.searchParams.get("last_id"), SYSTEM_ID(7), "the last_id");
    });
}
