//! The search for the highest rate that passes: doubling until one fails, halving the rest.
//!
//! Knows nothing of what a rate means or how it is tried.

#[cfg(test)]
mod tests;

/// The factor between rates until the first has failed.
const GROWTH: f64 = 2.0;
/// The search ends when the failed rate is within this factor of the passed one.
const CLOSE_ENOUGH: f64 = 1.05;
/// A rate below this, in messages a second, is not tried: nothing passes here.
const RATE_MIN: f64 = 0.5;

/// What is known about the highest rate.
#[derive(Debug)]
pub(crate) struct RateSearch {
    start: f64,
    ceiling: f64,
    passed: Option<f64>,
    failed: Option<f64>,
}

impl RateSearch {
    /// A search that begins with `start` and never tries more than `ceiling`, messages a second.
    pub(crate) fn new(start: f64, ceiling: f64) -> Self {
        Self { start: start.min(ceiling), ceiling, passed: None, failed: None }
    }

    /// The rate to try next, `None` when the answer is as good as it will get.
    pub(crate) fn poll_rate(&self) -> Option<f64> {
        match (self.passed, self.failed) {
            (None, None) => Some(self.start),
            (Some(passed), None) if passed >= self.ceiling => None,
            (Some(passed), None) => Some((passed * GROWTH).min(self.ceiling)),
            (None, Some(failed)) if failed / GROWTH < RATE_MIN => None,
            (None, Some(failed)) => Some(failed / GROWTH),
            (Some(passed), Some(failed)) if failed / passed <= CLOSE_ENOUGH => None,
            (Some(passed), Some(failed)) => Some((passed * failed).sqrt()),
        }
    }

    /// Takes note that `rate` passed.
    pub(crate) fn handle_pass(&mut self, rate: f64) {
        self.passed = Some(self.passed.map_or(rate, |passed| passed.max(rate)));
    }

    /// Takes note that `rate` failed.
    pub(crate) fn handle_failure(&mut self, rate: f64) {
        self.failed = Some(self.failed.map_or(rate, |failed| failed.min(rate)));
    }
}
