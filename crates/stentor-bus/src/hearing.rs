//! Hearing: up to when this pod has heard the others for certain, as it testifies to them.
//!
//! The bad case first: where the channels were interrupted, a message may be missing of which
//! nobody here knows yet. Its loss shows in the next number of its pod or in a mark, and the last
//! of these comes within [`SETTLED_AFTER`] of an interruption. Until then nothing counts as heard
//! that was said since before it.
//!
//! A probe that has come back proves that everything was heard which Redis passed on before it.
//! The shards are told of it in one order with that, and once all of them have flushed it, the
//! pod testifies. Knows no Redis and no shard.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use stentor_wire::testimony::Testimony;
use stentor_wire::time::{Instant, Now};

use crate::handed::Handed;
use crate::inbox::{Arrival, Proof};

/// What is missing since an interruption is known to be within this: the second mark of a channel
/// follows its last message by 4 and 15 seconds at the most, each of them a quarter of a second late.
pub const SETTLED_AFTER: Duration = Duration::from_secs(20);

/// How long after a proof the shards are asked how far they are.
const TESTIFIES_AFTER: Duration = Duration::from_millis(50);

/// Where the link came up later than so long after the beginning, members may have been let in before it.
const LET_IN_AFTER: Duration = Duration::from_millis(250);

/// Probes whose time is remembered.
const PROBES_MAX: usize = 8;

/// What one pod has heard.
#[derive(Debug)]
pub struct Hearing {
    /// `None` where nobody is to be told.
    handed: Option<Arc<Handed>>,
    /// The probes that are out, or back and not with all members: number and time, in
    /// milliseconds since 1970.
    probes: VecDeque<(u64, u64)>,
    /// Everything before this has been heard by all members.
    until: u64,
    /// When the bus began.
    began_at: Option<Instant>,
    was_up: bool,
    /// Nothing counts as heard but what was before the interruption, until this moment.
    held: Option<(u64, Instant)>,
    testifies_at: Option<Instant>,
}

impl Hearing {
    /// Nothing is heard yet; `handed` is what the shards write down, `None` where nobody is to be told.
    pub fn new(handed: Option<Arc<Handed>>) -> Hearing {
        Hearing {
            handed,
            probes: VecDeque::new(),
            until: 0,
            began_at: None,
            was_up: false,
            held: None,
            testifies_at: None,
        }
    }

    /// A probe goes out.
    pub fn handle_probe(&mut self, now: Now, number: u64) {
        self.note_beginning(now);
        self.probes.push_back((number, now.unix_millis));
        if self.probes.len() > PROBES_MAX {
            self.probes.pop_front();
        }
    }

    /// A probe came back; returns what the shards are to be told, behind what came before it.
    pub fn handle_probe_heard(&mut self, now: Now, number: u64) -> Option<Arrival> {
        self.handed.as_ref()?;
        let (number, until_unix_millis) =
            *self.probes.iter().find(|(probe, _)| *probe == number)?;
        self.testifies_at.get_or_insert(now.instant + TESTIFIES_AFTER);
        Some(Arrival::Proof(Proof { number, until_unix_millis }))
    }

    /// The link is proven.
    pub fn handle_link_up(&mut self, now: Now) {
        self.note_beginning(now);
        let waited = self.began_at.map(|at| now.instant.since(at)).unwrap_or_default();
        if std::mem::replace(&mut self.was_up, true) || waited > LET_IN_AFTER {
            self.handle_interrupted(now);
        }
    }

    /// The link is down.
    pub fn handle_link_down(&mut self, now: Now) {
        self.note_beginning(now);
        if self.was_up {
            self.handle_interrupted(now);
        }
        self.probes.clear();
        self.testifies_at = None;
    }

    /// Something that members are owed need not have come.
    pub fn handle_interrupted(&mut self, now: Now) {
        self.note_beginning(now);
        self.take_in();
        let until = match self.held {
            Some((until, ends_at)) if now.instant < ends_at => until,
            _ => self.until,
        };
        self.held = Some((until, now.instant + SETTLED_AFTER));
    }

    /// What is to be told to other pods now, if anything is.
    pub fn poll_testimony(&mut self, now: Now) -> Option<Testimony> {
        if self.handed.as_ref().is_some_and(|handed| handed.take_lag()) {
            self.handle_interrupted(now);
        }
        self.testifies_at.take_if(|at| *at <= now.instant)?;
        Some(self.testimony(now, false))
    }

    /// What is told to other pods when everybody has left.
    pub fn last_testimony(&mut self, now: Now) -> Testimony {
        self.testimony(now, true)
    }

    /// When [`Hearing::poll_testimony`] has something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.testifies_at
    }

    fn testimony(&mut self, now: Now, is_last: bool) -> Testimony {
        self.take_in();
        self.held.take_if(|(_, ends_at)| *ends_at <= now.instant);
        let until = self.held.map_or(self.until, |(until, _)| until);
        Testimony { at: now.unix_millis, until, is_last }
    }

    /// Looks how far the shards are.
    fn take_in(&mut self) {
        let handed = self.handed.as_ref().map_or(0, |handed| handed.by_all());
        while let Some((probe, sent_at)) = self.probes.front().copied()
            && probe <= handed
        {
            self.until = self.until.max(sent_at);
            self.probes.pop_front();
        }
    }

    fn note_beginning(&mut self, now: Now) {
        if self.began_at.is_none() {
            self.began_at = Some(now.instant);
            self.until = now.unix_millis;
        }
    }
}

#[cfg(test)]
mod tests;
