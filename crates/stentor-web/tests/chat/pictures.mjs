// The page in a narrow and a wide window, light and dark: nothing sticks out; pictures to look at.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { check, equal } from "../checks.mjs";
import { hears, person, say, stateIs } from "./person.mjs";

const LONG = "Nobody could shout like Stentor, whose voice was as loud as fifty men together.\n"
  + `And ${"a_word_without_any_space_".repeat(4)}is broken and does not push.`;

/** `folder` may be absent: then nothing is kept. */
export async function pictures(browser, url, folder) {
  if (folder) mkdirSync(folder, { recursive: true });
  const sizes = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 800 } };
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"]) {
      const room = `${size}-${colorScheme}`;
      const ann = await person(browser, `${url}#${room}`, "Ann", { viewport, colorScheme });
      const ben = await person(browser, `${url}#${room}`, "Ben");
      await Promise.all([stateIs(ann, "connected"), stateIs(ben, "connected")]);
      await say(ben, "Is anybody here?");
      await hears(ann, "Is anybody here?");
      await say(ann, "Everybody is. One frame, sent once, heard by the whole room.");
      await hears(ben, "Everybody is. One frame, sent once, heard by the whole room.");
      await say(ben, "Then I will speak up.");
      await say(ben, LONG);
      await hears(ann, "Then I will speak up.");
      await say(ann, "Quietly, please.");
      await hears(ben, "Quietly, please.");
      await check(`nothing sticks out of a ${size} ${colorScheme} window`, async () => {
        const page = await ann.$eval("html", (html) => html.scrollWidth - innerWidth);
        equal(page, 0, "overflow of the page");
        const list = await ann.$eval("#messages", (list) => list.scrollWidth - list.clientWidth);
        equal(list, 0, "overflow of the list");
      });
      if (folder) await ann.screenshot({ path: join(folder, `chat-${room}.png`) });
      await ann.context().close();
      await ben.context().close();
    }
  }
}
