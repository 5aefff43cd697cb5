//! Whether to connect again, and when: full jitter, and what the server asked for.
//!
//! Decides and does nothing: the time and the chance are handed in.

#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

use crate::end::End;
use crate::socket::ConnectError;

/// How a client comes back.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Backoff {
    /// The longest pause after the first failure; doubled with each further one.
    pub base: Duration,
    /// The longest pause, however many failures there were.
    pub cap: Duration,
    /// The most attempts without a success between them; `None` for no end.
    pub attempts_max: Option<u32>,
    /// How long a connection must have lasted for the failures before it to be forgotten, so that a
    /// server that lets everyone in and throws everyone out is not stormed.
    pub steady_after: Duration,
    /// The longest pause that a server can ask for.
    pub asked_max: Duration,
}

impl Default for Backoff {
    /// 500 ms, 20 s, no end, 10 s and 5 minutes.
    fn default() -> Backoff {
        Backoff {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            attempts_max: None,
            steady_after: Duration::from_secs(10),
            asked_max: Duration::from_secs(5 * 60),
        }
    }
}

/// Why there is no connection any more, or none yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// An attempt came to nothing.
    NotConnected(ConnectError),
    /// A connection ended.
    Ended(End),
}

impl Failure {
    /// Whether an attempt like the last may go better after a pause.
    pub fn is_retryable(&self) -> bool {
        match self {
            Failure::NotConnected(error) => error.is_retryable(),
            Failure::Ended(end) => end.is_retryable(),
        }
    }

    fn asked_pause(&self) -> Option<Duration> {
        match self {
            Failure::NotConnected(ConnectError::Refused(refusal)) => refusal.retry_after(),
            Failure::NotConnected(_) | Failure::Ended(_) => None,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::NotConnected(error) => error.fmt(f),
            Failure::Ended(end) => end.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

/// What came of the attempts so far.
#[derive(Debug)]
pub(crate) struct Attempts {
    backoff: Backoff,
    /// Failures in a row.
    failed: u32,
    connected_at: Option<Instant>,
    /// The server asked not to be bothered before.
    not_before: Option<Instant>,
}

impl Attempts {
    pub(crate) fn new(backoff: Backoff) -> Attempts {
        Attempts { backoff, failed: 0, connected_at: None, not_before: None }
    }

    /// An attempt succeeded.
    pub(crate) fn handle_connected(&mut self, now: Instant) {
        self.connected_at = Some(now);
        self.not_before = None;
    }

    /// The server said that it leaves, and after what time another is there.
    pub(crate) fn handle_drain(&mut self, now: Instant, reconnect_after: Duration) {
        self.not_before = Some(now + reconnect_after.min(self.backoff.asked_max));
    }

    /// An attempt or a connection failed: the pause before the next attempt, `None` for no attempt.
    ///
    /// The pause is `random(0, min(cap, base * 2^n))`, counted from the moment that the server
    /// asked to wait for, where it did: never earlier than it said, and not all at that moment.
    pub(crate) fn handle_failure(
        &mut self,
        now: Instant,
        failure: &Failure,
        chance: u64,
    ) -> Option<Duration> {
        let connected_at = self.connected_at.take();
        let steady_after = self.backoff.steady_after;
        if connected_at.is_some_and(|at| now.saturating_duration_since(at) >= steady_after) {
            self.failed = 0;
        }
        if let Some(pause) = failure.asked_pause() {
            self.not_before = Some(now + pause.min(self.backoff.asked_max));
        }
        let asked = self.not_before.take().map_or(Duration::ZERO, |at| at - now);
        if !failure.is_retryable()
            || self.backoff.attempts_max.is_some_and(|max| self.failed >= max)
        {
            return None;
        }
        let ceiling = self
            .backoff
            .base
            .saturating_mul(1_u32.checked_shl(self.failed).unwrap_or(u32::MAX))
            .min(self.backoff.cap);
        self.failed = self.failed.saturating_add(1);
        Some(asked + part_of(ceiling, chance))
    }
}

/// `chance / 2^64` of a duration.
fn part_of(whole: Duration, chance: u64) -> Duration {
    let nanos = (whole.as_nanos().min(u128::from(u64::MAX)) * u128::from(chance)) >> 64;
    Duration::from_nanos(nanos as u64)
}
