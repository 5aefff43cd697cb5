// The dashboard: asks the pod every two seconds, and shows what it answers.

import { basePath } from "./base.js";
import { Chart } from "./chart.js";
import { bidi, element } from "./elements.js";
import { recall, remember } from "./memory.js";
import { quantile, rate, Reading } from "./reading.js";
import { bytes, count, percent, perSecond, seconds, span } from "./units.js";

const EVERY_MS = 2_000;
/** Lines of the two tables of what stands out. */
const LISTED = 8;
/** A pod that does not answer for so long is said to be away. */
const TIMEOUT_MS = 5_000;

const byId = (id) => document.getElementById(id);
const page = {
  pod: byId("pod"), state: byId("state"), trouble: byId("trouble"), access: byId("access"),
  key: byId("key"), tiles: byId("tiles"), bus: byId("bus"), ends: byId("ends"), kept: byId("kept"),
};
const rates = new Chart(byId("rates"), {
  format: perSecond,
  lines: [{ name: "delivered", className: "first" }, { name: "received", className: "second" },
    { name: "dropped", className: "lost" }],
});
const latency = new Chart(byId("latency"), {
  format: seconds,
  lines: [{ name: "p99", className: "first" }, { name: "median", className: "second" },
    { name: "from other pods, p99", className: "third" }],
});

let order = "lag";
let key = recall("sessionStorage", "api-key") ?? "";
/** The look before this one, which rates are taken against. */
let before = null;
/** Which round is the last that was begun; an answer to an older one is no news. */
let round = 0;
let timer = 0;

for (const button of document.querySelectorAll("[data-order]")) {
  button.addEventListener("click", () => {
    order = button.dataset.order;
    for (const one of document.querySelectorAll("[data-order]")) {
      one.ariaPressed = String(one === button);
    }
    look();
  });
}
page.access.addEventListener("submit", (event) => {
  event.preventDefault();
  key = page.key.value.trim();
  page.key.value = "";
  remember("sessionStorage", "api-key", key);
  look();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) look();
});
look();

/** Asks once, and again a while later; nobody who looks elsewhere asks. */
async function look() {
  clearTimeout(timer);
  const own = (round += 1);
  try {
    const [reading, behind, busy] = await Promise.all([
      ask(new URL("metrics", siteRoot())).then(async (answer) =>
        new Reading(await answer.text(), performance.now())),
      askStats(order), askStats("rooms"),
    ]);
    if (own !== round) return;
    show(reading, behind, busy);
    stand("connected", "live");
  } catch (error) {
    if (own !== round) return;
    if (error.status === 401) wantKey();
    else stand("reconnecting", "no answer", "The pod does not answer. It is asked again.");
  }
  if (!document.hidden) timer = setTimeout(look, EVERY_MS);
}

/** What is no part of the API begins where this page lies. */
function siteRoot() {
  return new URL(".", location.href);
}

async function askStats(top) {
  const url = new URL("ws/stats", basePath());
  url.search = new URLSearchParams({ top, limit: LISTED });
  return (await ask(url)).json();
}

async function ask(url) {
  const headers = key ? { "x-api-key": key } : {};
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  return answer;
}

function stand(state, words, trouble = "") {
  page.state.dataset.state = state;
  page.state.textContent = words;
  page.trouble.textContent = trouble;
  page.trouble.hidden = !trouble;
  if (state === "connected") page.access.hidden = true;
}

function wantKey() {
  stand("stopped", "key needed", key ? "This key is wrong." : "");
  page.access.hidden = false;
  if (document.activeElement === document.body) page.key.focus();
}

function show(now, behind, busy) {
  const value = (name, labels) => now.sum(name, labels);
  const pace = (name, labels) => rate(before, now, name, labels);
  const [version] = now.samples("realtime_build_info").map(({ labels }) => labels.version);
  page.pod.textContent = `${behind.pod} · version ${version} · up ${span(behind.uptime_seconds)}`
    + (value("realtime_draining") ? " · leaving" : "");
  showTiles(now, value, pace);
  rates.add(["sent", "received", "dropped"].map((what) => pace(`realtime_messages_${what}_total`)));
  const took = (share, path) =>
    before ? quantile(share, before, now, "realtime_delivery_seconds", { path }) : undefined;
  latency.add([took(0.99, "local"), took(0.5, "local"), took(0.99, "remote")]);
  showShards(now, behind.shards, pace);
  showBus(behind.redis, value, pace);
  showBehind(behind.top.connections);
  showBusy(busy.top.rooms);
  showEnds(now);
  facts(page.kept, [
    ["Messages kept", count(value("realtime_history_messages") ?? 0)],
    ["Memory of the history", bytes(value("realtime_history_bytes") ?? 0)],
    ["Resumes, all recovered", count(value("realtime_resumes_total", { result: "recovered" }) ?? 0)],
    ["Resumes, maybe incomplete",
      count(value("realtime_resumes_total", { result: "incomplete" }) ?? 0)],
    ["Messages told again", count(value("realtime_messages_replayed_total") ?? 0)],
    ["Rooms whose members are known", count(value("realtime_presence_rosters") ?? 0)],
  ]);
  before = now;
}

