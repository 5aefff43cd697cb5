// The client against the server that users get, which is killed, paused and told to leave.

import { createHmac } from "node:crypto";

import { check, equal, holds } from "../checks.mjs";
import { freePort, Server } from "../server.mjs";
import { Client } from "./host.mjs";
import { Line } from "./line.mjs";

const BASE = "api/chat-api";
const MESSAGES = 60;

const ids = (messages) => messages.map((message) => message.id);
const isOnce = (list) => new Set(list).size === list.length;

/** Runs one check with a server of its own and two clients in one room. */
function between(host, binary, promise, body) {
  return check(`${host.name}: ${promise}`, async () => {
    const server = new Server(binary, await freePort(), { DRAIN_TIMEOUT: "1s" });
    const clients = [];
    try {
      await server.start();
      for (let n = 0; n < 2; n += 1) {
        clients.push(await Client.open(host, `${server.url}${BASE}`, { rooms: ["a"] }));
        await clients[n].become("connected");
      }
      await body(server, ...clients);
    } finally {
      for (const client of clients) await client.call("close");
      server.resume();
      await server.kill();
    }
  });
}

export async function kills(host, binary) {
  await between(host, binary, "two clients of the real server hear each other", hearEachOther);
  await between(host, binary, "what is said through kills is heard once", throughKills);
  await between(host, binary, "a pause of the server loses nothing", throughAPause);
  await between(host, binary, "a server that leaves is waited for and found again", throughADrain);
  await check(`${host.name}: what was missed while the line was cut is caught up, once`, () =>
    throughCuts(host, binary));
  await check(`${host.name}: the real server takes tokens, and has them renewed`, () =>
    withTokens(host, binary));
}

async function hearEachOther(_server, ann, ben) {
  const { answer } = await ann.call("publish", { content: "hello" });
  equal(answer.duplicate, false, "duplicate");
  const heard = await ben.until("message", ({ id }) => id === answer.id);
  equal(heard.from, await ann.read("identity"), "the sender");
  const again = await ann.call("publish", { content: "hello" }, { id: answer.id });
  equal(again.answer.duplicate, true, "the same id again");
  equal((await ben.call("join", "b")).answer.room, "b", "joined");
  equal((await ben.call("leave", "b")).answer.members, 0, "left");
  equal((await ben.call("leave", "b")).error, "not_a_member", "left again");
  equal((await ben.call("join", "\u0007")).error, "bad_room", "no room");
  equal((await ben.log("message")).length, 1, "messages");
}

async function throughKills(server, ann, ben) {
  const asked = [];
  for (let n = 0; n < MESSAGES; n += 1) {
    asked.push(ann.call("publish", { n }));
    if (n % 20 === 10) {
      await server.kill();
      await ann.until("state", ({ retryInMs }) => retryInMs !== undefined);
    }
    if (n % 20 === 19) await server.start();
    if (n % 20 === 5) await asked[n];
  }
  const answers = await Promise.all(asked);
  for (const { error } of answers) equal(error, undefined, "an error");
  const last = await ann.call("publish", "the end");
  await ann.until("message", ({ id }) => id === last.answer.id);
  for (const client of [ann, ben]) {
    holds(isOnce(ids(await client.log("message"))), "one came twice");
  }
  const own = (await ann.log("message")).filter(({ data }) => data !== "the end");
  const order = own.map(({ data }) => data.n);
  equal(order.join(), [...order].sort((a, b) => a - b).join(), "the order");
}

async function throughAPause(server, ann, ben) {
  server.pause();
  const asked = Array.from({ length: 50 }, (_, n) => ann.call("publish", { n }));
  // Answered by the client, and so behind the publishes: they have left.
  await ann.read("state");
  equal((await ann.log("ack")).length, 0, "answers of a server that stands still");
  server.resume();
  const answers = await Promise.all(asked);
  const wanted = answers.map(({ answer }) => answer.id).join();
  await ben.until("message", () => true, asked.length);
  equal(ids(await ben.log("message")).join(), wanted, "what is heard");
  equal((await ann.log("welcome")).length, 1, "connections");
}

async function throughADrain(server, ann, ben) {
  await server.kill("SIGTERM");
  const drain = await ann.until("drain");
  holds(drain.data.reconnect_after_ms >= 0, "no time is told");
  equal((await ann.until("state", ({ code }) => code !== undefined)).code, 1001, "the code");
  const asked = ann.call("publish", "said while away");
  await server.start();
  const { answer } = await asked;
  await Promise.all([ann.become("connected", 2), ben.become("connected", 2)]);
  equal(answer.duplicate, false, "duplicate");
}

/** Ann speaks on; Ben's line is cut three times, and then with the answers to Ben on it. */
async function throughCuts(host, binary) {
  const port = await freePort();
  const server = new Server(binary, port);
  await server.start();
  const line = await Line.to(port);
  const ann = await Client.open(host, `${server.url}${BASE}`, { rooms: ["a"] });
  const ben = await Client.open(host, `${line.url}${BASE}`, { rooms: ["a", "b"] });
  const said = [];
  const speak = async (times) => {
    for (let n = 0; n < times; n += 1) {
      const room = n % 5 ? "a" : "b";
      said.push((await ann.call("publish", { n: said.length }, { room })).answer.id);
    }
  };
  try {
    await Promise.all([ann.become("connected"), ben.become("connected")]);
    for (const round of [1, 2, 3]) {
      await speak(10);
      line.cut();
      await ben.until("state", ({ retryInMs }) => retryInMs !== undefined, round);
      await speak(15);
      line.mend();
      await ben.call("open");
      const { data } = await ben.until("resume", () => true, round);
      equal(data.recovered, true, "recovered");
    }
    await ben.until("message", () => true, said.length);
    equal(ids(await ben.log("message")).sort().join(), said.sort().join(), "what is heard");
    const heard = (await ann.log("message")).length;
    line.muteServer();
    const asked = Array.from({ length: 5 }, (_, n) => ben.call("publish", { n }, { room: "a" }));
    await ann.until("message", () => true, heard + asked.length);
    line.cut();
    line.mend();
    for (const { answer } of await Promise.all(asked)) equal(answer.duplicate, true, "duplicate");
    equal((await ann.log("message")).length, heard + asked.length, "what Ann hears");
  } finally {
    for (const client of [ann, ben]) await client.call("close");
    line.end();
    await server.kill();
  }
}

/** A token of HS256, good for so many seconds. */
function token(secret, seconds) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1_000) + seconds;
  const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "alice", exp })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

async function withTokens(host, binary) {
  const secret = "a secret of the tests that has enough bytes to be one";
  const settings = { AUTH_ENABLED: "true", JWT_SECRET: secret };
  const server = new Server(binary, await freePort(), settings);
  await server.start();
  const open = (options) => Client.open(host, `${server.url}${BASE}`, options);
  const stranger = await open({});
  const alice = await open({ tokens: [token(secret, 20), token(secret, 3_600)] });
  try {
    // The first ends in less than the 30 s in which the server asks for another.
    const { data } = await alice.until("authenticated");
    holds(data.expires_in_ms > 60_000, `it ends in ${data.expires_in_ms} ms`);
    equal(await alice.read("identity"), "alice", "the identity");
    equal((await alice.log("token")).join(), "connect,expiring", "why");
    equal((await stranger.until("state", ({ code }) => code !== undefined)).code, 1006, "the code");
    equal((await stranger.log("welcome")).length, 0, "welcomes without a token");
  } finally {
    for (const client of [stranger, alice]) await client.call("close");
    await server.kill();
  }
}
