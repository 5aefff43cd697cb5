//! Waiters: handshakes that are not answered before their rooms are heard.
//!
//! Each is released once: when all of its rooms are confirmed, when the link is known to be down,
//! or at its deadline. How many there are is bounded by whoever bounds handshakes.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

/// Nobody waits longer.
pub const WAIT_MAX: Duration = Duration::from_millis(250);

/// Names who waits; the caller's own numbering, no number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaiterId(pub u64);

/// Why a waiter was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// All of its rooms are heard.
    Confirmed,
    /// Nothing can be heard: the link is down.
    LinkDown,
    /// It waited for [`WAIT_MAX`].
    Overdue,
}

/// Who waits for which rooms.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    pending: HashMap<WaiterId, Vec<RoomName>>,
    rooms: HashMap<RoomName, BTreeSet<WaiterId>>,
    /// In the order of the deadlines; who was released meanwhile is skipped.
    deadlines: VecDeque<(Instant, WaiterId)>,
    released: VecDeque<(WaiterId, Release)>,
}

impl Waiters {
    /// Lets `waiter` wait for `rooms`; with none it is released at once.
    pub(crate) fn insert(&mut self, now: Instant, waiter: WaiterId, rooms: Vec<RoomName>) {
        if rooms.is_empty() {
            self.release(waiter, Release::Confirmed);
            return;
        }
        for room in &rooms {
            self.rooms.entry(room.clone()).or_default().insert(waiter);
        }
        self.pending.insert(waiter, rooms);
        self.deadlines.push_back((now + WAIT_MAX, waiter));
    }

    /// Releases at once, without waiting.
    pub(crate) fn release(&mut self, waiter: WaiterId, why: Release) {
        self.released.push_back((waiter, why));
    }

    /// A room is heard.
    pub(crate) fn handle_confirmed(&mut self, room: &RoomName) {
        for waiter in self.rooms.remove(room).into_iter().flatten() {
            let Some(rooms) = self.pending.get_mut(&waiter) else { continue };
            rooms.retain(|pending| pending != room);
            if rooms.is_empty() {
                self.pending.remove(&waiter);
                self.release(waiter, Release::Confirmed);
            }
        }
        self.skip_released();
    }

    /// Nothing is heard any more.
    pub(crate) fn handle_link_down(&mut self) {
        self.rooms.clear();
        while let Some((_, waiter)) = self.deadlines.pop_front() {
            if self.pending.remove(&waiter).is_some() {
                self.release(waiter, Release::LinkDown);
            }
        }
    }

    /// Releases who has waited long enough; returns how many they were. Which rooms they are let into
    /// though nobody hears them yet is appended to `unheard`.
    pub(crate) fn handle_timeout(
        &mut self,
        now: Instant,
        unheard: &mut impl Extend<RoomName>,
    ) -> u64 {
        let mut overdue = 0;
        while self.deadlines.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, waiter)) = self.deadlines.pop_front() else { break };
            let Some(rooms) = self.pending.remove(&waiter) else { continue };
            for room in &rooms {
                if let Some(waiting) = self.rooms.get_mut(room) {
                    waiting.remove(&waiter);
                    if waiting.is_empty() {
                        self.rooms.remove(room);
                    }
                }
            }
            unheard.extend(rooms);
            self.release(waiter, Release::Overdue);
            overdue += 1;
        }
        overdue
    }

    pub(crate) fn poll_released(&mut self) -> Option<(WaiterId, Release)> {
        self.released.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.front().map(|(due, _)| *due)
    }

    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    fn skip_released(&mut self) {
        while let Some((_, waiter)) = self.deadlines.front() {
            if self.pending.contains_key(waiter) {
                return;
            }
            self.deadlines.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
