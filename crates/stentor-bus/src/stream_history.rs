//! Stream history: what a client missed, judged from what a room's stream holds.
//!
//! The bad case first: what is not in the stream cannot be seen in it. A message that was dropped
//! before Redis had it leaves a hole in its pod's numbers, and a hole with nothing behind it is
//! told by the room's *lack*, which also stands for what other programs published: their messages
//! are in no stream. Where any of it may concern the client, the replay is the whole of what is
//! kept, and says that something may be missing.
//!
//! The stream's order is that in which Redis took the messages, and a client hears them in nearly
//! that order: what its own pod says comes to it sooner, in an outage long before Redis has it. So
//! what Redis took from a second before the last message was said may be unknown to who heard that,
//! and is part of the replay, unless it is certain. Clients drop by id what they have had.
//!
//! Trusted is that all pods are set to the same size. That a Redis keeps what it said it has taken
//! is trusted for as long as it runs; in a cluster, where a message may be heard before it is in its
//! stream, and after a failover not at all. Knows no Redis and no client.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use stentor_wire::place::Place;
use stentor_wire::testimony::MARGIN;
use stentor_wire::time::millis;
use uuid::Uuid;

use crate::seq::Seq;
use crate::stream_entry::StreamEntry;

/// So much before the last message that a client heard it may not have heard everything.
pub const WINDOW: Duration = Duration::from_millis(1_000);

/// A lack stands for everything that was lacking up to so long after it was written down.
pub const LACK_COVERS: Duration = Duration::from_millis(1_000);

/// How much history a stream keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamHistory {
    /// Messages of a room; Redis keeps up to a node of its streams more.
    pub size: usize,
    /// How long a message is kept.
    pub ttl: Duration,
}

/// What was read of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The last entries, the oldest first, at most [`StreamHistory::size`].
    pub entries: Vec<StreamEntry>,
    /// Whether these are all that were written since the stream began: a stream that was ever
    /// trimmed is not shorter than its size.
    pub is_whole: bool,
    /// Since when Redis has lost nothing that it said it has taken, in milliseconds since 1970, as
    /// far as that can be known; the end of time, where it cannot.
    pub sound_since: u64,
    /// When something was last lacking, by the clock of Redis, in milliseconds since 1970.
    pub lacking_at: Option<u64>,
}

/// Up to where a client has heard the room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Up to this message, which was said in this room.
    Id(Uuid),
    /// Up to about this time, in milliseconds since 1970, by a clock that agrees with that of Redis
    /// within [`WINDOW`].
    Time(u64),
}

/// What a client is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// The messages, in the order in which they are to be sent; each pod's in the order of its
    /// numbers, and no number twice.
    pub messages: Vec<Replayed>,
    /// The same among what the client has heard for certain, in one order; empty where not all is
    /// recovered. What of that comes to it all the same has its place here.
    pub among: Vec<Replayed>,
    /// Whether nothing else is missing. Where it is not, `messages` are all that is kept.
    pub recovered: bool,
    /// The oldest message that is kept.
    pub oldest_id: Option<Uuid>,
}

/// A message to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Its id, by which it is known again where it is also heard live.
    pub id: Uuid,
    /// The text frame.
    pub frame: Bytes,
    /// Its place in what its pod has published in the room.
    pub place: Place,
}

impl Kept {
    /// What somebody missed who heard the room up to `cut`, and may not have heard what was published
    /// since `unheard_since`. That and `now` in milliseconds since 1970.
    ///
    /// A stream without entries had none for as long as they are kept, or since Redis is sound: it
    /// makes [`Replay::recovered`] true for a time since then.
    pub fn replay(&self, cut: Cut, history: StreamHistory, now: u64, unheard_since: u64) -> Replay {
        let ordered = in_order(&self.entries);
        let ttl = millis(history.ttl);
        let is_kept = |placed: &&Placed<'_>| placed.entry.at.unix_millis.saturating_add(ttl) >= now;
        let whole: Vec<&StreamEntry> =
            ordered.iter().filter(is_kept).map(|placed| placed.entry).collect();
        let oldest_id = whole.first().map(|entry| entry.id);
        let missed = match cut {
            Cut::Id(id) => {
                let last = ordered.iter().position(|placed| placed.entry.id == id);
                let last = last.filter(|place| is_kept(&&ordered[*place]));
                last.and_then(|last| self.behind_message(&ordered, last, unheard_since))
            }
            Cut::Time(at) if at.saturating_add(ttl) < now => None,
            Cut::Time(at) => self.behind_time(&ordered, at, unheard_since),
        };
        let replayed = |entries: Vec<&StreamEntry>| entries.into_iter().map(Replayed::of).collect();
        let Some(missed) = missed else {
            let (messages, among) = (replayed(whole), Vec::new());
            return Replay { messages, among, recovered: false, oldest_id };
        };
        let are_missed: HashSet<Uuid> = missed.iter().map(|entry| entry.id).collect();
        let among = ordered
            .iter()
            .filter(|placed| is_kept(placed) || are_missed.contains(&placed.entry.id))
            .map(|placed| Replayed::of(placed.entry))
            .collect();
        Replay { messages: replayed(missed), among, recovered: true, oldest_id }
    }

    /// The entries, each pod's in the order of its numbers and none twice.
    pub fn in_order(&self) -> impl Iterator<Item = &StreamEntry> {
        in_order(&self.entries).into_iter().map(|placed| placed.entry)
    }

