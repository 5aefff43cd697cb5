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
//! nobody here was promised it, so a late subscriber starts without a gap.

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

/// How often quiet pairs are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// How far behind the last number a late one is told from a duplicate.
const WINDOW: u64 = u64::BITS as u64;

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be delivered; before it `missed` others were lost.
    New {
        /// How many.
        missed: u64,
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
                self.begin(now, pod, audience, seq);
                Verdict::New { missed: 0 }
            }
        }
    }

    /// Takes in that a pod has said everything up to `seq`; returns how many of it were missed.
    pub fn handle_mark(&mut self, now: Instant, pod: &str, audience: &Audience, seq: Seq) -> u64 {
        match self.heard(pod, audience) {
            Some(heard) => {
                heard.at = now;
                let missed = seq.steps_since(heard.last);
                heard.advance(seq, missed, 0);
                missed
            }
            None => {
                self.begin(now, pod, audience, seq);
                0
            }
        }
    }

    /// Forgets a channel: nothing of it is heard from now on, and what is said meanwhile is not
    /// missed by anybody.
    pub fn forget(&mut self, audience: &Audience) {
        for channels in self.pods.values_mut() {
            if channels.remove(audience).is_some() {
                self.pairs -= 1;
            }
        }
    }

    /// Forgets pairs that were quiet for [`REMEMBERED_FOR`].
    pub fn sweep(&mut self, now: Instant) {
        if now >= self.swept_at + SWEEP_INTERVAL {
            self.swept_at = now;
            self.retain(|heard| heard.at + REMEMBERED_FOR >= now);
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

    fn begin(&mut self, now: Instant, pod: &str, audience: &Audience, seq: Seq) {
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
        let heard = Heard { base: seq, last: seq, window: 1, at: now };
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
    fn judge(&mut self, seq: Seq) -> Verdict {
        let steps = seq.steps_since(self.last);
        if steps > 0 {
            self.advance(seq, steps, 1);
            return Verdict::New { missed: steps - 1 };
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
