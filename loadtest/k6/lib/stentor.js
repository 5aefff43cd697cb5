// What the k6 scripts share: settings, one connection, the account of what a listener is owed,
// metrics with their thresholds, and the summary. It knows no scenario.
//
// Newer k6 have this module as `k6/websockets`; then this one line changes.
import { WebSocket } from "k6/experimental/websockets";
import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";

const PROBE_MS = 10000;
const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 10000;
/** Only the first few VUs tell faults in words: the counters tell them all. */
const WARNING_VUS_MAX = 3;
const NOTHING = "nothing seen";
const UNIT_S = { ms: 0.001, s: 1, m: 60, h: 3600 };
/** How long a listener waits, after the last word, for what it is still owed. */
export const SETTLE_MS = 1000 * duration("SETTLE", "3s");

export const metrics = {
  connected: new Rate("stentor_connected"),
  connectTime: new Trend("stentor_connect_ms"),
  delivered: new Rate("stentor_delivered"),
  latency: new Trend("stentor_latency_ms"),
  outOfOrder: new Counter("stentor_out_of_order"),
  sent: new Counter("stentor_sent"),
  unsent: new Counter("stentor_unsent"),
  refusals: new Counter("stentor_refusals"),
  breaks: new Counter("stentor_breaks"),
};

// ---- settings --------------------------------------------------------------------------------

/** Reads the environment; a value that makes no sense ends the run before it begins. */
export function settings(script, defaults) {
  const vus = whole("VUS", defaults.vus);
  const config = {
    script,
    url: text("WS_URL", "ws://127.0.0.1:8080/ws"),
    token: text("TOKEN", ""),
    summary: text("SUMMARY", besideTheScripts(`summary-${script}.json`)),
    vus,
    rooms: whole("ROOMS", defaults.rooms),
    rate: number("RATE", defaults.rate),
    duration_s: duration("DURATION", defaults.duration),
    warm_up_s: duration("WARM_UP", `${(1 + vus / 200).toFixed(1)}s`),
    delivered_min: number("DELIVERED_MIN", 0.999),
    latency_p95_max_ms: number("LATENCY_P95_MAX_MS", 250),
    connect_p95_max_ms: number("CONNECT_P95_MAX_MS", 1000),
    errors_max: whole("ERRORS_MAX", 0),
  };
  if (config.rooms < 1 || config.rooms > vus) {
    throw new Error(`ROOMS is ${config.rooms}: it must be from 1 to VUS, which is ${vus}`);
  }
  if (vus < 1 || config.rate <= 0 || config.duration_s <= 0) {
    throw new Error("VUS, RATE and DURATION must be above zero");
  }
  return config;
}

export function text(name, byDefault) {
  return __ENV[name] || byDefault;
}

