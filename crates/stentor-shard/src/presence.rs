//! Presence: who comes to a room and goes, for the members that asked to be told.
//!
//! Nothing is kept and nothing is told of a room before somebody asks, in this shard, in another of
//! the pod or in another pod: who asks takes a *lease*, which runs out unless it is renewed. While
//! one runs, this shard tells who of its own members is there, at most once a [`TICK`], however many
//! came and went in it, and past [`PresenceConfig::members_max`] only how many. It keeps a
//! [`roster`] of a room only while a member of its own wants to be told.
//!
//! What is told is always the whole state of this shard, so what gets lost is made good by the next
//! that is told, and a pod that is not heard any more takes its people with it.

mod lease;
pub(crate) mod roster;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use stentor_wire::room_name::RoomName;

use crate::config::PresenceConfig;
use crate::numbers::{MemberId, RoomId};
use crate::time::Instant;

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

/// How often it is looked whether pods still live.
pub(crate) const PODS_INTERVAL: Duration = Duration::from_secs(1);

/// Leases that a shard keeps at the most; past it who asks is answered once and not told of changes.
const LEASES_MAX: usize = 65_536;

/// Something that is to be done at its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// To tell who is here, where somebody has a lease.
    Tell(RoomName),
    /// To show the members what has changed.
    Show(RoomName),
    /// To ask others again.
    Ask(RoomName),
    /// To look for pods that live no more.
    Pods,
}

/// What a shard knows of presence.
#[derive(Debug)]
pub(crate) struct Presence {
    pub(crate) config: PresenceConfig,
    pub(crate) leases: HashMap<RoomName, Lease>,
    pub(crate) rosters: HashMap<RoomName, Roster>,
    /// Who says that it is away, and where.
    away: HashSet<(MemberId, RoomId)>,
    due: BTreeMap<(Instant, u64), Due>,
    dues: u64,
    /// When a sign of life of each other pod that has people in a roster came last.
    pub(crate) pods: HashMap<Arc<str>, Instant>,
    /// Other pods are heard; while they are not, none of them is given up.
    pub(crate) hears_pods: bool,
    looks_for_pods: bool,
}

impl Presence {
    pub(crate) fn new(config: PresenceConfig) -> Presence {
        Presence {
            config,
            leases: HashMap::new(),
            rosters: HashMap::new(),
            away: HashSet::new(),
            due: BTreeMap::new(),
            dues: 0,
            pods: HashMap::new(),
            hears_pods: false,
            looks_for_pods: false,
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

    /// The next thing that is due by now.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Due> {
        let entry = self.due.first_entry()?;
        if entry.key().0 > now { None } else { Some(entry.remove()) }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    pub(crate) fn schedule(&mut self, at: Instant, due: Due) {
        self.dues += 1;
        self.due.insert((at, self.dues), due);
    }

    /// Somebody came to a room, went, or is away: who wants to know will be told.
    pub(crate) fn note_change(&mut self, now: Instant, room: &RoomName) {
        if let Some(lease) = self.leases.get_mut(room)
            && lease.note_change()
        {
            self.schedule(now + TICK, Due::Tell(room.clone()));
        }
        self.show_soon(now, room);
    }

    /// The roster of a room is to be looked at within a tick.
    pub(crate) fn show_soon(&mut self, now: Instant, room: &RoomName) {
        if let Some(at) = self.rosters.get_mut(room).and_then(|roster| roster.show_at(now + TICK)) {
            self.schedule(at, Due::Show(room.clone()));
        }
    }

    /// Somebody elsewhere wants to know who is in a room, from now on.
    pub(crate) fn grant(&mut self, now: Instant, room: &RoomName, is_of_pod: bool) {
        if self.leases.len() < LEASES_MAX || self.leases.contains_key(room) {
            let lease = self.leases.entry(room.clone()).or_default();
            lease.grant(now + LEASE, is_of_pod);
        }
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
        self.looks_for_pods = false;
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

    /// Other pods are heard from now on.
    pub(crate) fn handle_pods_heard(&mut self, now: Instant) {
        self.hears_pods = true;
        // Their signs of life of the time before went nowhere.
        self.pods.values_mut().for_each(|heard_at| *heard_at = now);
        let rooms: Vec<RoomName> = self.rosters.keys().cloned().collect();
        rooms.into_iter().for_each(|room| self.schedule(now + TICK, Due::Ask(room)));
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
        if !self.pods.is_empty() && !self.looks_for_pods {
            self.looks_for_pods = true;
            self.schedule(now + PODS_INTERVAL, Due::Pods);
        }
    }
}
