// The dashboard in a real browser, over a server under load.
//
// Environment: STENTOR_BIN = the server's binary. SHOTS = where to put pictures (none without it).
// CHROMIUM and TOOLS as browser.mjs says. Node before 22 needs --experimental-websocket.

import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { quantile, rate, Reading } from "../static/reading.js";
import { bytes, count, perSecond, seconds, span } from "../static/units.js";
import { launch } from "./browser.mjs";
import { check, equal, holds, run, WAIT_MS } from "./checks.mjs";
import { freePort, Server } from "./server.mjs";

const KEY = "a-key-of-this-test";
const SIZES = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 900 } };
const LISTENERS = 40;
const EVERY_MS = 10;

async function numbers() {
  const page = (taken, sent) => `# HELP seconds Time.
# TYPE seconds histogram
seconds_bucket{path="local",le="0.001"} ${taken[0]}
seconds_bucket{path="local",le="0.01"} ${taken[1]}
seconds_bucket{path="local",le="+Inf"} ${taken[2]}
sent_total{shard="0"} ${sent}
sent_total{shard="1"} 5
build_info{version="1.2",note="a \\"quoted\\" word"} 1
`;
  const before = new Reading(page([10, 10, 10], 100), 1_000);
  const now = new Reading(page([20, 110, 110], 300), 3_000);
  await check("samples are read with their labels", async () => {
    equal(now.sum("sent_total"), 305, "the sum");
    equal(now.sum("sent_total", { shard: "1" }), 5, "one shard");
    equal(now.samples("build_info")[0].labels.version, "1.2", "a label");
    equal(now.sum("nothing"), undefined, "what is not there");
  });
  await check("a rate is what came in a second, also where the server began anew", async () => {
    equal(rate(before, now, "sent_total"), 100, "the rate");
    equal(rate(now, new Reading(page([0, 0, 0], 35), 5_000), "sent_total"), 20, "after a restart");
    equal(rate(null, now, "sent_total"), undefined, "without a look before");
  });
  await check("quantiles are those of the time between two looks", async () => {
    const of = (share) => quantile(share, before, now, "seconds", { path: "local" });
    equal(seconds(of(0.05)), "500 µs", "the 5th percentile");
    equal(seconds(of(0.55)), "5.5 ms", "the 55th");
    equal(quantile(0.5, now, now, "seconds", { path: "local" }), undefined, "of nothing");
    const late = new Reading(page([20, 110, 210], 300), 5_000);
    equal(quantile(0.5, now, late, "seconds", { path: "local" }), 0.01, "above the last bound");
  });
  await check("numbers are told as people read them", async () => {
    const told = [count(12_345), count(1_234_567), perSecond(2.25), bytes(1_536), bytes(5e9),
      seconds(0.00025), seconds(0.0031), seconds(0.25), seconds(12), span(90_061), span(59)];
    equal(told.join("; "), "12,345; 1.2M; 2.3/s; 1.5 KiB; 4.7 GiB; 250 µs; 3.1 ms; 250 ms; "
      + "12.0 s; 1 d 1 h; 59 s", "the words");
  });
}

