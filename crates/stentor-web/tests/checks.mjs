// Checks and their sum.

/** How long a thing is waited for that comes in a moment, or after the first pauses of a client. */
export const WAIT_MS = 30_000;

const sum = { passed: 0, failed: 0 };

/** Runs what a script checks to its end, prints the sum, and ends the process by it. */
export async function run(main) {
  // Node would end here without a sum, and nobody would know what had been checked.
  process.on("unhandledRejection", (error) => fail("every fault is caught", error));
  await check("the run came to its end", main);
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  process.exit(sum.failed === 0 ? 0 : 1);
}

/** Runs one check, named by its promise; what it throws makes it a failed one. */
export async function check(promise, body) {
  try {
    await body();
    sum.passed += 1;
    console.log(`ok       ${promise}`);
  } catch (error) {
    fail(promise, error);
  }
}

function fail(promise, error) {
  sum.failed += 1;
  console.log(`NOT OK   ${promise}\n         ${String(error).split("\n").join("\n         ")}`);
}

export function equal(seen, wanted, what) {
  if (seen === wanted) return;
  throw new Error(`${what}: ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}
