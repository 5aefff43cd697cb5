//! How fast a member may speak, and how fast all connections of one user together.
//!
//! The bad case first: what is refused counts against the connection that sent it and no other, at
//! the pace of the limit that refused it. So a connection that keeps within the limits by itself may
//! be refused because of what its user's other connections say, but is never closed for it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
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
    /// Messages a second, as they are wanted now; 0 = no limit.
    limit: AtomicU32,
    /// When it will have run empty, in microseconds.
    accepted_until: AtomicU64,
}

impl UserRate {
    /// An empty bucket that takes `limit` messages a second, in bursts of twice that; 0 = no limit.
    pub fn new(limit: u32) -> UserRate {
        UserRate { limit: AtomicU32::new(limit), accepted_until: AtomicU64::new(0) }
    }

    /// Messages a second; 0 = no limit.
    pub fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Takes so many messages a second from now on, from those who share it already too.
    pub fn change_limit(&self, limit: u32) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// `limit` was looked at once, as it may change meanwhile, and is not zero.
    fn accept(&self, now: Instant, limit: u32) -> bool {
        let next = |until| accept(Instant::from_micros(until), now, limit).map(Instant::micros);
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
        let limit = rate.limit();
        if limit == 0 || rate.accept(now, limit) { Pace::Fine } else { self.refuse(now, limit) }
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
