// A crowd comes at once and goes again: a tenth of VUS at first, all of them within a tenth of
// DURATION, and back.
//
// A visit: connect, say RATE messages a second for VISIT, hear one's own again, go. As the rooms
// change all the time, a visitor is owed its own messages, and of each other talker what follows
// the first word heard of it.

import exec from "k6/execution";

import {
  backoff, Connection, duration, Ledger, options as withThresholds, probe, roomName, settings,
  SETTLE_MS, sleep, speak, summary,
} from "./lib/stentor.js";

const config = settings("spike", { vus: 100, rooms: 10, rate: 1, duration: "30s" });
const visit_ms = 1000 * duration("VISIT", "2s");
const total = Math.max(1, Math.round((visit_ms / 1000) * config.rate));
const calm = Math.ceil(config.vus / 10);

/** A visit that has begun may end. */
const grace = `${Math.ceil((visit_ms + SETTLE_MS) / 1000) + 2}s`;

function stage(share, target) {
  return { duration: `${Math.max(1, Math.round(config.duration_s * 1000 * share))}ms`, target };
}

export const options = withThresholds(config, {
  executor: "ramping-vus",
  startVUs: calm,
  stages: [
    stage(0.2, calm),
    stage(0.1, config.vus),
    stage(0.3, config.vus),
    stage(0.1, calm),
    stage(0.3, calm),
  ],
  gracefulRampDown: grace,
  gracefulStop: grace,
});
export const setup = probe(config);
export const handleSummary = summary(config);

/** Visits of this VU in a row that found no connection. */
let failures = 0;

export default async function (data) {
  const me = `${exec.vu.idInTest}.${exec.vu.iterationInInstance}`;
  const ledger = new Ledger();
  ledger.expect(me);
  let sent = 0;
  let isLeaving = false;
  const leave = () => {
    isLeaving = true;
    if (ledger.hasAll(me, sent)) connection.close();
  };
  const connection = new Connection(config, {
    room: roomName(config, data, exec.vu.idInTest % config.rooms),
    onMessage: (message) => {
      if (message.type !== "chat") return;
      ledger.hear(message.data);
      if (isLeaving) leave();
    },
  });
  // A server that is overwhelmed may not answer at all; a visitor goes then too.
  connection.after(visit_ms + SETTLE_MS, () => connection.close());
  if (!(await connection.opened)) {
    await sleep(backoff(failures));
    failures += 1;
    return;
  }
  failures = 0;
  const start = Date.now();
  const say = () => {
    const due = start + (sent * visit_ms) / total;
    connection.after(due - Date.now(), () => {
      speak(connection, me, sent, due);
      sent += 1;
      if (sent < total) say();
    });
  };
  say();
  connection.after(visit_ms, leave);
  await connection.closed;
  ledger.close(me, sent);
}
