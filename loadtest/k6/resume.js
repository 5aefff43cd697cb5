// Clients that drop and come back with the id of the last message they heard.
//
// The first TALKERS of each room stay and say RATE messages a second; all others listen for about
// STAY, are away for about AWAY, and return with `last_id`. The server must answer each return
// with the event `resume` before anything else, and must not call `recovered` what has a hole.
//
// How much was recovered is counted, and judged only with EXPECT_RECOVERY=1: a server that keeps no
// history answers `recovered:false` and replays nothing, which is honest and no fault.

import exec from "k6/execution";
import { Counter, Rate } from "k6/metrics";

import {
  Connection, duration, eventOf, Ledger, metrics, oncePerPerson, options as withThresholds, probe,
  roomName, settings, SETTLE_MS, sleep, speak, summary, text, whole,
} from "./lib/stentor.js";

const config = settings("resume", { vus: 20, rooms: 2, rate: 5, duration: "30s" });
const talkers = whole("TALKERS", 1);
const stay_ms = 1000 * duration("STAY", "3s");
const away_ms = 1000 * duration("AWAY", "1s");
const expects_recovery = text("EXPECT_RECOVERY", "0") === "1";
if (stay_ms < 100 || away_ms < 100) throw new Error("STAY and AWAY must be 100ms or more");
if (talkers < 1 || talkers * config.rooms >= config.vus) {
  throw new Error("TALKERS must be above zero, and leave VUS that only listen");
}

const returns = new Counter("stentor_returns");
const answered = new Rate("stentor_resume_answered");
const recovered = new Rate("stentor_resume_recovered");
const honest = new Rate("stentor_resume_honest");
const replayed = new Counter("stentor_replayed");
const missedAway = new Counter("stentor_missed_while_away");

export const options = withThresholds(config, oncePerPerson(config), {
  stentor_returns: ["count>0"],
  stentor_resume_answered: ["rate>=1"],
  stentor_resume_honest: ["rate>=1"],
  ...(expects_recovery ? { stentor_resume_recovered: ["rate>=0.99"] } : {}),
});
export const setup = probe(config);
export const handleSummary = summary(config);

export default async function (data) {
  const seat = exec.vu.idInTest - 1;
  const room = roomName(config, data, seat % config.rooms);
  const start = exec.scenario.startTime + config.warm_up_s * 1000;
  const end = start + config.duration_s * 1000;
  if (seat < talkers * config.rooms) await talk({ seat, room, start, end });
  else await commute({ room, start, end });
}

async function talk({ seat, room, start, end }) {
  const total = Math.max(1, Math.round(config.duration_s * config.rate));
  const ledger = new Ledger();
  ledger.expect(seat);
  const connection = new Connection(config, {
    room,
    onMessage: (message) => {
      if (message.type !== "chat") return;
      ledger.hear(message.data);
      if (ledger.hasAll(seat, total)) connection.close();
    },
  });
  let sent = 0;
  const say = () => {
    const due = start + (sent * 1000) / config.rate;
    connection.after(due - Date.now(), () => {
      speak(connection, seat, sent, due);
      sent += 1;
      if (sent < total) say();
    });
  };
  connection.after(end + SETTLE_MS - Date.now(), () => connection.close());
  if (await connection.opened) say();
  await connection.closed;
  metrics.unsent.add(total - sent);
  ledger.close(seat, sent);
}

async function commute({ room, start, end }) {
  const memory = { ledger: new Ledger(), last_id: null };
  let until = Math.min(end, start + around(stay_ms));
  while (true) {
    await listen(memory, room, until);
    const pause = around(away_ms);
    if (Date.now() + pause >= end) return;
    await sleep(pause);
    until = Math.min(end, Date.now() + around(stay_ms));
  }
}

function around(ms) {
  return ms * (0.75 + Math.random() / 2);
}

/** One connection until a moment; what was heard stays in the memory for the next one. */
async function listen(memory, room, until) {
  const resumes = memory.last_id !== null;
  const back = {
    resume: null, isLate: false, toReplay: 0, isReplayed: new Set(), isLive: new Set(),
  };
  const connection = new Connection(config, {
    room,
    query: resumes ? [`last_id=${memory.last_id}`] : [],
    onMessage: (message) => {
      if (eventOf(message) === "resume") {
        back.resume = message.data;
        back.toReplay = message.data.replayed;
        recovered.add(message.data.recovered === true);
      }
      if (message.type !== "chat") return;
      if (resumes && back.resume === null) back.isLate = true;
      hear(memory, back, message, resumes);
    },
  });
  connection.after(until - Date.now(), () => connection.close());
  const isOpened = await connection.opened;
  await connection.closed;
  if (!isOpened || !resumes) return;
  returns.add(1);
  answered.add(back.resume !== null && !back.isLate);
}

/** A message after a return: first what is replayed, then what is live. */
function hear(memory, back, message, resumes) {
  const { talker, n } = message.data;
  const next = memory.ledger.next.get(talker);
  const isReplay = back.toReplay > 0;
  if (isReplay) {
    back.toReplay -= 1;
    replayed.add(1);
    // A replay may begin a little early; what was heard before is dropped.
    if (next !== undefined && n < next) return;
  }
  memory.last_id = message.id;
  if (resumes && next !== undefined && (isReplay || !back.isLive.has(talker))) {
    const missed = Math.max(0, n - next);
    const isRecovered = back.resume !== null && back.resume.recovered === true;
    honest.add(missed === 0 || !isRecovered);
    // What was announced as lost is no silent loss: the account goes on from here. Behind a
    // replay, and where all was said to be there, a hole stays a loss.
    if (isReplay || !(isRecovered || back.isReplayed.has(talker))) {
      missedAway.add(missed);
      memory.ledger.expect(talker, Math.max(n, next));
    }
  }
  (isReplay ? back.isReplayed : back.isLive).add(talker);
  if (isReplay) memory.ledger.expect(talker, n + 1);
  else memory.ledger.hear(message.data);
}
