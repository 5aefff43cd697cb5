//! Conflation: of several words about the same person in the same room the last one counts.

use std::collections::{HashSet, VecDeque};

use stentor_wire::encode::presence_of;

use crate::ring::{Class, Slot};

/// Drops every word about presence that a later one makes worthless, but for the first `kept` slots.
pub(super) fn drop_stale(slots: &mut VecDeque<Slot>, kept: usize) {
    let mut known: HashSet<Vec<u8>> = HashSet::new();
    let mut stale: Vec<usize> = Vec::new();
    for (at, slot) in slots.iter().enumerate().skip(kept).rev() {
        if slot.class == Class::Presence
            && let Some((room, person)) = presence_of(slot.bytes())
            && !known.insert([room, person].concat())
        {
            stale.push(at);
        }
    }
    // From the back, so that the places of the others stay.
    stale.into_iter().for_each(|at| drop(slots.remove(at)));
}