export function number(name, byDefault) {
  const value = Number(text(name, byDefault));
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${name} is ${__ENV[name]}: it must be a number, zero or more`);
}

export function whole(name, byDefault) {
  const value = number(name, byDefault);
  if (Number.isInteger(value)) return value;
  throw new Error(`${name} is ${__ENV[name]}: it must be a whole number`);
}

/** Seconds of `500ms`, `30s`, `2m`, `1h30m`. */
export function duration(name, byDefault) {
  const value = text(name, byDefault);
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) {
    throw new Error(`${name} is ${value}: write it as 500ms, 30s, 2m or 1h`);
  }
  const parts = value.match(/[\d.]+(ms|s|m|h)/g);
  const seconds = (part) => parseFloat(part) * UNIT_S[part.replace(/[\d.]/g, "")];
  return parts.reduce((sum, part) => sum + seconds(part), 0);
}

function besideTheScripts(name) {
  return decodeURIComponent(import.meta.resolve(`../${name}`).replace(/^file:\/\//, ""));
}

// ---- options ---------------------------------------------------------------------------------

/** One scenario with the thresholds that all scripts have, and those of its own. */
export function options(config, scenario, thresholds = {}) {
  return {
    scenarios: { [config.script]: scenario },
    thresholds: {
      stentor_connected: ["rate>0.999"],
      stentor_connect_ms: [`p(95)<=${config.connect_p95_max_ms}`],
      stentor_delivered: [`rate>=${config.delivered_min}`],
      stentor_latency_ms: [`p(95)<=${config.latency_p95_max_ms}`],
      stentor_out_of_order: ["count<=0"],
      // k6 passes a ratio that saw nothing; a run in which nobody spoke must not pass.
      stentor_sent: ["count>0"],
      stentor_refusals: [`count<=${config.errors_max}`],
      stentor_breaks: [`count<=${config.errors_max}`],
      ...thresholds,
    },
    summaryTrendStats: ["count", "med", "p(95)", "p(99)", "max"],
    // Without `url`: it holds the token, and with `last_id` each would be a time series of its own.
    systemTags: ["scenario", "status", "error", "error_code"],
  };
}

/** A scenario in which every VU plays one person from the beginning to the end. */
export function oncePerPerson(config) {
  const seconds = config.warm_up_s + config.duration_s + SETTLE_MS / 1000 + 30;
  return {
    executor: "per-vu-iterations",
    vus: config.vus,
    iterations: 1,
    maxDuration: `${Math.ceil(seconds)}s`,
    gracefulStop: "5s",
  };
}

// ---- before the run --------------------------------------------------------------------------

/** k6's `setup`: asks the server for its welcome once, so that a wrong address is told at once. */
export function probe(config) {
  return async () => {
    const run = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}`;
    let isStentor = false;
    const connection = new Connection(config, {
      query: ["events=1"],
      isProbe: true,
      onMessage: (message) => {
        isStentor = eventOf(message) === "welcome";
        connection.close();
      },
    });
    connection.after(PROBE_MS, () => connection.close());
    await connection.closed;
    const address = withoutQuery(config.url);
    if (!isStentor) exec.test.abort(`${address} does not answer as a Stentor server`);
    return { run };
  };
}

/** What may be shown of an address: a query may hold a token. */
function withoutQuery(url) {
  return url.split("?")[0];
}

/** The name of a room that no other run has. */
export function roomName(config, { run }, number) {
  return `k6-${config.script}-${run}-${number}`;
}

// ---- one connection --------------------------------------------------------------------------

/**
 * One WebSocket with its timers, which end with it. `opened` resolves with true or false,
 * `closed` when all is over; neither rejects. An end that nobody asked for counts as a break.
 */
export class Connection {
  constructor(config, { room, query = [], onMessage, isProbe = false }) {
    this.timers = new Set();
    this.state = "connecting";
    this.isProbe = isProbe;
    const started = Date.now();
    const parts = query.slice();
    if (room !== undefined) parts.push(`room=${encodeURIComponent(room)}`);
    if (config.token) parts.push(`token=${encodeURIComponent(config.token)}`);
    const glue = config.url.includes("?") ? "&" : "?";
    this.opened = new Promise((resolve) => { this.tellOpened = resolve; });
    this.closed = new Promise((resolve) => { this.tellClosed = resolve; });
    this.socket = new WebSocket(parts.length ? config.url + glue + parts.join("&") : config.url);
    this.socket.onopen = () => {
      if (this.state !== "connecting") return this.socket.close();
      this.state = "open";
      this.count(() => {
        metrics.connected.add(true);
        metrics.connectTime.add(Date.now() - started);
      });
      this.tellOpened(true);
    };
    this.socket.onmessage = (event) => this.hear(event.data, onMessage);
    this.socket.onerror = (event) => this.end(`error ${event.error || ""}`);
    // This k6 tells no close code.
    this.socket.onclose = () => this.end("closed");
  }

  get isOpen() {
    return this.state === "open";
  }

