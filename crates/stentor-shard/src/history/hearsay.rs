//! Hearsay: what other pods have heard, by their own testimony.
//!
//! The bad case first: a pod that is deaf goes on to talk to its own members, and whoever heard the
//! last of it and comes here has missed what was said elsewhere meanwhile. So each pod testifies
//! once a second up to when it has heard the others ([`Testimony`]), and what it has not testified
//! to by a moment counts as not heard by that moment. A pod that has fallen silent is believed to
//! have had members for [`DEAD_AFTER`]; and for [`LOST_FOR`] by who comes behind a message that is
//! not known here, because it may have been said there.
//!
//! The same of this pod: what it says is on its way to the others for sure only where its own link
//! is proven, and nothing of it waits for Redis; and one that stood still talks to its own members
//! before it has heard what was said elsewhere meanwhile. Not known is a pod that never testified
//! here: one that was cut off when it began, or when this one did.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use stentor_wire::testimony::{MARGIN, Testimony};

use crate::history::resume::OVERLAP;
use crate::time::{Instant, Now, millis};

/// A pod that is silent for so long has no members who hear anything that comes here.
const DEAD_AFTER: Duration = Duration::from_secs(10);

/// A pod that is silent for so long has none at all.
const LOST_FOR: Duration = Duration::from_secs(600);

/// Testimonies of one pod that are remembered; past it every second of the older half is dropped,
/// which only makes what follows begin earlier.
const TESTIMONIES_MAX: usize = 512;

/// What one shard has of the bus, the others of the pod have within this.
const SHARED_WITHIN: Duration = Duration::from_millis(100);

/// Pods that are remembered; past it the one that was silent for longest is forgotten.
const PODS_MAX: usize = 1_024;

/// The last message that somebody heard, as far as its pod can be told by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastHeard {
    /// It has come here too, in time.
    Known,
    /// It may have been said on a pod that nobody hears.
    Unknown,
}

/// What is known of the hearing of pods.
#[derive(Debug, Default)]
pub(crate) struct Hearsay {
    /// When this pod's own link was proven, and up to when.
    own: Witness,
    /// When something that was said here was last seen to wait for Redis.
    delayed_at: Option<Instant>,
    pods: HashMap<Arc<str>, Witness>,
}

/// One pod.
#[derive(Debug, Default)]
struct Witness {
    /// When it was true and up to when it had heard, in order.
    heard: VecDeque<(u64, u64)>,
    /// When it ended politely.
    ended_at: Option<u64>,
}

impl Hearsay {
    /// Another pod testifies.
    pub(crate) fn handle_testimony(&mut self, now: Now, pod: &Arc<str>, testimony: Testimony) {
        if !self.pods.contains_key(pod) {
            let since = now.unix_millis.saturating_sub(millis(LOST_FOR));
            self.pods.retain(|_, witness| witness.last_at() >= since);
            if self.pods.len() >= PODS_MAX {
                let quietest = self.pods.iter().min_by_key(|(_, witness)| witness.last_at());
                let quietest = quietest.map(|(pod, _)| Arc::clone(pod));
                quietest.map(|pod| self.pods.remove(&pod));
            }
        }
        self.pods.entry(Arc::clone(pod)).or_default().add(testimony);
    }

    /// This pod's link was heard: what was sent before this time has been passed on.
    pub(crate) fn handle_proof(&mut self, now: Now, until_unix_millis: u64) {
        let at = now.unix_millis.saturating_add(millis(SHARED_WITHIN));
        self.own.add(Testimony { at, until: until_unix_millis, is_last: false });
    }

    /// What was said here waits for Redis.
    pub(crate) fn handle_delay(&mut self, now: Now) {
        self.delayed_at = Some(now.instant);
    }

    /// When something that was said here was last seen to wait for Redis.
    pub(crate) fn delayed_at(&self) -> Option<Instant> {
        self.delayed_at
    }

    /// How long before a message everything was heard by who heard that, whichever pod it was on.
    ///
    /// What came to this pod late stands behind that message here, so of the pod itself only what it
    /// has not proven to this day counts.
    pub(crate) fn overlap(&self, heard_at: u64, last: LastHeard) -> Duration {
        let others = self.unheard_elsewhere_since(heard_at, last);
        let own = self.own.heard.back().map_or(heard_at, |(_, until)| *until);
        let unheard_since = others.min(own).saturating_sub(millis(MARGIN));
        OVERLAP.max(Duration::from_millis(heard_at.saturating_sub(unheard_since)))
    }

    /// What was published before this had been heard by who heard a message of that time, by this
    /// pod or another. All times in milliseconds since 1970.
    pub(crate) fn unheard_since(&self, heard_at: u64, last: LastHeard) -> u64 {
        let own = self.own.heard_by(heard_at, Duration::MAX);
        self.unheard_elsewhere_since(heard_at, last).min(own.unwrap_or(heard_at))
    }

    fn unheard_elsewhere_since(&self, heard_at: u64, last: LastHeard) -> u64 {
        let believed_for = match last {
            LastHeard::Known => DEAD_AFTER,
            LastHeard::Unknown => LOST_FOR,
        };
        let pods = self.pods.values().filter_map(|pod| pod.heard_by(heard_at, believed_for));
        pods.chain([heard_at]).min().unwrap_or(heard_at)
    }
}

impl Witness {
    fn add(&mut self, testimony: Testimony) {
        let Testimony { at, until, is_last } = testimony;
        if self.heard.back().is_some_and(|(last, _)| *last > at) {
            // Its calendar was set back: what was said by the old one says nothing now.
            self.heard.clear();
        }
        self.heard.push_back((at, until));
        // Behind its end nothing follows, whatever comes late.
        self.ended_at = self.ended_at.or(is_last.then_some(at));
        if self.heard.len() > TESTIMONIES_MAX {
            let mut place = 0;
            self.heard.retain(|_| {
                place += 1;
                place % 2 == 1 || place > TESTIMONIES_MAX / 2
            });
        }
    }

    fn last_at(&self) -> u64 {
        self.heard.back().map_or(0, |(at, _)| *at)
    }

    /// Up to when it had heard the others by that time; `None` where it had no members then.
    fn heard_by(&self, unix_millis: u64, believed_for: Duration) -> Option<u64> {
        if self.ended_at.is_some_and(|ended_at| ended_at < unix_millis) {
            return None;
        }
        let following = self.heard.partition_point(|(at, _)| *at <= unix_millis);
        let Some((at, until)) = following.checked_sub(1).and_then(|place| self.heard.get(place))
        else {
            // It has told nothing by then; later it said since when it heard.
            let (_, until) = self.heard.front()?;
            return (*until < unix_millis).then_some(*until);
        };
        (unix_millis <= at.saturating_add(millis(believed_for))).then_some(*until)
    }
}

#[cfg(test)]
mod tests;
