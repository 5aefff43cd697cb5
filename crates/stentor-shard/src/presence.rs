//! Presence: who comes to a room and goes, for the members that asked to be told.
//!
//! Nothing is kept and nothing is told of a room before somebody asks, in this shard, in another of
//! the pod or in another pod: who asks takes a *lease*, which runs out unless it is renewed. While
//! one runs, this shard tells who of its own members is there, at most once a [`TICK`], however many
//! came and went in it, and past [`PresenceConfig::members_max`] only how many. It keeps a
//! [`roster`] of a room only while a member of its own wants to be told.
//!
//! What is told is always the whole state of this shard, so what gets lost is made good by the next
//! that is told. A last word has no next: whoever was not heard is told everything again once it is,
//! asks again itself, and forgets what nobody has confirmed for as long as a lease. A pod that gives
//! no sign of life takes its people with it.

mod agenda;
mod lease;
pub(crate) mod roster;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use stentor_wire::room_name::RoomName;

use crate::config::PresenceConfig;
use crate::numbers::{MemberId, RoomId};
use crate::time::Instant;

pub(crate) use agenda::{Agenda, Due};
pub(crate) use lease::Lease;
pub(crate) use roster::Roster;

/// What changes in a room within this time is told together.
pub(crate) const TICK: Duration = Duration::from_millis(200);

/// How often a room's number of members is told, where it is too large for names.
pub(crate) const COUNT_INTERVAL: Duration = Duration::from_secs(1);

/// How long who asked is told of changes.
pub(crate) const LEASE: Duration = Duration::from_secs(75);

/// How often who wants to be told asks again.
pub(crate) const ASK_INTERVAL: Duration = Duration::from_secs(30);

/// What is asked and told once other pods are heard again is spread over this time.
pub(crate) const SPREAD: Duration = Duration::from_secs(1);

/// How often it is looked whether pods still live.
pub(crate) const PODS_INTERVAL: Duration = Duration::from_secs(1);

/// Leases that a shard keeps at the most; past it who asks is answered, and not told of changes
/// before it asks again: that is counted.
const LEASES_MAX: usize = 65_536;

/// What a shard knows of presence.
#[derive(Debug)]
pub(crate) struct Presence {
    pub(crate) config: PresenceConfig,
    pub(crate) leases: HashMap<RoomName, Lease>,
    pub(crate) rosters: HashMap<RoomName, Roster>,
    /// Who says that it is away, and where.
    away: HashSet<(MemberId, RoomId)>,
    pub(crate) agenda: Agenda,
    /// Times that somebody asked for whom there was no lease left.
    pub(crate) leases_refused: u64,
    /// When a sign of life of each other pod that has people in a roster came last.
    pub(crate) pods: HashMap<Arc<str>, Instant>,
    /// Other pods are heard; while they are not, none of them is given up.
    pub(crate) hears_pods: bool,
}

impl Presence {
    pub(crate) fn new(config: PresenceConfig) -> Presence {
        Presence {
            config,
            leases: HashMap::new(),
            rosters: HashMap::new(),
            away: HashSet::new(),
            agenda: Agenda::default(),
            leases_refused: 0,
            pods: HashMap::new(),
            hears_pods: false,
        }
    }

