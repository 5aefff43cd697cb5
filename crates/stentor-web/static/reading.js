// What a pod exports at /metrics, as numbers: the Prometheus text format 0.0.4.

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** All samples of one look. */
export class Reading {
  /** By family: `{ labels, value }` of each sample. */
  #families = new Map();

  /** `at` is when it was taken, in milliseconds of any clock. */
  constructor(text, at) {
    this.at = at;
    for (const line of text.split("\n")) {
      const found = SAMPLE.exec(line);
      if (!found) continue;
      const [, name, texts = "", value] = found;
      const labels = Object.fromEntries([...texts.matchAll(LABEL)].map(([, k, v]) => [k, v]));
      if (!this.#families.has(name)) this.#families.set(name, []);
      this.#families.get(name).push({ labels, value: numberOf(value) });
    }
  }

  /** Every sample of this name that has these labels. */
  samples(name, labels = {}) {
    const wanted = Object.entries(labels);
    const has = (sample) => wanted.every(([key, value]) => sample.labels[key] === value);
    return (this.#families.get(name) ?? []).filter(has);
  }

  /** Their sum; undefined where there is none. */
  sum(name, labels) {
    const samples = this.samples(name, labels);
    return samples.length ? samples.reduce((sum, { value }) => sum + value, 0) : undefined;
  }

  /** Seconds since another look. */
  secondsSince(before) {
    return (this.at - before.at) / 1_000;
  }
}

function numberOf(text) {
  return text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
}

/** How much a counter grew in a second. One that began anew is taken from zero. */
export function rate(before, now, name, labels) {
  const [was, is] = [before?.sum(name, labels), now.sum(name, labels)];
  if (was === undefined || is === undefined) return undefined;
  return Math.max(0, is >= was ? is - was : is) / now.secondsSince(before);
}

/**
 * A quantile of what a histogram saw between two looks, as Prometheus reckons it: linear within a
 * bucket. Undefined where it saw nothing; the last finite bound where it lies above that.
 */
export function quantile(share, before, now, name, labels = {}) {
  const count = (reading, le) => reading?.sum(`${name}_bucket`, { ...labels, le }) ?? 0;
  const buckets = now.samples(`${name}_bucket`, labels).map(({ labels: { le } }) => ({
    bound: numberOf(le), count: count(now, le) - count(before, le),
  }));
  const total = buckets.at(-1)?.count ?? 0;
  if (!(total > 0)) return undefined;
  const rank = share * total;
  let [lower, below] = [0, 0];
  for (const { bound, count } of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lower;
      const inside = count - below;
      return lower + (bound - lower) * (inside > 0 ? (rank - below) / inside : 1);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
