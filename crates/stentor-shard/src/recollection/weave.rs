//! Weaving: what an archive has kept of a room and what a shard has, in one order.
//!
//! The bad case first: neither has all. An archive that died has lost what the shard kept, and what
//! came behind that it has anew; the shard began later, or let go of what the archive has. Each has
//! the messages of one sender in the order in which they were said, and so has what is woven of both.
//! Where nothing else tells, the stamps do. Of what one sender said in one millisecond, part of it
//! only here and part only there, nobody can tell the order: what only the archive has is left out.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use stentor_wire::encode::{frame_from, frame_id, frame_timestamp};

/// What is woven of a frame.
#[derive(Clone, Copy)]
struct Thread<'a> {
    frame: &'a Bytes,
    id: &'a str,
    from: &'a [u8],
    /// In milliseconds since 1970.
    stamp: u64,
}

/// What one sender has said that is in the archive, and where its next message may stand.
#[derive(Default)]
struct Sender {
    /// The places of its messages in the archive's order, ascending.
    places: Vec<usize>,
    /// How many of them stand before what comes next.
    passed: usize,
    /// Its next message stands before the one at this place at the earliest.
    earliest: usize,
}

/// The frames of both, each id once.
pub(super) fn weave<'a>(archived: &[Bytes], kept: impl Iterator<Item = &'a Bytes>) -> Vec<Bytes> {
    let archived = once_each(archived.iter());
    let kept = once_each(kept);
    let places: HashMap<&str, usize> =
        archived.iter().enumerate().map(|(place, thread)| (thread.id, place)).collect();
    let mut senders: HashMap<&[u8], Sender> = HashMap::new();
    let mut latest = Vec::with_capacity(archived.len());
    for (place, thread) in archived.iter().enumerate() {
        senders.entry(thread.from).or_default().places.push(place);
        latest.push(latest.last().copied().unwrap_or(0).max(thread.stamp));
    }
    // Another sender's copy of a message says nothing of what this one said.
    let place_of = |thread: &Thread<'_>| {
        let place = places.get(thread.id).copied();
        place.filter(|place| archived[*place].from == thread.from)
    };
    let ends = latest_places(&kept, place_of, archived.len());
    let ids: HashSet<&str> = kept.iter().map(|thread| thread.id).collect();
    let is_only_archived = |place: usize| !ids.contains(archived[place].id);
    let mut left_out = HashSet::new();
    let mut placed: Vec<(usize, &Bytes)> = Vec::new();
    for (thread, end) in kept.iter().zip(ends) {
        let sender = senders.entry(thread.from).or_default();
        if let Some(place) = place_of(thread) {
            sender.earliest = sender.earliest.max(place + 1);
        }
        if places.contains_key(thread.id) {
            continue;
        }
        let end = sender.pass(end, |place| match archived[place].stamp.cmp(&thread.stamp) {
            Ordering::Equal if is_only_archived(place) => {
                left_out.insert(place);
                true
            }
            order => order.is_le(),
        });
        let start = sender.earliest;
        let by_stamp = latest.partition_point(|stamp| *stamp <= thread.stamp);
        let place = by_stamp.min(end).max(start);
        sender.earliest = place;
        placed.push((place, thread.frame));
    }
    // Stable: what stands at one place stays in the shard's order.
    placed.sort_by_key(|(place, _)| *place);
    let mut placed = placed.into_iter().peekable();
    let mut woven = Vec::with_capacity(archived.len() + placed.len());
    for (place, thread) in archived.iter().enumerate() {
        while let Some((_, frame)) = placed.next_if(|(before, _)| *before <= place) {
            woven.push(frame.clone());
        }
        if !left_out.contains(&place) {
            woven.push(thread.frame.clone());
        }
    }
    woven.extend(placed.map(|(_, frame)| frame.clone()));
    woven
}

/// Before which place each of these stands at the latest: that of the next message of its sender
/// which is in the archive too.
fn latest_places(
    kept: &[Thread<'_>],
    place_of: impl Fn(&Thread<'_>) -> Option<usize>,
    behind_all: usize,
) -> Vec<usize> {
    let mut next: HashMap<&[u8], usize> = HashMap::new();
    let mut ends: Vec<usize> = Vec::with_capacity(kept.len());
    for thread in kept.iter().rev() {
        let end = next.entry(thread.from).or_insert(behind_all);
        ends.push(*end);
        if let Some(place) = place_of(thread) {
            *end = place.min(*end);
        }
    }
    ends.reverse();
    ends
}

fn once_each<'a>(frames: impl Iterator<Item = &'a Bytes>) -> Vec<Thread<'a>> {
    let mut ids = HashSet::new();
    frames.map(Thread::of).filter(|thread| ids.insert(thread.id)).collect()
}

impl<'a> Thread<'a> {
    fn of(frame: &'a Bytes) -> Thread<'a> {
        Thread {
            frame,
            id: frame_id(frame).unwrap_or_default(),
            from: frame_from(frame).unwrap_or_default(),
            stamp: frame_timestamp(frame).map_or(0, |timestamp| timestamp.unix_millis()),
        }
    }
}

impl Sender {
    /// Passes those of its messages in the archive that stand before `end` and before what comes
    /// next; returns before which place that stands at the latest.
    fn pass(&mut self, end: usize, mut is_before: impl FnMut(usize) -> bool) -> usize {
        while let Some(place) = self.places.get(self.passed).copied().filter(|place| *place < end) {
            if place >= self.earliest && !is_before(place) {
                return place;
            }
            self.earliest = self.earliest.max(place + 1);
            self.passed += 1;
        }
        end
    }
}

#[cfg(test)]
mod tests;
