// A long, steady run: does anything give way after hours that held for minutes?
//
// VUS people in ROOMS rooms say RATE messages a second for DURATION, and each sends a heartbeat
// `ping` every PING_EVERY that must be answered within PONG_WITHIN. Who loses the connection comes
// back with a jittered pause, and that is counted: RECONNECTS_MAX of them are allowed. A listener
// is owed its own messages, and of each other talker what follows the first word heard of it on
// the connection; what was said while it was away is not owed.

import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";

import {
  backoff, Connection, duration, humanPause, Ledger, oncePerPerson, options as withThresholds,
  probe, roomName, settings, SETTLE_MS, sleep, speak, summary, whole,
} from "./lib/stentor.js";

const config = settings("soak", { vus: 20, rooms: 4, rate: 0.2, duration: "10m" });
const ping_every_ms = 1000 * duration("PING_EVERY", "15s");
const pong_within_ms = 1000 * duration("PONG_WITHIN", "5s");
const reconnects_max = whole("RECONNECTS_MAX", 0);

const pongs = new Rate("stentor_pongs");
const pongTime = new Trend("stentor_pong_ms");
const reconnects = new Counter("stentor_reconnects");

export const options = withThresholds(config, oncePerPerson(config), {
  stentor_pongs: ["rate>0.999"],
  // Where an outage is allowed, so are the attempts that it turns away.
  ...(reconnects_max > 0 ? { stentor_connected: [] } : {}),
  stentor_reconnects: [`count<=${reconnects_max}`],
  // Each break brings a reconnect: one limit is for both.
  stentor_breaks: [`count<=${Math.max(config.errors_max, reconnects_max)}`],
});
export const setup = probe(config);
export const handleSummary = summary(config);

export default async function (data) {
  const me = exec.vu.idInTest;
  const end = exec.scenario.startTime + config.duration_s * 1000;
  let sent = 0;
  let attempt = 0;
  while (Date.now() < end) {
    const result = await stay({ data, me, end, sent });
    sent = result.sent;
    attempt = result.isOpened ? 0 : attempt + 1;
    const pause = backoff(attempt);
    if (Date.now() + pause >= end) return;
    reconnects.add(1);
    await sleep(pause);
  }
}

/** One connection for as long as it lasts, the end of the run at most. */
async function stay({ data, me, end, sent }) {
  const ledger = new Ledger();
  ledger.expect(me, sent);
  // Sent, and not answered yet: when.
  const pings = new Set();
  const answered = (at, isInTime) => {
    if (pings.delete(at)) pongs.add(isInTime);
  };
  const connection = new Connection(config, {
    room: roomName(config, data, me % config.rooms),
    onMessage: (message) => {
      if (message.type === "chat") ledger.hear(message.data);
      if (message.type !== "pong") return;
      pongTime.add(Date.now() - message.data.at);
      answered(message.data.at, true);
    },
  });
  const farewell_at = end + Math.max(SETTLE_MS, pong_within_ms);
  let isLast = false;
  connection.after(farewell_at - Date.now(), () => {
    isLast = true;
    connection.close();
  });
  const isOpened = await connection.opened;
  if (isOpened) {
    connection.repeat(humanPause(config.rate), () => {
      if (Date.now() >= end) return;
      speak(connection, me, sent, Date.now());
      sent += 1;
    });
    connection.repeat(() => ping_every_ms, () => {
      const at = Date.now();
      if (at >= end) return;
      pings.add(at);
      connection.say("ping", { at });
      connection.after(pong_within_ms, () => answered(at, false));
    });
  }
  await connection.closed;
  // After a break nobody knows what was on its way: it counts as the break, not as a loss.
  if (isLast) ledger.close(me, sent);
  return { sent, isOpened };
}
