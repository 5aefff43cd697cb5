//! How fast a member may speak, and how fast all connections of one user together.
//!
//! The bad case first: what is refused counts against the connection that sent it and no other, at
//! the pace of the limit that refused it. So a connection that keeps within the limits by itself may
//! be refused because of what its user's other connections say, but is never closed for it.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::time::Instant;

/// How many seconds' worth of messages may come in one burst.
const BURST: Duration = Duration::from_secs(2);

/// How many seconds' worth of refused messages are sustained abuse.
const ABUSE: Duration = Duration::from_secs(10);

/// Few refusals are never abuse, however low the limit is.
const ABUSE_MESSAGES_MIN: u32 = 100;

/// A connection's leaky buckets as two moments (the generic cell rate algorithm): no timer, 16
/// bytes.
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

/// The bucket of accepted messages that all connections of one user share, on whatever shard: one
/// moment, changed by compare and exchange, so that the limit is exact and nobody waits.
///
/// All shards that share it count their moments from the same start.
#[derive(Debug)]
pub struct UserRate {
    limit: NonZeroU32,
    /// When it will have run empty, in microseconds.
    accepted_until: AtomicU64,
}

impl UserRate {
    /// An empty bucket that takes `limit` messages a second, in bursts of twice that.
    pub fn new(limit: NonZeroU32) -> UserRate {
        UserRate { limit, accepted_until: AtomicU64::new(0) }
    }

    /// Messages a second.
    pub fn limit(&self) -> u32 {
        self.limit.get()
    }

    fn accept(&self, now: Instant) -> bool {
        let next =
            |until| accept(Instant::from_micros(until), now, self.limit()).map(Instant::micros);
        self.accepted_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

impl RateBucket {
    /// Counts one message against `limit` messages a second, which is not zero.
    pub(crate) fn take(&mut self, now: Instant, limit: u32) -> Pace {
        match accept(self.accepted_until, now, limit) {
            Some(accepted_until) => {
                self.accepted_until = accepted_until;
                Pace::Fine
            }
            None => self.refuse(now, limit),
        }
    }

    /// Counts one message, which the connection's own limit has let pass, against the limit of all
    /// connections of its user.
    pub(crate) fn take_shared(&mut self, now: Instant, rate: &UserRate) -> Pace {
        if rate.accept(now) { Pace::Fine } else { self.refuse(now, rate.limit()) }
    }

    fn refuse(&mut self, now: Instant, limit: u32) -> Pace {
        let each = Duration::from_secs(1) / limit;
        self.refused_until = self.refused_until.max(now) + each;
        let patience = ABUSE.max(each * ABUSE_MESSAGES_MIN);
        if self.refused_until.since(now) > patience { Pace::Abuse } else { Pace::Limited }
    }
}

/// Until when a bucket holds something if it takes one message more; `None` where it has no room.
fn accept(until: Instant, now: Instant, limit: u32) -> Option<Instant> {
    let until = until.max(now) + Duration::from_secs(1) / limit;
    (until.since(now) <= BURST).then_some(until)
}

#[cfg(test)]
mod tests;
