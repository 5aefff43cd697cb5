// A person at the page: what one does there and sees there.

import { WAIT_MS } from "../checks.mjs";

/** What the pages complained of in their consoles; failing connections are part of the play. */
export const faults = [];

/** A person: a browser profile of its own, with the chat open. */
export async function person(browser, url, name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.on("pageerror", (error) => faults.push(`${name}: ${error}`));
  page.on("console", (entry) => {
    const text = entry.text();
    const expected = /WebSocket connection to .* failed/.test(text);
    if (entry.type() === "error" && !expected) faults.push(`${name}: ${text}`);
  });
  await page.goto(url);
  await page.fill("#name", name);
  await page.press("#name", "Tab");
  return page;
}

export const stateIs = (page, state) => page.waitForSelector(`#state[data-state="${state}"]`);
export const hears = (page, text) => textsOf(page, text).first().waitFor();
export const textsOf = (page, text) =>
  page.locator("#messages .line .text").getByText(text, { exact: true });
export const lineOf = (page, text) =>
  page.locator("#messages .line").filter({ has: page.getByText(text, { exact: true }) }).first();

export async function say(page, text) {
  await page.fill("#message", text);
  await page.press("#message", "Enter");
}

/** Whether the page marks the line as its own. */
export const isOwn = (page, text) => lineOf(page, text).evaluate((line) => line.matches(".own"));
