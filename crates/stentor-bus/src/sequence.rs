//! Sequence: what of another pod's messages is new, what was had already, and what is missing.
//!
//! Redis passes on what one connection publishes on one channel in order, so a number that is
//! further on than the next one means a loss, and is announced. A number that is not further on
//! comes from a pod that published again what it was not sure of. Most of these were heard: a
//! *duplicate*. One that was not heard is *late*: its loss has been announced and later messages
//! have been delivered, so it is not delivered either, because the order of a sender's messages
//! is a promise and a hole that was told of is not.
//!
//! The first number of a pod on a channel is the base: nothing is known of what was before it, and
//! nobody here was promised it, so a late subscriber starts without a gap. A pod that has dropped
//! something says so by a mark of the number before it, which is the base of who hears no other.
//!
//! That is not so on a channel that was *interrupted*: members were there, and it was not heard for
//! a while. What a pod said meanwhile was promised to them, and where it was the pod's first there
//! is no hole. So a base that is not the first number of its epoch is announced there, once for
//! each pod, without a count. Where the pod had spoken only before the members came, nothing is
//! missing and the gap is false: one more than needed is better than one that is kept secret.

use std::collections::HashMap;
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::seq::Seq;

/// The most pairs of pod and channel that are remembered. Past it the quarter that was quiet for
/// longest is forgotten, and takes its next number as the base.
pub const PAIRS_MAX: usize = 65_536;

/// A pair is forgotten after so long without a record. Longer than a pod keeps what it could not
/// publish, so that what is published again is recognised.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// A channel counts as interrupted for so long after it was asked for again. As long as a pod
/// knows the number of what it said last: its next word would not be the first of an epoch.
pub const INTERRUPTED_FOR: Duration = Duration::from_secs(600);

/// The most channels that are remembered as interrupted. Past it all channels count as such, so
/// that a gap may be told of without need and none is kept secret.
pub const INTERRUPTED_MAX: usize = 65_536;

/// How often quiet pairs are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How far behind the last number a late one is told from a duplicate.
const WINDOW: u64 = u64::BITS as u64;

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be delivered; before it `missed` others were lost.
    New {
        /// How many; `None` where some may be missing and nobody can count them.
        missed: Option<u64>,
    },
    /// It was delivered before, or is too far behind to tell.
    Duplicate,
    /// It was not delivered and is not going to be, because later ones were.
    Late {
        /// Whether its loss has been told of already.
        announced: bool,
    },
}

/// Where each pod is on each channel, as far as it was heard.
#[derive(Debug, Default)]
pub struct Sequence {
    pods: HashMap<Box<str>, HashMap<Audience, Heard>>,
    pairs: usize,
    /// Channels that were interrupted, and when they were asked for again.
    interrupted: HashMap<Audience, Instant>,
    /// When [`INTERRUPTED_MAX`] was passed, which stands for all channels.
    all_interrupted_at: Option<Instant>,
    swept_at: Instant,
}

#[derive(Debug)]
struct Heard {
    base: Seq,
    last: Seq,
    /// Bit `n` stands for the number `n` before the last: whether it was heard.
    window: u64,
    at: Instant,
}

impl Sequence {
    /// Judges the number of a message.
    pub fn handle_message(
        &mut self,
        now: Instant,
        pod: &str,
        audience: &Audience,
        seq: Seq,
    ) -> Verdict {
        match self.heard(pod, audience) {
            Some(heard) => {
                heard.at = now;
                heard.judge(seq)
            }
            None => {
                self.begin(pod, audience, Heard::from(now, seq, 1));
                let may_miss = !seq.is_first() && self.is_interrupted(audience);
                Verdict::New { missed: (!may_miss).then_some(0) }
            }
        }
    }

    /// Takes in that a pod has said everything up to `seq`; returns how many of it were missed,
    /// `None` where some may be and nobody can count them.
    pub fn handle_mark(
        &mut self,
        now: Instant,
        pod: &str,
        audience: &Audience,
        seq: Seq,
    ) -> Option<u64> {
        match self.heard(pod, audience) {
            Some(heard) => {
                heard.at = now;
                let missed = seq.steps_since(heard.last);
                heard.advance(seq, missed, 0);
                Some(missed)
            }
            None => {
                // The number itself was not heard, and may come yet.
                self.begin(pod, audience, Heard::from(now, seq, 0));
                let may_miss = !seq.is_before_first() && self.is_interrupted(audience);
                (!may_miss).then_some(0)
            }
        }
    }

    /// Up to where a pod was heard on a channel; `None` where nothing of it is known.
    pub fn last_heard(&self, pod: &str, audience: &Audience) -> Option<Seq> {
        Some(self.pods.get(pod)?.get(audience)?.last)
    }

