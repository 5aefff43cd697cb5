//! What a client knows from its earlier connections, and what it is owed of the time without one.
//!
//! A client that comes back and is told that nothing is missing is owed everything of the rooms
//! that it was in before, as if it had never been away. What is missing then breaks a promise,
//! whatever else was said about it, unless a `gap` has announced it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use stentor_bus::channel::Audience;

use super::{Gap, Oracle};
use crate::connection::ConnectionId;
use crate::queue::Micros;

/// How many clients came back, and what they were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resumed {
    /// All that were told something.
    pub told: u64,
    /// Those that were told that nothing is missing.
    pub recovered: u64,
    /// Those of them of whom nobody could have known better: calendars did not agree, or the same
    /// message was said on pods that did not hear each other.
    pub unjudged: u64,
}

impl AddAssign for Resumed {
    fn add_assign(&mut self, other: Resumed) {
        self.told += other.told;
        self.recovered += other.recovered;
        self.unjudged += other.unjudged;
    }
}

/// What a client has of its connections so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pod: usize,
    /// Since when it has been owed everything that was said.
    rooms: BTreeMap<Audience, Micros>,
    heard: BTreeSet<u64>,
    gaps: Vec<Gap>,
}

impl Oracle {
    /// The pod that the client of a connection was on before.
    pub(crate) fn left_pod(&self, id: ConnectionId) -> Option<usize> {
        let listener = self.listeners.get(&id)?;
        self.memories.get(&listener.client).map(|memory| memory.pod)
    }

    /// The pods that have said a message.
    pub(crate) fn pods_of(&self, number: Option<u64>) -> Vec<usize> {
        let said = number.and_then(|number| self.said.get(&number));
        said.into_iter().flat_map(|said| &said.by).map(|by| by.pod).collect()
    }

    /// A shard has taken a message.
    pub(crate) fn reached(&mut self, now: Micros, shard: (usize, usize), number: u64) {
        if let Some(said) = self.said.get_mut(&number) {
            said.reached.entry(shard).or_insert(now);
        }
    }

    /// A copy of a message has come to a shard from another.
    pub(crate) fn brought(&mut self, now: Micros, shard: (usize, usize), number: u64) {
        self.reached(now, shard, number);
        if let Some(said) = self.said.get_mut(&number) {
            *said.copies.entry(shard).or_default() += 1;
        }
    }

    /// Whether pods have said a message apart, and not all of that has come to this shard.
    pub(super) fn is_unknown(&self, number: u64, shard: (usize, usize)) -> bool {
        let Some(said) = self.said.get(&number) else { return false };
        // A repeat that its pod has had already goes no further.
        let passed_on = said.by.iter().filter(|by| by.is_passed_on);
        let pods: BTreeSet<usize> = passed_on.map(|by| by.pod).collect();
        pods.len() > said.copies.get(&shard).copied().unwrap_or_default()
    }

    /// A client reads that something may be missing, and its shard may have let go of what was said
    /// since it came: it waited for what Redis keeps.
    pub(crate) fn gave_up(&mut self, now: Micros, id: ConnectionId) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            listener.gaps.push(Gap { at: now, audience: None, missed: None, is_of_ring: false });
        }
    }

    /// A client reads what became of its coming back.
    pub(crate) fn resumed(&mut self, id: ConnectionId, is_recovered: bool, pods_agree: bool) {
        self.verdict.resumed.told += 1;
        self.verdict.resumed.recovered += u64::from(is_recovered);
        let Some(mut listener) = self.listeners.remove(&id) else { return };
        listener.was_told = true;
        let memory = self.memories.get(&listener.client);
        let is_judged = pods_agree && !listener.is_misled;
        self.verdict.resumed.unjudged += u64::from(is_recovered && !is_judged);
        if let Some(memory) = memory.filter(|_| is_recovered && is_judged) {
            for (audience, since) in &mut listener.rooms {
                let before = memory.rooms.get(audience).filter(|_| *since == listener.since);
                *since = before.copied().unwrap_or(*since);
            }
            listener.gaps.extend(memory.gaps.iter().cloned());
            listener.had.clone_from(&memory.heard);
        }
        self.listeners.insert(id, listener);
    }

    /// A client has done with a connection: what it has of it, it keeps.
    pub(crate) fn parted(&mut self, id: ConnectionId) {
        let Some(listener) = self.listeners.get(&id) else { return };
        let mut gaps = self.gaps_of(listener);
        // They are of another ring than the next connection has.
        gaps.iter_mut().for_each(|gap| gap.is_of_ring = false);
        let memory = self.memories.entry(listener.client).or_default();
        if listener.is_back && !listener.was_told {
            // It does not know what this connection has to do with those before.
            memory.heard.extend(&listener.heard);
            memory.gaps.append(&mut gaps);
            return;
        }
        *memory = Memory {
            pod: listener.pod,
            rooms: listener.rooms.clone(),
            heard: &listener.heard | &listener.had,
            gaps,
        };
    }
}
