//! Telling: the log and the figures.
//!
//! One line for each change of state, and for what may happen often at most one a second. Never a
//! payload, a room or a password.

use std::time::Duration;

use stentor_wire::time::Instant;

use super::remembering::Memory;
use super::{Driver, FIGURES_INTERVAL};
use crate::counters::Counters;
use crate::link::LinkState;
use crate::pipeline::Healed;

/// The longest text of an error that is logged, in characters.
const REASON_CHARS_MAX: usize = 200;

/// What has been told, and when.
#[derive(Debug)]
pub(super) struct Telling {
    address: String,
    is_up: Option<bool>,
    is_deaf: bool,
    /// Why the last thing failed that did.
    reason: String,
    rubbish: u64,
    refused: u64,
    figures_at: Instant,
    log_at: Instant,
}

impl Telling {
    pub(super) fn new(address: String) -> Telling {
        Telling {
            address,
            is_up: None,
            is_deaf: false,
            reason: String::new(),
            rubbish: 0,
            refused: 0,
            figures_at: Instant::default(),
            log_at: Instant::default(),
        }
    }

    pub(super) fn next_figures_at(&self) -> Instant {
        self.figures_at
    }

    /// Something failed; said with the next change of state.
    pub(super) fn failed(&mut self, reason: &str) {
        self.reason = reason.chars().take(REASON_CHARS_MAX).collect();
    }

    /// Tells of the link where it is another than was told last; attempts that fail one after the
    /// other are not told.
    pub(super) fn link(&mut self, state: LinkState) {
        let Telling { address, reason, .. } = self;
        match state {
            LinkState::Up if self.is_up != Some(true) => {
                tracing::info!(%address, "redis is heard");
                self.is_up = Some(true);
                self.reason.clear();
            }
            LinkState::Down if self.is_up != Some(false) => {
                if self.is_deaf {
                    tracing::warn!(%address, "redis does not pass on what is published; connecting anew");
                } else {
                    tracing::warn!(%address, %reason, "redis is not heard; this pod is on its own");
                }
                self.is_up = Some(false);
            }
            _ => {}
        }
        self.is_deaf = state == LinkState::Deaf;
    }

    pub(super) fn panicked(&self, panics: u64) {
        let address = &self.address;
        tracing::error!(%address, panics, "the bus has panicked; it is started anew");
    }

    pub(super) fn healed(&self, healed: &Healed) {
        let Healed { lasted, republished, dropped } = healed;
        if dropped.records > 0 {
            let channels = dropped.by_channel.len();
            let dropped = dropped.records;
            tracing::warn!(
                ?lasted,
                republished,
                dropped,
                channels,
                "an outage of redis cost messages"
            );
        } else if *republished > 0 {
            tracing::info!(?lasted, republished, "what was said without redis has been published");
        }
    }

    /// At most once a second: what may happen with every payload.
    fn often(&mut self, now: Instant, counters: &Counters) {
        if now < self.log_at {
            return;
        }
        let (rubbish, refused) = (counters.inbox.rubbish, counters.pipeline.refused);
        if rubbish == self.rubbish && refused == self.refused {
            return;
        }
        if rubbish > self.rubbish {
            let payloads = rubbish - self.rubbish;
            tracing::warn!(payloads, "redis carried what is no message");
        }
        if refused > self.refused {
            let (messages, reason) = (refused - self.refused, &self.reason);
            tracing::warn!(messages, %reason, "redis refuses to publish");
        }
        (self.rubbish, self.refused) = (rubbish, refused);
        self.log_at = now + Duration::from_secs(1);
    }
}

impl Driver {
    /// Gives the figures out when it is time.
    pub(super) fn tell_figures(&mut self, now: Instant) {
        if now >= self.telling.figures_at {
            self.tell_figures_now(now);
        }
    }

    pub(super) fn tell_figures_now(&mut self, now: Instant) {
        self.telling.figures_at = now + FIGURES_INTERVAL;
        let counters = Counters {
            pipeline: self.pipeline.counters(),
            inbox: self.inbox.counters(),
            subscriptions: self.subscriptions.counters(),
            link: self.link.counters(),
            history: self.memory.as_ref().map(Memory::counters).unwrap_or_default(),
            panics: self.panics,
        };
        self.telling.often(now, &counters);
        self.ends.counters.send_replace(counters);
    }
}