    /// Takes in that a pod of which nothing is known on this channel has said everything up to
    /// `seq` before: none of it is delivered, and nobody misses it who was not owed it. Returns
    /// what [`Sequence::handle_mark`] does.
    pub fn handle_bygone(
        &mut self,
        now: Instant,
        pod: &str,
        audience: &Audience,
        seq: Seq,
    ) -> Option<u64> {
        let bygone = Heard { base: seq.minus(u64::MAX), ..Heard::from(now, seq, 1) };
        self.begin(pod, audience, bygone);
        (!self.is_interrupted(audience)).then_some(0)
    }

    /// A channel on which members are owed messages was not heard for a while, and is asked for
    /// again.
    pub fn handle_interrupted(&mut self, now: Instant, audience: &Audience) {
        if let Some(at) = self.interrupted.get_mut(audience) {
            *at = now;
        } else if self.interrupted.len() < INTERRUPTED_MAX {
            self.interrupted.insert(audience.clone(), now);
        } else {
            self.all_interrupted_at = Some(now);
        }
    }

    /// Forgets a channel: nothing of it is heard from now on, and what is said meanwhile is not
    /// missed by anybody.
    pub fn forget(&mut self, audience: &Audience) {
        self.interrupted.remove(audience);
        for channels in self.pods.values_mut() {
            if channels.remove(audience).is_some() {
                self.pairs -= 1;
            }
        }
    }

    /// Forgets pairs that were quiet for [`REMEMBERED_FOR`], and interruptions after
    /// [`INTERRUPTED_FOR`].
    pub fn sweep(&mut self, now: Instant) {
        if now >= self.swept_at + SWEEP_INTERVAL {
            self.swept_at = now;
            self.retain(|heard| heard.at + REMEMBERED_FOR >= now);
            self.interrupted.retain(|_, at| *at + INTERRUPTED_FOR >= now);
            self.interrupted.shrink_to(self.interrupted.len() * 2);
            self.all_interrupted_at =
                self.all_interrupted_at.filter(|at| *at + INTERRUPTED_FOR >= now);
        }
    }

    /// How many pairs are remembered.
    pub fn len(&self) -> usize {
        self.pairs
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.pairs == 0
    }

    fn heard(&mut self, pod: &str, audience: &Audience) -> Option<&mut Heard> {
        self.pods.get_mut(pod)?.get_mut(audience)
    }

    fn is_interrupted(&self, audience: &Audience) -> bool {
        self.all_interrupted_at.is_some() || self.interrupted.contains_key(audience)
    }

    fn begin(&mut self, pod: &str, audience: &Audience, heard: Heard) {
        if self.pairs >= PAIRS_MAX {
            let mut moments: Vec<Instant> =
                self.pods.values().flat_map(HashMap::values).map(|heard| heard.at).collect();
            let (_, quarter, _) = moments.select_nth_unstable(PAIRS_MAX / 4);
            let quarter = *quarter;
            self.retain(|heard| heard.at > quarter);
        }
        if !self.pods.contains_key(pod) {
            self.pods.insert(pod.into(), HashMap::new());
        }
        if let Some(channels) = self.pods.get_mut(pod) {
            channels.insert(audience.clone(), heard);
            self.pairs += 1;
        }
    }

    fn retain(&mut self, keep: impl Fn(&Heard) -> bool) {
        self.pods.retain(|_, channels| {
            channels.retain(|_, heard| keep(heard));
            channels.shrink_to(channels.len() * 2);
            !channels.is_empty()
        });
        self.pairs = self.pods.values().map(HashMap::len).sum();
    }
}

impl Heard {
    /// Of a pod that is heard from this number on.
    fn from(now: Instant, seq: Seq, window: u64) -> Heard {
        Heard { base: seq, last: seq, window, at: now }
    }

    fn judge(&mut self, seq: Seq) -> Verdict {
        let steps = seq.steps_since(self.last);
        if steps > 0 {
            self.advance(seq, steps, 1);
            return Verdict::New { missed: Some(steps - 1) };
        }
        let behind = self.last.steps_since(seq);
        let in_window = seq.epoch() == self.last.epoch() && behind < WINDOW;
        if !in_window || self.window & (1 << behind) != 0 {
            return Verdict::Duplicate;
        }
        self.window |= 1 << behind;
        Verdict::Late { announced: seq > self.base }
    }

    /// Goes on to `seq`, `steps` further; `bit` says whether `seq` itself was heard.
    fn advance(&mut self, seq: Seq, steps: u64, bit: u64) {
        if steps == 0 {
            return;
        }
        let crosses = seq.epoch() > self.last.epoch() || steps >= WINDOW;
        self.window = if crosses { bit } else { self.window << steps | bit };
        self.last = seq;
    }
}

#[cfg(test)]
mod tests;
