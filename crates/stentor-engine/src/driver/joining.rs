//! Joining: who is in a room hears other pods too, before it is told that it is in.
//!
//! A member is one at once: it is in its rooms, what it says is taken, and what it is told waits in
//! its ring. Until the bus hears its rooms nothing of that is written, so the response that ends
//! its upgrade comes after. The bus releases it: confirmed, link down, or 250 ms. Whoever asks to
//! join later goes on meanwhile, and only its answer waits.
//!
//! One question to the bus for a room at a time, however many wait for it; none for a room that is
//! known to be heard.

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::pin::Pin;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use stentor_bus::bus::Rooms;
use stentor_bus::link::LinkState;
use stentor_bus::waiters::Release;
use stentor_shard::time::Now;
use stentor_shard::{Event, MemberId};
use stentor_wire::room_name::RoomName;
use tokio::sync::watch;
use uuid::Uuid;

use crate::driver::Driver;
use crate::pod_bus::PodBus;

/// Releases of one turn at the most.
const RELEASES_PER_TURN_MAX: usize = 1_024;

/// Answers to `join` that wait at the most; past it one is given at once, and the contract's order
/// of things is kept for handshakes alone. (Handshakes are bounded by the pod's places.)
const ANSWERS_MAX: usize = 16_384;

/// What one shard knows of what the bus hears.
pub(super) struct Joining {
    rooms: Rooms,
    link: watch::Receiver<LinkState>,
    is_up: bool,
    /// Counts the changes of the link that were noticed.
    epoch: u64,
    /// Rooms with members here that are heard since the link changed last.
    heard: HashSet<RoomName>,
    /// Who waits for a room; for each one question is under way.
    waiting: HashMap<RoomName, Vec<Waiter>>,
    answers: usize,
    questions: FuturesUnordered<Question>,
    /// What a wait has found, for the next turn.
    found: Option<Answered>,
}

type Question = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// A question's end.
struct Answered {
    room: RoomName,
    asked_in: u64,
    release: Release,
}

/// A member that waits for a room. Its number may be another's by then, its id not.
#[derive(Clone, Copy)]
struct Waiter {
    member: MemberId,
    client_id: Uuid,
    what: Awaited,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// Its first frame.
    Entry,
    /// The answer to its `join`.
    Answer,
}

impl Joining {
    pub(super) fn new(bus: &PodBus) -> Joining {
        let mut link = bus.link_changes();
        let is_up = *link.borrow_and_update() == LinkState::Up;
        Joining {
            rooms: bus.rooms.clone(),
            link,
            is_up,
            epoch: 0,
            heard: HashSet::new(),
            waiting: HashMap::new(),
            answers: 0,
            questions: FuturesUnordered::new(),
            found: None,
        }
    }

    /// Returns when the next turn finds a release; never, where nobody waits.
    ///
    /// # Cancel safety
    /// What was found is kept for the next turn.
    pub(super) async fn released(&mut self) {
        if self.found.is_none() {
            match self.questions.next().await {
                Some(answered) => self.found = Some(answered),
                None => pending().await,
            }
        }
    }

    /// Whether nobody need wait for this room: it is heard, or nothing is.
    fn is_settled(&mut self, room: &RoomName) -> bool {
        self.look_at_link();
        !self.is_up || self.heard.contains(room)
    }

    fn wait(&mut self, room: &RoomName, waiter: Waiter) {
        self.answers += usize::from(waiter.what == Awaited::Answer);
        if let Some(waiting) = self.waiting.get_mut(room) {
            waiting.push(waiter);
            return;
        }
        self.waiting.insert(room.clone(), vec![waiter]);
        let (rooms, room, asked_in) = (self.rooms.clone(), room.clone(), self.epoch);
        self.questions.push(Box::pin(async move {
            let release = rooms.joined(vec![room.clone()]).await;
            Answered { room, asked_in, release }
        }));
    }

    fn poll_answered(&mut self) -> Option<Answered> {
        if self.found.is_none() && self.questions.is_empty() {
            return None;
        }
        self.found.take().or_else(|| self.questions.next().now_or_never().flatten())
    }

