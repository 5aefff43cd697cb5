//! Attempts: addresses whose upgrades were refused too often are not listened to for a while.
//!
//! A refusal for a reason that the client can mend counts; where the pod is full or sheds load it
//! does not. Each address has a leaky bucket of a minute's worth. The table is bounded: two
//! generations, of which the older is forgotten when the younger is full or a minute old.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use stentor_engine::AddressBlock;

use crate::problem::Kind;

/// How many addresses one generation knows.
const ADDRESSES_MAX: usize = 16_384;

/// What a bucket holds, and how old a generation becomes.
const WINDOW: Duration = Duration::from_secs(60);

/// Refused upgrades by address.
#[derive(Debug)]
pub(crate) struct Attempts {
    /// Refusals a minute; 0 = nothing is counted.
    per_minute: AtomicU32,
    started: Instant,
    table: Mutex<Table>,
}

/// When each address's bucket is empty, since the start.
#[derive(Debug, Default)]
struct Table {
    young: HashMap<AddressBlock, Duration>,
    old: HashMap<AddressBlock, Duration>,
    began: Duration,
}

impl Attempts {
    /// So many refusals a minute; 0 = any number.
    pub(crate) fn new(per_minute: u32) -> Attempts {
        let per_minute = AtomicU32::new(per_minute);
        Attempts { per_minute, started: Instant::now(), table: Mutex::default() }
    }

    /// So many from now on. What was counted stays counted, as it was weighed then.
    pub(crate) fn change(&self, per_minute: u32) {
        self.per_minute.store(per_minute, Relaxed);
    }

    /// Whether anything is counted.
    pub(crate) fn are_counted(&self) -> bool {
        self.per_minute.load(Relaxed) > 0
    }

    /// How long the address is not to try again; `None` where it may.
    pub(crate) fn barred(&self, address: AddressBlock) -> Option<Duration> {
        self.barred_at(self.started.elapsed(), address)
    }

    /// Counts a refusal of this kind.
    pub(crate) fn note(&self, address: AddressBlock, kind: Kind) {
        let is_mendable = kind.status().is_client_error()
            && !matches!(kind, Kind::TooManyAttempts | Kind::TooManyConnections);
        if is_mendable {
            self.note_at(self.started.elapsed(), address);
        }
    }

    /// What a refusal takes of the window.
    fn interval(&self) -> Duration {
        WINDOW.checked_div(self.per_minute.load(Relaxed)).unwrap_or_default()
    }

    fn barred_at(&self, now: Duration, address: AddressBlock) -> Option<Duration> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let empty_at = table.young.get(&address).or_else(|| table.old.get(&address))?;
        let over = (*empty_at + self.interval()).saturating_sub(now + WINDOW);
        (!over.is_zero()).then_some(over)
    }

    fn note_at(&self, now: Duration, address: AddressBlock) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = table.young.contains_key(&address);
        if now >= table.began + WINDOW || !is_known && table.young.len() >= ADDRESSES_MAX {
            table.old = std::mem::take(&mut table.young);
            table.began = now;
        }
        let before = table.young.get(&address).or_else(|| table.old.get(&address)).copied();
        let empty_at = before.unwrap_or_default().max(now) + self.interval();
        table.young.insert(address, empty_at);
    }
}