function showTiles(now, value, pace) {
  const connections = value("realtime_connections");
  const places = value("realtime_connections_max");
  const dropped = pace("realtime_messages_dropped_total");
  const fan = (pace("realtime_messages_sent_total") ?? 0) / (pace("realtime_messages_received_total") || 1);
  const memory = value("process_resident_memory_bytes");
  const tile = (name, text, aside = "", isAlarm = false) => {
    const made = element("div", isAlarm ? "tile alarm" : "tile");
    const words = element("dd", "", text);
    if (aside) words.append(element("span", "aside", aside));
    made.append(element("dt", "", name), words);
    return made;
  };
  const told = (value, format) => (value === undefined ? "–" : format(value));
  page.tiles.replaceChildren(
    tile("Connections", count(connections),
      places ? `${percent(connections / places)} of ${count(places)}` : "",
      places > 0 && connections / places > 0.9),
    tile("Rooms", count(value("realtime_rooms"))),
    tile("Delivered", told(pace("realtime_messages_sent_total"), perSecond),
      fan >= 1 ? `${count(fan)} for each received` : ""),
    tile("Received", told(pace("realtime_messages_received_total"), perSecond)),
    tile("Dropped", told(dropped, perSecond), `${count(value("realtime_messages_dropped_total"))} in all`,
      dropped > 0),
    tile("Handshakes", told(pace("realtime_connections_opened_total"), perSecond),
      `${count(value("realtime_handshakes"))} under way`),
    tile("Memory", told(memory, bytes),
      memory && connections >= 100 ? `${bytes(memory / connections)} a connection` : ""),
  );
}

function showShards(now, shards, pace) {
  rows("shards", shards.map(({ connections, rooms, queued }, number) => {
    const shard = { shard: String(number) };
    const busy = pace("realtime_shard_busy_seconds_total", shard);
    const meter = element("span", "meter");
    const bar = element("progress", "");
    bar.value = Math.min(1, busy ?? 0);
    bar.setAttribute("aria-label", `shard ${number}`);
    meter.append(bar, element("span", "", busy === undefined ? "–" : percent(Math.min(1, busy))));
    const turn = now.sum("realtime_shard_lag_seconds", shard) ?? 0;
    return [String(number), meter, count(connections), count(rooms), count(queued), seconds(turn)];
  }));
}

function showBus(redis, value, pace) {
  if (!redis.enabled) {
    facts(page.bus, [["Redis", "not used: this pod is alone"]]);
    return;
  }
  const told = (number, format) => (number === undefined ? "–" : format(number));
  facts(page.bus, [
    ["Redis", redis.connected ? "heard" : "not heard"],
    ["Probe, there and back", seconds(value("realtime_redis_probe_latency_seconds") ?? 0)],
    ["Published", told(pace("realtime_redis_messages_published_total"), perSecond)],
    ["Heard from other pods", told(pace("realtime_redis_messages_heard_total"), perSecond)],
    ["On their way", count(value("realtime_redis_in_flight") ?? 0)],
    ["Waiting for Redis", `${count(value("realtime_redis_outage_buffer_messages") ?? 0)} · `
      + bytes(value("realtime_redis_outage_buffer_bytes") ?? 0)],
    ["Channels heard", count(value("realtime_redis_subscriptions") ?? 0)],
    ["Reconnects", count(value("realtime_redis_reconnects_total") ?? 0)],
    ["Known to be lost", count((value("realtime_redis_messages_missed_total") ?? 0)
      + (value("realtime_redis_messages_dropped_total") ?? 0))],
  ]);
}

function showBehind(connections) {
  rows("behind", connections.map(({ client_id, user, lag_seconds, queued, queued_bytes, rooms }) => {
    // An id has its chance at its end; its beginning is the time.
    const who = bidi("span", "", user ?? `…${client_id.slice(-12)}`);
    who.title = client_id;
    return [who, seconds(lag_seconds), count(queued), bytes(queued_bytes), count(rooms)];
  }));
}

function showBusy(rooms) {
  rows("busy", rooms.map(({ room, deliveries_per_second, connections }) => {
    const name = room === null ? element("em", "", "everybody") : bidi("span", "", room);
    if (room !== null) name.title = room;
    return [name, perSecond(deliveries_per_second), count(connections)];
  }));
}

function showEnds(now) {
  const of = (name, label, words) => now.samples(name)
    .filter(({ value }) => value > 0)
    .map(({ labels, value }) => [`${words} ${labels[label].replaceAll("_", " ")}`, value]);
  const ends = [
    ...of("realtime_connections_closed_total", "code", "closed with"),
    ...of("realtime_connections_refused_total", "reason", "refused:"),
  ].sort(([, one], [, other]) => other - one).slice(0, LISTED);
  facts(page.ends, ends.map(([words, value]) => [words, count(value)]));
  page.ends.nextElementSibling.hidden = ends.length > 0;
}

/** A table's rows anew; where it has none, what stands behind it says so. */
function rows(id, lines) {
  const made = lines.map((cells) => {
    const row = document.createElement("tr");
    cells.forEach((cell, at) => {
      const place = element("td", at === 0 ? "name" : "");
      place.append(cell);
      row.append(place);
    });
    return row;
  });
  const table = byId(id);
  table.tBodies[0].replaceChildren(...made);
  table.hidden = lines.length === 0;
  const none = table.closest(".panel").querySelector(".none");
  if (none) none.hidden = lines.length > 0;
}

function facts(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([name, text]) =>
    [element("dt", "", name), element("dd", "", text)]));
}
