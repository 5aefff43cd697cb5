//! Weaving: what an archive has kept of a room and what a shard has, in one order.
//!
//! The bad case first: neither has all. An archive that died has lost what the shard kept, and what
//! came behind that it has anew; the shard began later, or let go of what the archive has. Each has
//! the messages of one sender in the order in which they were said, and so has what is woven of both.
//! What pods have published has numbers, and those tell the order wherever both have one of one pod.
//! Where nothing else tells, the stamps do.

use std::collections::{HashMap, HashSet};

use stentor_wire::encode::{frame_from, frame_id, frame_timestamp};

use crate::recollection::Remembered;

/// What is woven of a message.
#[derive(Clone, Copy)]
struct Thread<'a> {
    of: &'a Remembered,
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

/// The messages of both, each id once.
pub(super) fn weave(archived: &[Remembered], kept: &[Remembered]) -> Vec<Remembered> {
    let archived = once_each(archived);
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
    let mut placed: Vec<(usize, &Remembered)> = Vec::new();
    for (thread, end) in kept.iter().zip(ends) {
        let sender = senders.entry(thread.from).or_default();
        if let Some(place) = place_of(thread) {
            sender.earliest = sender.earliest.max(place + 1);
        }
        if places.contains_key(thread.id) {
            continue;
        }
        let end = sender.pass(end, |place| {
            let archived = &archived[place];
            // A number that is not known says only that what is gone is older.
            let is_gone = !ids.contains(archived.id);
            archived.is_before(thread, is_gone)
        });
        let start = sender.earliest;
        let by_stamp = latest.partition_point(|stamp| *stamp <= thread.stamp);
        let place = by_stamp.min(end).max(start);
        sender.earliest = place;
        placed.push((place, thread.of));
    }
    // Stable: what stands at one place stays in the shard's order.
    placed.sort_by_key(|(place, _)| *place);
    let mut placed = placed.into_iter().peekable();
    let mut woven = Vec::with_capacity(archived.len() + placed.len());
    for (place, thread) in archived.iter().enumerate() {
        while let Some((_, kept)) = placed.next_if(|(before, _)| *before <= place) {
            woven.push(kept.clone());
        }
        woven.push(thread.of.clone());
    }
    woven.extend(placed.map(|(_, kept)| kept.clone()));
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

fn once_each(messages: &[Remembered]) -> Vec<Thread<'_>> {
    let mut ids = HashSet::new();
    messages.iter().map(Thread::of).filter(|thread| ids.insert(thread.id)).collect()
}

impl<'a> Thread<'a> {
    fn of(of: &'a Remembered) -> Thread<'a> {
        let frame = &of.frame;
        Thread {
            of,
            id: frame_id(frame).unwrap_or_default(),
            from: frame_from(frame).unwrap_or_default(),
            stamp: frame_timestamp(frame).map_or(0, |timestamp| timestamp.unix_millis()),
        }
    }

    /// Whether its sender said it before `kept`.
    fn is_before(&self, kept: &Thread<'_>, is_gone: bool) -> bool {
        let places = self.of.place.zip(kept.of.place);
        let places = places.filter(|(_, kept)| is_gone || !kept.is_behind_all());
        let by_place = places.and_then(|(archived, kept)| archived.is_before(kept));
        by_place.unwrap_or(self.stamp <= kept.stamp)
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
