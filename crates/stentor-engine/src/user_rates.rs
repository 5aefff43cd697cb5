//! User rates: the buckets that all connections of one user share, found by the user's name.
//!
//! Looked at when a connection comes and when it goes, never for a message. A user is forgotten
//! with its last connection, so there are never more entries than connections; whoever comes back
//! finds a bucket that is empty, as every connection does.

use std::num::NonZeroU32;
use std::sync::Arc;

use dashmap::{DashMap, Entry};
use stentor_shard::UserRate;

#[derive(Debug)]
pub(crate) struct UserRates {
    /// `None` = users have no limit, and nothing is kept of them.
    limit: Option<NonZeroU32>,
    users: DashMap<Arc<str>, Shared>,
}

#[derive(Debug)]
struct Shared {
    rate: Arc<UserRate>,
    connections: usize,
}

impl UserRates {
    /// A limit of messages a second for all connections of one user together; 0 = none.
    pub(crate) fn new(limit: u32) -> UserRates {
        UserRates { limit: NonZeroU32::new(limit), users: DashMap::new() }
    }

    /// A connection of the user comes in. Returns what it shares with the others; `None` where
    /// there is no limit. [`UserRates::leave`] is to follow once.
    pub(crate) fn join(&self, user: &Arc<str>) -> Option<Arc<UserRate>> {
        let limit = self.limit?;
        let mut shared = self
            .users
            .entry(Arc::clone(user))
            .or_insert_with(|| Shared { rate: Arc::new(UserRate::new(limit)), connections: 0 });
        shared.connections += 1;
        Some(Arc::clone(&shared.rate))
    }

    /// A connection of the user is gone.
    pub(crate) fn leave(&self, user: &Arc<str>) {
        if self.limit.is_none() {
            return;
        }
        let Entry::Occupied(mut entry) = self.users.entry(Arc::clone(user)) else { return };
        let shared = entry.get_mut();
        shared.connections -= 1;
        if shared.connections == 0 {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests;
