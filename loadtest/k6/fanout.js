// A few talkers and many listeners: one room, unless ROOMS says more.
//
// The first TALKERS of each room say RATE messages a second for DURATION, on an even beat that
// does not wait for anybody; all VUS, the talkers too, are owed each of them.

import {
  attend, oncePerPerson, options as withThresholds, probe, settings, summary, whole,
} from "./lib/stentor.js";

const config = settings("fanout", { vus: 100, rooms: 1, rate: 5, duration: "20s" });
const talkers = whole("TALKERS", 2);
if (talkers < 1) throw new Error("TALKERS must be above zero");

export const options = withThresholds(config, oncePerPerson(config));
export const setup = probe(config);
export const handleSummary = summary(config);

export default function (data) {
  return attend(config, data, { talkers, jitter: 0 });
}
