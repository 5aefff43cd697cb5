// Checks and their sum.

export const sum = { passed: 0, failed: 0 };

/** Runs one check, named by its promise; what it throws makes it a failed one. */
export async function check(promise, body) {
  try {
    await body();
    sum.passed += 1;
    console.log(`ok       ${promise}`);
  } catch (error) {
    sum.failed += 1;
    console.log(`NOT OK   ${promise}\n         ${String(error).split("\n").join("\n         ")}`);
  }
}

export function equal(seen, wanted, what) {
  if (seen === wanted) return;
  throw new Error(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}
