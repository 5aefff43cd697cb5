//! User rates: the buckets that all connections of one user share, found by the user's name.
//!
//! Looked at when a connection comes and when it goes, never for a message. A user is forgotten
//! with its last connection, so there are never more entries than connections; whoever comes back
//! finds a bucket that is empty, as every connection does.
//!
//! One lock for the pod, as for addresses.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stentor_shard::UserRate;

#[derive(Debug)]
pub(crate) struct UserRates {
    /// 0 = users have no limit now.
    limit: AtomicU32,
    /// Once there was a limit, users are known, so that the next one counts for those who are here.
    are_known: AtomicBool,
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
        UserRates {
            limit: AtomicU32::new(limit),
            are_known: AtomicBool::new(limit > 0),
            users: Mutex::default(),
        }
    }

    /// Another limit from now on, for those who are here too; but for connections that came before
    /// there was any.
    pub(crate) fn change_limit(&self, limit: u32) {
        let users = self.lock();
        self.limit.store(limit, Relaxed);
        self.are_known.fetch_or(limit > 0, Relaxed);
        users.values().for_each(|shared| shared.rate.change_limit(limit));
    }

    /// A connection of the user comes in. Returns what it shares with the others; then
    /// [`UserRates::leave`] is to follow once. `None` where there never was a limit.
    pub(crate) fn join(&self, user: &Arc<str>) -> Option<Arc<UserRate>> {
        if !self.are_known.load(Relaxed) {
            return None;
        }
        let mut users = self.lock();
        // Looked at under the lock, so that a change reaches every bucket.
        let limit = self.limit.load(Relaxed);
        let shared = users
            .entry(Arc::clone(user))
            .or_insert_with(|| Shared { rate: Arc::new(UserRate::new(limit)), connections: 0 });
        shared.connections += 1;
        Some(Arc::clone(&shared.rate))
    }

    /// A connection of the user that shared something is gone.
    pub(crate) fn leave(&self, user: &Arc<str>) {
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
