//! Standing: what a shard keeps of a member that has proven who it is.
//!
//! Members that have not, pay eight bytes for it and nothing else.

use std::sync::Arc;
use std::time::Duration;

use crate::identity::Identity;
use crate::rate::UserRate;
use crate::time::{Instant, Now, millis};

/// How long before its end a member is told.
const NOTICE: Duration = Duration::from_secs(30);

/// Refused `auth` messages that a connection may send in its life; the next closes it. To judge a
/// token costs more than other messages do, so somebody who guesses is not borne for ever.
const REFUSALS_MAX: u8 = 8;

#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) identity: Identity,
    /// Shared with the user's other connections, where there is a limit.
    pub(crate) rate: Option<Arc<UserRate>>,
    /// The end of this identity was told.
    told: bool,
    refusals: u8,
}

/// Where a member stands on the way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remaining {
    /// There is no end.
    Forever,
    /// Nothing is to be done before that moment.
    Until(Instant),
    /// It ends at that moment, in so many milliseconds, and has not been told.
    Soon { at: Instant, millis: u64 },
    /// It has ended.
    Over,
}

impl Standing {
    pub(crate) fn new(identity: Identity, rate: Option<Arc<UserRate>>) -> Standing {
        Standing { identity, rate, told: false, refusals: 0 }
    }

    /// What is left by the calendar as it is now. The moment in it is right as long as nobody sets
    /// the calendar: whoever waits for it looks again then, and now and again before.
    pub(crate) fn remaining(&self, now: Now) -> Remaining {
        let Some(left) = self.identity.remains(now.unix_millis) else { return Remaining::Forever };
        if left.is_zero() {
            return Remaining::Over;
        }
        let at = now.instant + left;
        if self.told {
            return Remaining::Until(at);
        }
        match left.checked_sub(NOTICE).filter(|pause| !pause.is_zero()) {
            Some(pause) => Remaining::Until(now.instant + pause),
            None => Remaining::Soon { at, millis: millis(left) },
        }
    }

    /// Notes that the end was told; once for each token.
    pub(crate) fn note_told(&mut self) {
        self.told = true;
    }

    /// Takes a newer identity of the same user.
    pub(crate) fn renew(&mut self, identity: Identity) {
        self.identity = identity;
        self.told = false;
    }

    /// Counts a token that was not believed; `false` where that was one too many.
    pub(crate) fn bears_refusal(&mut self) -> bool {
        self.refusals = self.refusals.saturating_add(1);
        self.refusals <= REFUSALS_MAX
    }
}
