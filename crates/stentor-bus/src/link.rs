//! The link: whether Redis can be heard, and what to do about it.
//!
//! An open socket proves nothing: a frozen server, a half-open connection and a master that was
//! voted out keep theirs. So each second the pod publishes a *probe* and expects it back on a
//! channel of its own, through both connections and the server between them. The link is up when
//! the first probe has come back, not before; it is *deaf* when one has been out for 1.5 seconds.
//! A deaf link is torn down and made anew: found at most 2.5 seconds after it went deaf. Where it is
//! the pod that stood still, and looks at the time far too late, the probe may lie in the socket:
//! then it gets half a second more, once. And where thousands of messages wait to be written before
//! it, its time begins when Redis has taken it, as long as Redis goes on to take them.
//!
//! Knows no client library: a driver does what [`Link::poll_action`] says and reports.

use std::collections::VecDeque;
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::backoff;
use crate::counters::LinkCounters;

/// How often a probe goes out.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// How long a probe may be out.
pub const PROBE_PATIENCE: Duration = Duration::from_millis(1_500);

/// A probe that is looked for so long after its patience has ended says that nobody was here to look.
const LATE_AFTER: Duration = Duration::from_millis(100);

/// What a probe is given then.
const SPARED_FOR: Duration = Duration::from_millis(500);

/// The most probes that are out at once; with so many out none follows until one is back.
const PROBES_MAX: usize = 4;

/// How long connecting may take, from the first packet to the channel of the probes.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Changes of state that nobody asked about; the oldest are forgotten.
const CHANGES_MAX: usize = 64;

/// The state of the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkState {
    /// No connection; the next attempt waits for its time.
    #[default]
    Down,
    /// A connection is being made, or proven.
    Connecting,
    /// Redis was heard in time.
    Up,
    /// Redis is not heard though connected; the connection is being torn down.
    Deaf,
}

/// What the driver is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkAction {
    /// Make both connections and subscribe to the channel of the probes; report
    /// [`Link::handle_connected`] or [`Link::handle_disconnected`].
    Connect,
    /// Publish this number on the channel of the probes.
    Probe(u64),
    /// Drop both connections, as fast as possible and without a word to Redis.
    TearDown,
}

/// The link of one pod.
#[derive(Debug, Default)]
pub struct Link {
    state: LinkState,
    /// Down: when to try again. Connecting: when to give up.
    due: Instant,
    connected: bool,
    failures: u32,
    probes: VecDeque<(u64, Instant)>,
    /// A probe that was looked for too late, and until when it has time.
    spared: Option<(u64, Instant)>,
    /// The last probe that Redis has taken, and when.
    taken: Option<(u64, Instant)>,
    /// When Redis took a message last.
    answered_at: Option<Instant>,
    next_probe: u64,
    next_probe_at: Instant,
    actions: VecDeque<LinkAction>,
    changes: VecDeque<LinkState>,
    counters: LinkCounters,
}

impl Link {
    /// What the link is now.
    pub fn state(&self) -> LinkState {
        self.state
    }

    /// Both connections stand, and the channel of the probes is subscribed.
    pub fn handle_connected(&mut self, now: Instant) {
        if self.state == LinkState::Connecting {
            self.connected = true;
            self.next_probe_at = now;
        }
    }

    /// A connection was not to be had or has ended. `random` is any number.
    pub fn handle_disconnected(&mut self, now: Instant, random: u64) {
        if matches!(self.state, LinkState::Connecting | LinkState::Up) {
            self.fall(now, random);
        }
    }

    /// A probe came back. One of an earlier connection counts as none.
    pub fn handle_probe_heard(&mut self, now: Instant, number: u64) {
        let Some(place) = self.probes.iter().position(|(sent, _)| *sent == number) else { return };
        self.counters.probes_heard += 1;
        self.counters.probe_latency = now.since(self.probes[place].1);
        self.probes.drain(..=place);
        if self.state == LinkState::Connecting {
            self.failures = 0;
            self.counters.ups += 1;
            self.change(LinkState::Up);
        }
    }

    /// Redis has taken a probe to pass it on.
    pub fn handle_probe_taken(&mut self, now: Instant, number: u64) {
        self.taken = Some((number, now));
    }

    /// Redis has taken a message, on the connection on which the probes go out too.
    pub fn handle_answer(&mut self, now: Instant) {
        self.answered_at = Some(now);
    }

