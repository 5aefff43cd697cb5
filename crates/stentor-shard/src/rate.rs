//! How fast a member may speak.

use std::time::Duration;

use crate::time::Instant;

/// How many seconds' worth of messages may come in one burst.
const BURST: Duration = Duration::from_secs(2);

/// How many seconds' worth of refused messages are sustained abuse.
const ABUSE: Duration = Duration::from_secs(10);

/// Few refusals are never abuse, however low the limit is.
const ABUSE_MESSAGES_MIN: u32 = 100;

/// A leaky bucket as two moments (the generic cell rate algorithm): no timer, 16 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateBucket {
    /// When the bucket of accepted messages will have run empty.
    accepted_until: Instant,
    /// When the bucket of refused messages will have run empty.
    refused_until: Instant,
}

/// What a bucket says of one more message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It may pass.
    Fine,
    /// It is too much; the member is told.
    Limited,
    /// The member has been told often enough.
    Abuse,
}

impl RateBucket {
    /// Counts one message against `limit` messages a second, which is not zero.
    pub(crate) fn take(&mut self, now: Instant, limit: u32) -> Pace {
        let each = Duration::from_secs(1) / limit;
        let accepted_until = self.accepted_until.max(now) + each;
        if accepted_until.since(now) <= BURST {
            self.accepted_until = accepted_until;
            return Pace::Fine;
        }
        self.refused_until = self.refused_until.max(now) + each;
        let patience = ABUSE.max(each * ABUSE_MESSAGES_MIN);
        if self.refused_until.since(now) > patience { Pace::Abuse } else { Pace::Limited }
    }
}

#[cfg(test)]
mod tests;
