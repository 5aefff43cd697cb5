//! User rates: the buckets that all connections of one user share, found by the user's name.
//!
//! Looked at when a connection comes and when it goes, never for a message. A user is forgotten
//! with its last connection, so there are never more entries than connections; whoever comes back
//! finds a bucket that is empty, as every connection does.
//!
//! One lock for the pod, as for addresses.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stentor_shard::UserRate;

#[derive(Debug)]
pub(crate) struct UserRates {
    /// `None` = users have no limit, and nothing is kept of them.
    limit: Option<NonZeroU32>,
    users: Mutex<HashMap<Arc<str>, Shared>>,
}

#[derive(Debug)]
struct Shared {
    rate: Arc<UserRate>,
    connections: usize,
}

impl UserRates {
    /// A limit of messages a second for all connections of one user together; 0 = none.
    pub(crate) fn new(limit: u32) -> UserRates {
        UserRates { limit: NonZeroU32::new(limit), users: Mutex::default() }
    }

    /// A connection of the user comes in. Returns what it shares with the others; `None` where
    /// there is no limit. [`UserRates::leave`] is to follow once.
    pub(crate) fn join(&self, user: &Arc<str>) -> Option<Arc<UserRate>> {
        let limit = self.limit?;
        let mut users = self.lock();
        let shared = users
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
        let mut users = self.lock();
        let Some(shared) = users.get_mut(user) else { return };
        shared.connections -= 1;
        if shared.connections == 0 {
            users.remove(user);
        }
    }

    /// A thread that died meanwhile left whole entries behind.
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Shared>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
