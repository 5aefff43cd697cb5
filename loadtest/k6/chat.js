// People in rooms who talk at a human pace: everybody hears everybody of their room.
//
// VUS people sit in ROOMS rooms, and each says RATE messages a second for DURATION, at irregular
// moments. All of them are there before the first word, so every delivery that is owed is known.

import {
  attend, oncePerPerson, options as withThresholds, probe, settings, summary,
} from "./lib/stentor.js";

const config = settings("chat", { vus: 20, rooms: 4, rate: 0.5, duration: "30s" });

export const options = withThresholds(config, oncePerPerson(config));
export const setup = probe(config);
export const handleSummary = summary(config);

export default function (data) {
  return attend(config, data, { talkers: config.vus, jitter: 1 });
}