  hear(data, onMessage) {
    const message = JSON.parse(data);
    if (message.type === "error") {
      this.count(() => metrics.refusals.add(1, { code: message.data.code }));
      warnOnce(`refused: ${message.data.code}`);
      return;
    }
    onMessage(message);
  }

  say(type, data) {
    this.socket.send(JSON.stringify({ type, data }));
  }

  /** Runs something later, unless the connection has ended by then. */
  after(ms, body) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      body();
    }, Math.max(0, ms));
    this.timers.add(timer);
  }

  /** Runs something again and again, with a pause that is drawn anew each time. */
  repeat(pause, body) {
    this.after(pause(), () => {
      body();
      if (this.isOpen) this.repeat(pause, body);
    });
  }

  close() {
    if (this.state === "ended" || this.state === "closing") return;
    const was = this.state;
    this.state = "closing";
    // A socket that never opened cannot be closed politely.
    if (was === "connecting") this.end("not answered in time");
    else this.socket.close();
  }

  end(why) {
    const was = this.state;
    if (was === "ended") return;
    this.state = "ended";
    this.timers.forEach((timer) => clearTimeout(timer));
    this.timers.clear();
    if (was === "open") {
      this.count(() => metrics.breaks.add(1));
      warnOnce(`connection broken: ${why}`);
    } else if (was === "connecting") {
      this.count(() => metrics.connected.add(false));
      warnOnce(`not connected: ${why}`);
    }
    this.tellOpened(false);
    this.tellClosed();
  }

  /** The probe before the run is in no figure. */
  count(body) {
    if (!this.isProbe) body();
  }
}

const warned = new Set();

function warnOnce(what) {
  if (exec.vu.idInTest > WARNING_VUS_MAX || warned.has(what)) return;
  warned.add(what);
  console.warn(what);
}

/** `data.event` of a system message, else nothing. */
export function eventOf(message) {
  return message.type === "system" && message.data ? message.data.event : undefined;
}

/** Full jitter: a pause before the given attempt, the first being 0. */
export function backoff(attempt) {
  return Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** attempt);
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// ---- who owes what to whom -------------------------------------------------------------------

/**
 * What one listener is owed. Each talker numbers its messages from 0; a number that was jumped
 * over was not delivered, one that comes again or too late is out of order. Of a talker that is
 * not expected from the start, only what comes after its first word is known to be owed.
 */
export class Ledger {
  constructor() {
    this.next = new Map();
  }

  /** This talker is listened to from its message `first` on. */
  expect(talker, first = 0) {
    this.next.set(talker, first);
  }

  /** Takes a delivery into account: the number of messages missed just before it, or -1. */
  hear({ talker, n, at }) {
    const next = this.next.has(talker) ? this.next.get(talker) : n;
    if (n < next) {
      metrics.outOfOrder.add(1);
      return -1;
    }
    this.next.set(talker, n + 1);
    miss(n - next);
    metrics.delivered.add(true);
    metrics.latency.add(Date.now() - at);
    return n - next;
  }

  hasAll(talker, total) {
    return (this.next.get(talker) || 0) >= total;
  }

  /** At the end: what of `total` has not come from a talker is not coming any more. */
  close(talker, total) {
    miss(total - (this.next.get(talker) || 0));
    this.next.set(talker, total);
  }
}

function miss(count) {
  for (let i = 0; i < count; i += 1) metrics.delivered.add(false);
}

/** A word of a talker; `at` is when it was due, so that a stall of the sender shows as latency. */
export function speak(connection, talker, n, at) {
  connection.say("chat", { talker, n, at, content: `message ${n} of ${talker}` });
  metrics.sent.add(1);
}

/** A pause around `1 / rate` seconds, between half and one and a half of it, as people have it. */
export function humanPause(rate) {
  return () => (1000 / rate) * (0.5 + Math.random());
}