    /// Whether nobody has asked for anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.leases.is_empty() && self.rosters.is_empty()
    }

    pub(crate) fn is_away(&self, member: MemberId, room: RoomId) -> bool {
        !self.away.is_empty() && self.away.contains(&(member, room))
    }

    /// Notes what a member says of itself; `false` where it had said so before.
    pub(crate) fn set_away(&mut self, member: MemberId, room: RoomId, is_away: bool) -> bool {
        if is_away { self.away.insert((member, room)) } else { self.away.remove(&(member, room)) }
    }

    /// Somebody came to a room, went, or is away: who wants to know will be told.
    pub(crate) fn note_change(&mut self, now: Instant, room: &RoomName) {
        if let Some(lease) = self.leases.get_mut(room)
            && lease.note_change()
        {
            self.agenda.schedule(now + TICK, Due::Tell(room.clone()));
        }
        self.show_soon(now, room);
    }

    /// The roster of a room is to be looked at within a tick.
    pub(crate) fn show_soon(&mut self, now: Instant, room: &RoomName) {
        if let Some(at) = self.rosters.get_mut(room).and_then(|roster| roster.show_at(now + TICK)) {
            self.agenda.schedule(at, Due::Show(room.clone()));
        }
    }

    /// Somebody elsewhere wants to know who is in a room, from now on. `None` where there is no
    /// lease left.
    pub(crate) fn grant(
        &mut self,
        now: Instant,
        room: &RoomName,
        is_of_pod: bool,
    ) -> Option<&mut Lease> {
        if self.leases.len() >= LEASES_MAX && !self.leases.contains_key(room) {
            self.leases_refused += 1;
            return None;
        }
        let until = now + LEASE;
        self.agenda.schedule(until, Due::Expire(room.clone()));
        let lease = self.leases.entry(room.clone()).or_default();
        lease.grant(until, is_of_pod);
        Some(lease)
    }

    /// Lets go of a lease that has run out. That of other pods does not while these are not heard,
    /// for they may ask in vain.
    pub(crate) fn expire(&mut self, now: Instant, room: RoomName) {
        let Some(lease) = self.leases.get_mut(&room) else { return };
        if !self.hears_pods {
            lease.prolong_for_pods(now + LEASE);
        }
        match lease.until().filter(|until| *until > now) {
            Some(until) => self.agenda.schedule(until, Due::Expire(room)),
            None => {
                self.leases.remove(&room);
                self.agenda.cancel(&Due::Tell(room));
            }
        }
    }

    /// A member here is the first that wants to know who is in a room.
    pub(crate) fn begin_roster(&mut self, now: Instant, room: RoomName, roster: Roster) {
        self.agenda.schedule(now + ASK_INTERVAL, Due::Ask(room.clone()));
        self.rosters.insert(room, roster);
    }

    /// No member here wants to know it any more.
    pub(crate) fn end_roster(&mut self, room: &RoomName) {
        self.rosters.remove(room);
        self.agenda.cancel(&Due::Ask(room.clone()));
        self.agenda.cancel(&Due::Show(room.clone()));
    }

    /// A sign of life of another pod.
    pub(crate) fn note_alive(&mut self, now: Instant, pod: &Arc<str>) {
        if let Some(heard_at) = self.pods.get_mut(pod) {
            *heard_at = now;
        }
    }

    /// Another pod has people in a roster: it is to give signs of life.
    pub(crate) fn watch_pod(&mut self, now: Instant, pod: &Arc<str>) {
        self.pods.insert(Arc::clone(pod), now);
        self.look_for_pods(now);
    }

    /// Looks for pods that gave no sign of life for too long, and gives those up.
    pub(crate) fn give_up_dead_pods(&mut self, now: Instant) {
        if self.hears_pods {
            let patience = self.config.pod_timeout;
            let is_dead = |heard_at: &Instant| *heard_at + patience <= now;
            let dead: Vec<Arc<str>> = self
                .pods
                .iter()
                .filter(|(_, heard_at)| is_dead(heard_at))
                .map(|(pod, _)| Arc::clone(pod))
                .collect();
            dead.iter().for_each(|pod| self.give_up(now, pod));
        }
        self.look_for_pods(now);
    }

    /// Other pods are heard from now on: they are asked for everything, and told everything, for
    /// what either side said in the time before went nowhere.
    pub(crate) fn handle_pods_heard(&mut self, now: Instant) {
        self.hears_pods = true;
        self.pods.values_mut().for_each(|heard_at| *heard_at = now);
        let spread = Spread::over(self.rosters.len() + self.leases.len(), now + TICK);
        for ((room, roster), at) in self.rosters.iter_mut().zip(spread.clone()) {
            roster.excuse_silence(now);
            self.agenda.schedule(at, Due::Ask(room.clone()));
        }
        for ((room, lease), at) in self.leases.iter_mut().zip(spread.skip(self.rosters.len())) {
            lease.doubt();
            if lease.prolong_for_pods(now + LEASE) && lease.note_change() {
                self.agenda.schedule(at, Due::Tell(room.clone()));
            }
        }
    }

    /// Other pods are heard in this room from now on: what they have said there before was missed.
    pub(crate) fn handle_room_heard(&mut self, now: Instant, room: &RoomName) {
        if let Some(roster) = self.rosters.get_mut(room) {
            roster.excuse_silence(now);
            self.agenda.schedule(now + TICK, Due::Ask(room.clone()));
        }
    }

    fn give_up(&mut self, now: Instant, pod: &Arc<str>) {
        self.pods.remove(pod);
        let mut changed = Vec::new();
        for (room, roster) in &mut self.rosters {
            if roster.forget_pod(pod) {
                changed.push(room.clone());
            }
        }
        changed.iter().for_each(|room| self.show_soon(now, room));
    }

    fn look_for_pods(&mut self, now: Instant) {
        if !self.pods.is_empty() {
            self.agenda.schedule(now + PODS_INTERVAL, Due::Pods);
        }
    }
}

/// Moments from a first one on, for so many things that are not to come all at once.
#[derive(Clone, Debug)]
struct Spread {
    next: Instant,
    gap: Duration,
}

impl Spread {
    fn over(things: usize, first: Instant) -> Spread {
        Spread { next: first, gap: SPREAD / u32::try_from(things.max(1)).unwrap_or(u32::MAX) }
    }
}

impl Iterator for Spread {
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        let at = self.next;
        self.next = at + self.gap;
        Some(at)
    }
}

#[cfg(test)]
mod tests;
