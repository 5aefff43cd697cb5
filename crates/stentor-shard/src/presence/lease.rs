//! A lease: somebody elsewhere wants to know who is in a room.

use crate::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct Lease {
    /// Until when other shards of the pod want to know.
    shards_until: Option<Instant>,
    /// Until when other pods do.
    pods_until: Option<Instant>,
    /// It is on its way to be told.
    is_due: bool,
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