    /// Who waited for the room. It counts as heard from now on where `has_members` and the link
    /// has not changed since the question.
    fn settle(&mut self, answered: &Answered, has_members: bool) -> Vec<Waiter> {
        self.look_at_link();
        let is_heard = answered.release == Release::Confirmed && answered.asked_in == self.epoch;
        if is_heard && has_members {
            self.heard.insert(answered.room.clone());
        }
        let waiting = self.waiting.remove(&answered.room).unwrap_or_default();
        let answers = waiting.iter().filter(|waiter| waiter.what == Awaited::Answer).count();
        self.answers -= answers;
        waiting
    }

    /// Waits no more for the answers that `member` is owed about the room; says how many they are.
    fn give_up_answers(&mut self, member: MemberId, room: &RoomName) -> usize {
        let Some(waiting) = self.waiting.get_mut(room) else { return 0 };
        let before = waiting.len();
        waiting.retain(|waiter| waiter.member != member || waiter.what != Awaited::Answer);
        let given_up = before - waiting.len();
        self.answers -= given_up;
        given_up
    }

    fn look_at_link(&mut self) {
        match self.link.has_changed() {
            Ok(false) => {}
            Ok(true) => {
                self.is_up = *self.link.borrow_and_update() == LinkState::Up;
                self.epoch += 1;
                self.heard = HashSet::new();
            }
            // The bus has ended.
            Err(_) => self.is_up = false,
        }
    }
}

impl Driver {
    /// Tells the bus what an event means to it, and lets those wait that have to.
    pub(super) fn emit_to_pods(&mut self, now: Now, mut event: Event) {
        let Some(joining) = &mut self.joining else { return self.emit_to_shards(now, event) };
        match &mut event {
            Event::Joined { member, room, opened, asked } => {
                if *opened {
                    joining.rooms.want(room.clone());
                }
                let client_id = self.shard.identity(*member).map(|(client_id, _)| client_id);
                if let Some(client_id) = client_id
                    && !joining.is_settled(room)
                    && (!*asked || joining.answers < ANSWERS_MAX)
                {
                    let what = if *asked { Awaited::Answer } else { Awaited::Entry };
                    joining.wait(room, Waiter { member: *member, client_id, what });
                    if *asked {
                        *asked = false;
                    } else {
                        self.connections.hold(*member, &self.pod.gates);
                    }
                }
            }
            Event::Present { member, room } => {
                let client_id = self.shard.identity(*member).map(|(client_id, _)| client_id);
                if let Some(client_id) = client_id
                    && !joining.is_settled(room)
                    && joining.answers < ANSWERS_MAX
                {
                    let what = Awaited::Answer;
                    joining.wait(room, Waiter { member: *member, client_id, what });
                    return;
                }
            }
            Event::Left { member, room, closed, asked } => {
                if *closed {
                    joining.heard.remove(room);
                    joining.rooms.unwant(room.clone());
                }
                let owed = joining.give_up_answers(*member, room);
                // It is told that it was in before it is told that it is out.
                for _ in 0..if *asked { owed } else { 0 } {
                    let present = Event::Present { member: *member, room: room.clone() };
                    self.fan_out.emit(now, present, &mut self.shard);
                }
            }
            Event::Presence { room, tale, to_pods, .. } => {
                if *to_pods {
                    joining.rooms.tell(Some(room.clone()), tale);
                }
            }
            Event::Published { .. } | Event::Closing { .. } | Event::HistoryWanted { .. } => {}
        }
        self.emit_to_shards(now, event);
    }

    /// Lets those go on whose rooms are heard, or who have waited long enough.
    pub(super) fn take_releases(&mut self, now: Now) {
        for _ in 0..RELEASES_PER_TURN_MAX {
            let Some(joining) = &mut self.joining else { return };
            let Some(answered) = joining.poll_answered() else { return };
            let waiting = joining.settle(&answered, self.shard.has_room(&answered.room));
            for waiter in waiting {
                self.release_waiter(now, waiter, &answered.room);
            }
        }
    }

    fn release_waiter(&mut self, now: Now, waiter: Waiter, room: &RoomName) {
        let Waiter { member, client_id, what } = waiter;
        let is_there = self.shard.identity(member).is_some_and(|(id, _)| id == client_id);
        if !is_there {
            return;
        }
        match what {
            Awaited::Entry => {
                if self.connections.unhold(member) {
                    self.shard.handle_writable(member);
                }
            }
            Awaited::Answer => {
                let present = Event::Present { member, room: room.clone() };
                self.emit_to_shards(now, present);
            }
        }
    }
}

#[cfg(test)]
mod tests;
