// Numbers as people read them.

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en");
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A count: whole where it is short, else 12.3K. */
export function count(value) {
  return Math.abs(value) < 100_000 ? WHOLE.format(Math.round(value)) : COMPACT.format(value);
}

/** So many in a second. */
export function perSecond(value) {
  const few = value > 0 && value < 10;
  return `${few ? value.toFixed(1) : count(value)}/s`;
}

export function bytes(value) {
  const power = value < 1 ? 0 : Math.min(BINARY.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1_024 ** power;
  return `${power > 0 && scaled < 100 ? scaled.toFixed(1) : Math.round(scaled)} ${BINARY[power]}`;
}

/** A short time: 250 µs, 3.1 ms, 2.0 s. */
export function seconds(value) {
  if (value === 0) return "0 s";
  if (value < 0.001) return `${Math.round(value * 1e6)} µs`;
  if (value < 1) return `${(value * 1e3).toFixed(value < 0.01 ? 1 : 0)} ms`;
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} s`;
}

/** A long time: 3 d 4 h, 12 min. */
export function span(value) {
  const units = [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]];
  const first = units.findIndex(([size]) => value >= size);
  if (first < 0) return "0 s";
  const [size, unit] = units[first];
  const next = units[first + 1];
  const rest = next && Math.floor((value % size) / next[0]);
  return `${Math.floor(value / size)} ${unit}${rest ? ` ${rest} ${next[1]}` : ""}`;
}

export const percent = (share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