/** Listeners, somebody who talks a hundred times a second, and one who does not read. */
async function load(url) {
  const base = `${url.replace("http", "ws")}api/chat-api/ws`;
  const sockets = Array.from({ length: LISTENERS }, (_, number) =>
    new WebSocket(`${base}/${number % 2 ? "lobby" : "the-quiet-room"}?room=general`));
  const talker = new WebSocket(`${base}/lobby`);
  await Promise.all([...sockets, talker].map((socket) =>
    new Promise((done, fail) => Object.assign(socket, { onopen: done, onerror: fail }))));
  const { hostname, port } = new URL(url);
  const stalled = connect(Number(port), hostname);
  stalled.write(`GET /ws/lobby?events=1 HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\n`
    + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  stalled.on("error", () => {});
  stalled.pause();
  const data = "x".repeat(30_000);
  const timer = setInterval(() => talker.send(JSON.stringify({ data })), EVERY_MS);
  return () => {
    clearInterval(timer);
    stalled.destroy();
    for (const socket of [...sockets, talker]) socket.close();
  };
}

async function watching(browser, server, folder) {
  const complaints = [];
  const stop = await load(server.url);
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ["light", "dark"]) {
      const look = `${size}-${colorScheme}`;
      const context = await browser.newContext({ viewport, colorScheme });
      const page = await context.newPage();
      page.setDefaultTimeout(WAIT_MS);
      page.on("pageerror", (error) => complaints.push(`${look}: ${error}`));
      page.on("console", (entry) => {
        const isRefusal = /401 \(Unauthorized\)/.test(entry.text());
        if (entry.type() === "error" && !isRefusal) complaints.push(`${look}: ${entry.text()}`);
      });
      await page.goto(`${server.url}dashboard`);
      await check(`${look}: without the key it asks for it, and says where one is wrong`, async () => {
        await page.locator('#state[data-state="stopped"]').waitFor();
        await page.fill("#key", "wrong");
        await page.press("#key", "Enter");
        await page.locator("#trouble").getByText("This key is wrong.").waitFor();
        await page.fill("#key", KEY);
        await page.press("#key", "Enter");
        await page.locator('#state[data-state="connected"]').waitFor();
        equal(await page.isVisible("#access"), false, "the form is still there");
      });
      await check(`${look}: it shows the load`, async () => {
        const tile = (name) =>
          page.locator(".tile").filter({ has: page.locator("dt", { hasText: name }) });
        await tile("Delivered").getByText(/^[1-9][\d,.K]*\/s/).waitFor();
        holds(/^42/.test(await tile("Connections").locator("dd").textContent()), "connections");
        await page.locator("#busy tbody tr").first().getByText("lobby").waitFor();
        await page.locator("#latency .legend.first b", { hasText: /s$/ }).waitFor();
        await page.locator("#behind tbody tr").first().getByText(/KiB|MiB/).first().waitFor();
        const shards = await page.locator("#shards tbody tr").count();
        equal(shards, 2, "lines of shards");
        holds(await page.locator("#rates .line.first").getAttribute("d") !== "", "no line is drawn");
        holds(/version \d/.test(await page.textContent("#pod")), "the version");
        await page.locator("#bus").getByText("not used: this pod is alone").waitFor();
      });
      await check(`${look}: the slowest may be put in order of bytes`, async () => {
        const asked = page.waitForRequest(/top=bytes/);
        await page.click('[data-order="bytes"]');
        await asked;
        equal(await page.getAttribute('[data-order="bytes"]', "aria-pressed"), "true", "pressed");
      });
      await check(`${look}: nothing sticks out`, async () => {
        // A few more looks, so that the charts have lines.
        for (let n = 0; n < 3; n += 1) await page.waitForResponse(/metrics/);
        const over = await page.$eval("html", (html) => html.scrollWidth - innerWidth);
        equal(over, 0, "overflow of the page");
      });
      if (folder) {
        await page.screenshot({ path: join(folder, `dashboard-${look}.png`), fullPage: true });
      }
      await context.close();
    }
  }
  stop();
  await check("no dashboard complained in its console", async () => {
    equal(complaints.join("; "), "", "complaints");
  });
}

async function away(browser, server) {
  const page = await browser.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(`${server.url}dashboard`);
  await page.fill("#key", KEY);
  await page.press("#key", "Enter");
  await page.locator('#state[data-state="connected"]').waitFor();
  await check("a pod that is gone is said to be, and shown again once it is back", async () => {
    await server.kill();
    await page.locator('#state[data-state="reconnecting"]').waitFor();
    await page.locator("#trouble").getByText("does not answer").waitFor();
    await server.start();
    await page.locator('#state[data-state="connected"]').waitFor();
    equal(await page.isVisible("#trouble"), false, "the trouble is still told");
  });
  await page.close();
}

async function main() {
  await numbers();
  const folder = process.env.SHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  const settings = { API_KEY: KEY, SHARDS: "2", RATE_LIMIT: "0", SLOW_CONSUMER: "gap" };
  const server = new Server(process.env.STENTOR_BIN, await freePort(), settings);
  const browser = await launch();
  try {
    await server.start();
    await watching(browser, server, folder);
    await away(browser, server);
  } finally {
    await browser.close();
    await server.kill();
  }
}

if (!process.env.STENTOR_BIN) {
  console.log("give STENTOR_BIN");
  process.exit(2);
}
await run(main);