/**
 * One person of a gathering that is complete before anybody talks: every member of a room is owed
 * every message that the plan has for the room's talkers, so the ratio is exact. A message that
 * was not sent because its talker's connection was gone is undelivered too.
 *
 * Seats are dealt to the rooms in turn; the first `talkers` of each room talk. `jitter` moves each
 * message within its own slot of `1 / rate` seconds: 0 = an even beat, 1 = anywhere.
 */
export async function attend(config, data, { talkers, jitter }) {
  const seat = exec.vu.idInTest - 1;
  const room = seat % config.rooms;
  const start = exec.scenario.startTime + config.warm_up_s * 1000;
  const total = Math.max(1, Math.round(config.duration_s * config.rate));
  const ledger = new Ledger();
  for (let t = room; t < config.vus && t < room + talkers * config.rooms; t += config.rooms) {
    ledger.expect(t);
  }
  const owed = Array.from(ledger.next.keys());
  let unsent = owed.includes(seat) ? total : 0;
  const connection = new Connection(config, {
    room: roomName(config, data, room),
    onMessage: (message) => {
      if (message.type !== "chat") return;
      ledger.hear(message.data);
      if (unsent === 0 && owed.every((talker) => ledger.hasAll(talker, total))) connection.close();
    },
  });
  const say = (n) => {
    const due = start + ((n + jitter * Math.random()) * 1000) / config.rate;
    connection.after(due - Date.now(), () => {
      speak(connection, seat, n, due);
      unsent -= 1;
      if (unsent > 0) say(n + 1);
    });
  };
  const end = start + config.duration_s * 1000 + SETTLE_MS;
  connection.after(end - Date.now(), () => connection.close());
  if ((await connection.opened) && unsent > 0) say(0);
  await connection.closed;
  metrics.unsent.add(unsent);
  owed.forEach((talker) => ledger.close(talker, total));
}

// ---- the summary -----------------------------------------------------------------------------

/** k6's `handleSummary`: all metrics as JSON into a file, ours as text on the terminal. */
export function summary(config) {
  return (data) => {
    const { token, ...told } = config;
    const url = withoutQuery(config.url);
    const report = { ...told, url, has_token: token !== "", metrics: data.metrics };
    const json = `${JSON.stringify(report, null, 2)}\n`;
    return { [config.summary]: json, stdout: asText(config, data) };
  };
}

function asText(config, data) {
  const ours = Object.keys(data.metrics).filter((name) => name.startsWith("stentor_")).sort();
  const lines = ours.map((name) => {
    const limits = Object.entries(data.metrics[name].thresholds || {});
    const shown = figure(data.metrics[name]);
    const verdict = (ok) => (ok && shown === NOTHING ? "not judged" : ok ? "ok" : "FAILED");
    const judged = limits.map(([limit, { ok }]) => `${limit} ${verdict(ok)}`).join(", ");
    const short = name.replace("stentor_", "").replace(/_ms$/, "").replace(/_/g, " ");
    return `  ${short.padEnd(20)} ${shown.padEnd(46)} ${judged}`.trimEnd();
  });
  const seconds = (data.state.testRunDurationMs / 1000).toFixed(1);
  const of = `${config.vus} people, ${config.rooms} rooms, ${config.rate} messages/s a talker`;
  const end = `  written: ${config.summary}`;
  return `\n${config.script}: ${of}, ${seconds} s\n${lines.join("\n")}\n${end}\n\n`;
}

function figure({ type, values }) {
  if (type === "rate") {
    const all = values.passes + values.fails;
    const percent = (values.rate * 100).toFixed(3);
    return all ? `${percent} % (${values.passes} of ${all})` : NOTHING;
  }
  if (type === "trend") {
    const parts = ["med", "p(95)", "p(99)", "max"].map((at) => `${at} ${values[at].toFixed(0)}`);
    return values.count ? `${parts.join(", ")} ms` : NOTHING;
  }
  return String(values.count);
}
