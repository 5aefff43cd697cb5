//! How many connections each address block has.
//!
//! One lock for the pod, taken when a connection comes and when it goes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::address_block::AddressBlock;

/// How large an empty table may be before it is given back.
const SPARE_ENTRIES_MAX: usize = 1_024;

/// The tally. A block without connections has no entry, so that there are no more entries than
/// connections.
#[derive(Debug)]
pub(super) struct Addresses {
    /// Connections of one block; 0 = they are not counted.
    max: AtomicUsize,
    taken: Mutex<HashMap<AddressBlock, usize>>,
}

impl Addresses {
    pub(super) fn new(max: usize) -> Addresses {
        Addresses { max: AtomicUsize::new(max), taken: Mutex::default() }
    }

    /// So many from now on. Who is here stays, and is not counted where none was before.
    pub(super) fn change(&self, max: usize) {
        self.max.store(max, Relaxed);
    }

    pub(super) fn are_counted(&self) -> bool {
        self.max.load(Relaxed) > 0
    }

    /// Counts one more; `false` where there are as many as allowed.
    pub(super) fn take(&self, address: AddressBlock) -> bool {
        let max = self.max.load(Relaxed);
        let mut taken = self.lock();
        let count = taken.get(&address).copied().unwrap_or(0);
        let fits = count < max;
        if fits {
            taken.insert(address, count + 1);
        }
        fits
    }

    /// Counts one less.
    pub(super) fn give_back(&self, address: AddressBlock) {
        let mut taken = self.lock();
        match taken.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&address);
            }
        }
        // Once nobody is there, the memory of a past crowd goes back.
        if taken.is_empty() && taken.capacity() > SPARE_ENTRIES_MAX {
            *taken = HashMap::new();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// A thread that died meanwhile left whole numbers behind.
    fn lock(&self) -> MutexGuard<'_, HashMap<AddressBlock, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