    fn behind_message<'a>(
        &self,
        ordered: &[Placed<'a>],
        last: usize,
        unheard_since: u64,
    ) -> Option<Vec<&'a StreamEntry>> {
        let heard = ordered[last].entry;
        let heard_from = heard.heard_from();
        let window = window(heard_from, unheard_since);
        let is_there = self.is_whole || self.reaches_before(window);
        let is_sound = self.sound_since <= heard_from.min(unheard_since);
        if !(is_there && is_sound) || self.may_lack(ordered, window) {
            return None;
        }
        let of_its_pod = |entry: &&StreamEntry| entry.pod == heard.pod && entry.seq <= heard.seq;
        let settled = ordered.iter().map(|placed| placed.entry);
        let settled = settled.filter(|entry| of_its_pod(entry) && entry.is_settled);
        let settled = settled.map(|entry| entry.seq).max();
        let is_first_copy = heard.is_first_copy();
        let is_certain = |entry: &StreamEntry| {
            is_first_copy
                && entry.pod == heard.pod
                && settled.is_some_and(|settled| entry.seq < settled)
        };
        let before = ordered[..last]
            .iter()
            .filter(|placed| placed.last_at >= window && !is_certain(placed.entry));
        Some(before.chain(&ordered[last + 1..]).map(|placed| placed.entry).collect())
    }

    fn behind_time<'a>(
        &self,
        ordered: &[Placed<'a>],
        at: u64,
        unheard_since: u64,
    ) -> Option<Vec<&'a StreamEntry>> {
        let window = window(at, unheard_since);
        let is_there = self.is_whole || self.reaches_before(window);
        if !(is_there && self.sound_since <= at.min(unheard_since))
            || self.may_lack(ordered, window)
        {
            return None;
        }
        let behind = ordered.iter().filter(|placed| placed.last_at >= window);
        Some(behind.map(|placed| placed.entry).collect())
    }

    /// Whether something older is there, so that nothing since has been trimmed.
    fn reaches_before(&self, unix_millis: u64) -> bool {
        self.entries.first().is_some_and(|oldest| oldest.at.unix_millis < unix_millis)
    }

    /// Whether something since `window` may be in no stream.
    fn may_lack(&self, ordered: &[Placed<'_>], window: u64) -> bool {
        let covers = |at: u64| at.saturating_add(millis(LACK_COVERS)) >= window;
        self.lacking_at.is_some_and(covers) || has_hole(ordered, window)
    }
}

impl Replayed {
    fn of(entry: &StreamEntry) -> Replayed {
        Replayed { id: entry.id, frame: entry.frame.clone(), place: entry.place() }
    }
}

/// An entry at its place in a replay.
#[derive(Clone, Copy)]
struct Placed<'a> {
    entry: &'a StreamEntry,
    /// When Redis took it last: perhaps nobody heard it before.
    last_at: u64,
}

/// The entries, each pod's in the order of its numbers and none twice. What a pod was not sure of
/// it published again, and so it may stand twice, or behind what was said after it.
fn in_order(entries: &[StreamEntry]) -> Vec<Placed<'_>> {
    let mut last_at: HashMap<(&str, Seq), u64> = HashMap::with_capacity(entries.len());
    for entry in entries {
        last_at.insert((&entry.pod, entry.seq), entry.at.unix_millis);
    }
    let mut ordered: Vec<Placed<'_>> = Vec::with_capacity(entries.len());
    let mut furthest: HashMap<&str, Seq> = HashMap::new();
    for entry in entries {
        // Taken out, so that the first stands for all.
        let Some(last_at) = last_at.remove(&(&*entry.pod, entry.seq)) else { continue };
        let furthest = furthest.entry(&entry.pod).or_insert(entry.seq);
        let is_later =
            |placed: &Placed<'_>| placed.entry.pod == entry.pod && placed.entry.seq > entry.seq;
        let place = if *furthest > entry.seq { ordered.iter().position(is_later) } else { None };
        *furthest = entry.seq.max(*furthest);
        ordered.insert(place.unwrap_or(ordered.len()), Placed { entry, last_at });
    }
    ordered
}

/// Whether a number is missing between two of one pod that stand not both before `window`.
fn has_hole(ordered: &[Placed<'_>], window: u64) -> bool {
    let mut last: HashMap<&str, Placed<'_>> = HashMap::new();
    ordered.iter().any(|placed| {
        last.insert(&placed.entry.pod, *placed).is_some_and(|before| {
            let is_in_window = placed.last_at >= window || before.last_at >= window;
            is_in_window && placed.entry.seq.steps_since(before.entry.seq) > 1
        })
    })
}

/// Since when something that Redis has taken may not have been heard by who heard a message of that
/// time.
fn window(heard_at: u64, unheard_since: u64) -> u64 {
    let before = heard_at.saturating_sub(millis(WINDOW));
    before.min(unheard_since.saturating_sub(millis(MARGIN)))
}

/// Since when a server has lost nothing that says that it runs for so many seconds, and to which
/// somebody has been connected without a break since `connected_at`. All times in milliseconds since
/// 1970.
///
/// Redis tells the difference of two times in whole seconds: it may have begun up to a second later.
pub fn sound_since(now: u64, uptime_seconds: u64, connected_at: u64) -> u64 {
    let began_by = now.saturating_sub(uptime_seconds.saturating_mul(1_000)).saturating_add(1_000);
    began_by.min(connected_at)
}

#[cfg(test)]
mod tests;
