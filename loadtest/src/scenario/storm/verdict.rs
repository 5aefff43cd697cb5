//! One stage's latencies held against the bound, and whose fault it is where they are above it.
//!
//! Above the bound is a fault in any case: a run that cannot show that the bound holds has not
//! shown it. But what the generator itself may have been late is not blamed on the server.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::report::figure::Figure;

#[cfg(test)]
mod tests;

/// What a stage comes to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// Nothing was measured in it.
    NotTried,
    /// Under the bound.
    Held,
    /// Above it, whatever the generator added.
    Broken(Duration),
    /// Above it, and the generator was so late itself that the server may have been in time.
    GeneratorLate {
        /// What was measured.
        measured: Duration,
        /// How much of it the generator may have added.
        late: Duration,
    },
}

impl Verdict {
    /// Judges; `late` is the most that the generator may have added in nanoseconds.
    pub(super) fn of(latency: &Histogram<u64>, quantile: f64, bound: Duration, late: u64) -> Self {
        if latency.is_empty() {
            return Self::NotTried;
        }
        let measured = Duration::from_nanos(latency.value_at_quantile(quantile));
        let late = Duration::from_nanos(late);
        if measured < bound {
            Self::Held
        } else if measured.saturating_sub(late) >= bound {
            Self::Broken(measured)
        } else {
            Self::GeneratorLate { measured, late }
        }
    }

    /// The fault; none where the bound was held.
    pub(super) fn in_words(self, what: &str, stage: &str, judged: &str) -> Option<String> {
        let words = |span: Duration| Figure::Latency(span).for_people();
        match self {
            Self::Held => None,
            Self::NotTried => Some(format!("{stage}: no {what} to judge (a longer stage)")),
            Self::Broken(measured) => {
                Some(format!("{stage}: {judged} of {what} {}, above the bound", words(measured)))
            }
            Self::GeneratorLate { measured, late } => Some(format!(
                "{stage}: {judged} of {what} {}, above the bound, but THE GENERATOR WAS THE LIMIT: \
                 it was up to {} late itself (a core of its own for the crowd: --load-core 1,2)",
                words(measured),
                words(late)
            )),
        }
    }
}
