//! How long to wait before the next attempt to connect.
//!
//! Doubles from 50 ms to one second, and of that between half and the whole, so that pods that
//! lost the same Redis do not come back at the same moment. One second at the most: a pod that
//! comes back later than the others misses what they kept for it.

use std::time::Duration;

/// The wait before the second attempt, at the most.
pub const FIRST: Duration = Duration::from_millis(50);

/// No wait is longer.
pub const LONGEST: Duration = Duration::from_secs(1);

/// The wait after `failures` attempts in a row that failed; `random` is any number.
pub fn wait(failures: u32, random: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let half = u64::try_from(whole.as_micros()).unwrap_or(u64::MAX) / 2;
    whole - Duration::from_micros(random % (half + 1))
}

#[cfg(test)]
mod tests;
