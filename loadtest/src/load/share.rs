//! Which connections are whose, when several processes make the load together.
//!
//! Knows numbers only. What it promises: every connection is in exactly one share, the shares are
//! equal up to one, and every process deals them out the same way without asking another.

use fastrand::Rng;

#[cfg(test)]
mod tests;

/// The same in every process of every run.
const SHUFFLE_SEED: u64 = 3;

/// The connections of one process: their numbers among all, ascending.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Share(Box<[u32]>);

impl Share {
    /// All of so many connections.
    pub(crate) fn whole(connections: usize) -> Self {
        Self((0..connections as u32).collect())
    }

    /// What process `part` of `parts` gets, counted from 0: shuffled, so that each room's members
    /// and the talkers of all rooms are spread over all processes.
    pub(crate) fn deal(connections: usize, part: usize, parts: usize) -> Self {
        if parts <= 1 {
            return Self::whole(connections);
        }
        let mut all: Vec<u32> = (0..connections as u32).collect();
        Rng::with_seed(SHUFFLE_SEED).shuffle(&mut all);
        let mut own: Box<[u32]> = all.into_iter().skip(part).step_by(parts).collect();
        own.sort_unstable();
        Self(own)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The numbers among all, by the numbers in this share.
    pub(crate) fn numbers(&self) -> &[u32] {
        &self.0
    }

    /// The number in this share of connection `number`; none if it is another's.
    pub(crate) fn place_of(&self, number: usize) -> Option<usize> {
        self.0.binary_search(&u32::try_from(number).ok()?).ok()
    }
}