    /// Attempts, probes and deadlines. `random` is any number.
    pub fn handle_timeout(&mut self, now: Instant, random: u64) {
        match self.state {
            LinkState::Down if now >= self.due => self.connect(now),
            LinkState::Connecting if now >= self.due => self.fall(now, random),
            LinkState::Connecting if self.connected => self.probe(now),
            LinkState::Up if self.is_deaf(now) => {
                if self.spare(now) {
                    return self.probe(now);
                }
                self.counters.deaf += 1;
                self.change(LinkState::Deaf);
                // Nothing has failed to connect yet, so the first attempt follows at once.
                self.fall(now, random);
                self.due = now;
                self.handle_timeout(now, random);
            }
            LinkState::Up => self.probe(now),
            LinkState::Down | LinkState::Connecting | LinkState::Deaf => {}
        }
    }

    /// What to do next, if there is something.
    pub fn poll_action(&mut self) -> Option<LinkAction> {
        self.actions.pop_front()
    }

    /// A change of state, to be told once.
    pub fn poll_change(&mut self) -> Option<LinkState> {
        self.changes.pop_front()
    }

    /// When [`Link::handle_timeout`] has something to do.
    pub fn poll_timeout(&self) -> Instant {
        let deaf_at = self.deaf_at();
        match self.state {
            LinkState::Connecting if self.connected => self.due.min(self.next_probe_at),
            LinkState::Up => deaf_at.map_or(self.next_probe_at, |at| at.min(self.next_probe_at)),
            _ => self.due,
        }
    }

    /// The figures.
    pub fn counters(&self) -> LinkCounters {
        self.counters
    }

    fn connect(&mut self, now: Instant) {
        self.counters.attempts += 1;
        self.due = now + CONNECT_TIMEOUT;
        self.connected = false;
        self.actions.push_back(LinkAction::Connect);
        self.change(LinkState::Connecting);
    }

    /// Goes down, and counts the failure.
    fn fall(&mut self, now: Instant, random: u64) {
        if self.state != LinkState::Connecting {
            self.counters.downs += 1;
        }
        self.failures = self.failures.saturating_add(1);
        self.due = now + backoff::wait(self.failures, random);
        self.connected = false;
        self.probes.clear();
        // What was asked for before is meant for a connection that is to go.
        self.actions.clear();
        self.actions.push_back(LinkAction::TearDown);
        self.change(LinkState::Down);
    }

    fn probe(&mut self, now: Instant) {
        if now < self.next_probe_at {
            return;
        }
        self.next_probe_at = now + PROBE_INTERVAL;
        if self.probes.len() >= PROBES_MAX {
            return;
        }
        self.next_probe += 1;
        self.counters.probes += 1;
        self.probes.push_back((self.next_probe, now));
        self.actions.push_back(LinkAction::Probe(self.next_probe));
    }

    fn is_deaf(&self, now: Instant) -> bool {
        self.deaf_at().is_some_and(|at| now >= at)
    }

    fn deaf_at(&self) -> Option<Instant> {
        let (number, sent_at) = self.probes.front()?;
        match self.spared {
            Some((spared, until)) if spared == *number => Some(until),
            _ => Some(self.waits_since(*number, *sent_at) + PROBE_PATIENCE),
        }
    }

    fn waits_since(&self, number: u64, sent_at: Instant) -> Instant {
        let later = match self.taken {
            Some((taken, at)) if taken == number => Some(at),
            Some((taken, _)) if taken > number => None,
            _ => self.answered_at,
        };
        later.map_or(sent_at, |at| at.max(sent_at))
    }

    /// Gives the oldest probe more time where nobody looked for it when it was due; whether it did.
    fn spare(&mut self, now: Instant) -> bool {
        let Some((number, _)) = self.probes.front().copied() else { return false };
        let is_late = self.deaf_at().is_some_and(|at| now >= at + LATE_AFTER);
        if !is_late || self.spared.is_some_and(|(spared, _)| spared == number) {
            return false;
        }
        self.spared = Some((number, now + SPARED_FOR));
        true
    }

    fn change(&mut self, state: LinkState) {
        self.state = state;
        self.changes.push_back(state);
        if self.changes.len() > CHANGES_MAX {
            self.changes.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
