//! One question at a time over one socket: how long until its answer is there.
//!
//! The socket blocks, so a round trip holds what a real client pays: a wake-up on each side.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::report::progress::Progress;
use crate::verdict::hall;

/// How long an answer may take before the measurement is given up.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How many round trips.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Rounds {
    /// Those before they count.
    pub(crate) warmup: u32,
    /// Those that count.
    pub(crate) measured: u32,
}

/// Times `round_trip`, which is told the how-manieth it is, from 1.
///
/// # Errors
/// If a round trip fails, or none is asked for.
pub(crate) fn time(
    rounds: Rounds,
    mut round_trip: impl FnMut(u32) -> Result<(), Failure>,
) -> Result<Histogram<u64>, Failure> {
    if rounds.measured == 0 {
        return Err(Failure::new("--count must be above zero"));
    }
    let mut progress = Progress::new();
    let mut latency = hall::latency_histogram()?;
    let total = rounds.warmup.saturating_add(rounds.measured);
    for number in 1..=total {
        let begin = Instant::now();
        round_trip(number)?;
        if number > rounds.warmup {
            latency.saturating_record(begin.elapsed().as_nanos() as u64);
        }
        progress.show(|| format!("{number} of {total} round trips"));
    }
    progress.clear();
    Ok(latency)
}
