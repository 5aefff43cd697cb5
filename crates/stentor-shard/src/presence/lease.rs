//! A lease: somebody elsewhere wants to know who is in a room.

use crate::presence::LEASE;
use crate::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct Lease {
    /// Until when other shards of the pod want to know.
    shards_until: Option<Instant>,
    /// Until when other pods do.
    pods_until: Option<Instant>,
    /// It is on its way to be told.
    is_due: bool,
    /// Somebody may believe that people of this shard are there.
    is_believed: bool,
    /// Since when nobody of this shard is there, and is said not to be.
    empty_since: Option<Instant>,
}

/// Who is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listeners {
    pub(crate) shards: bool,
    pub(crate) pods: bool,
}

impl Lease {
    /// Takes note of who asked, for so long.
    pub(crate) fn grant(&mut self, until: Instant, is_of_pod: bool) {
        let which = if is_of_pod { &mut self.shards_until } else { &mut self.pods_until };
        *which = Some(until);
    }

    /// When it runs out.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.shards_until.max(self.pods_until)
    }

    /// It runs for longer for other pods; `false` where none of them has it.
    pub(crate) fn prolong_for_pods(&mut self, until: Instant) -> bool {
        self.pods_until = self.pods_until.map(|_| until);
        self.pods_until.is_some()
    }

    /// Whether it is worth telling that so many are there. That nobody is is told for as long as it
    /// may have been missed that the last one went.
    pub(crate) fn is_worth_telling(&mut self, now: Instant, count: u64) -> bool {
        if count > 0 {
            self.is_believed = true;
            self.empty_since = None;
        } else if self.is_believed {
            let since = *self.empty_since.get_or_insert(now);
            self.is_believed = since + LEASE > now;
        }
        self.is_believed
    }

    /// What was said lately may have been missed.
    pub(crate) fn doubt(&mut self) {
        self.empty_since = None;
    }

    /// Something has changed; `true` where that is to be told and nobody has set about it.
    pub(crate) fn note_change(&mut self) -> bool {
        !std::mem::replace(&mut self.is_due, true)
    }

    /// Who is to be told now; nobody, where the lease has run out.
    pub(crate) fn take_listeners(&mut self, now: Instant) -> Listeners {
        self.is_due = false;
        let runs = |until: Option<Instant>| until.is_some_and(|until| until > now);
        Listeners { shards: runs(self.shards_until), pods: runs(self.pods_until) }
    }
}
