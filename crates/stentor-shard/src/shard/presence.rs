//! Members come and go, and those who asked are told of it.

use std::rc::Rc;
use std::sync::Arc;

use stentor_wire::draft::{Draft, RoomField};
use stentor_wire::encode;
use stentor_wire::envelope::Envelope;
use stentor_wire::error_code::ErrorCode;
use stentor_wire::event::SERVER_NAME;
use stentor_wire::message_type::MessageType;
use stentor_wire::presence::{self as words, Here, Person, Status, Tale};
use stentor_wire::room_name::RoomName;

use crate::event::Event;
use crate::member::Member;
use crate::numbers::{MemberId, RoomId};
use crate::presence::roster::{Change, Key, Origin, Shown};
use crate::presence::{ASK_INTERVAL, Due, LEASE, Roster, TICK};
use crate::ring::{Class, Slot};
use crate::shard::Shard;
use crate::time::Now;

/// Things that one call does at the most; the rest is done with the next.
const DUES_PER_TURN_MAX: usize = 1_024;

/// The name of this pod among the origins of a roster.
const OWN_POD: &str = "";

/// Who may hear a change: the frame, and whom it is about.
struct Told {
    start: u32,
    end: u32,
    change: Option<Change>,
}

impl Shard {
    /// Takes what another shard of this pod, `pod` = `None`, or another pod tells of presence.
    pub fn handle_tale(
        &mut self,
        now: Now,
        pod: Option<&Arc<str>>,
        room: Option<&RoomName>,
        tale: &Tale,
    ) {
        if let Some(pod) = pod {
            self.presence.note_alive(now.instant, pod);
        }
        if let (Tale::Heard(testimony), Some(pod), Some(history)) = (tale, pod, &mut self.history) {
            history.hearsay_mut().handle_testimony(now, pod, *testimony);
        }
        let Some(room) = room else { return };
        match tale {
            Tale::Alive | Tale::Heard(_) | Tale::Echo(_) => {}
            Tale::Ask => self.answer_tale(now, pod.is_none(), room),
            Tale::Hello => {
                let (Some(pod), Some(roster)) = (pod, self.presence.rosters.get_mut(room)) else {
                    return;
                };
                roster.handle_hello(pod);
                let at = now.instant + TICK;
                self.presence.agenda.schedule(at, Due::Ask(room.clone()));
            }
            Tale::Here(here) => self.take_here(now, pod, room, here),
        }
    }

    /// Everybody who is in the room, and how many they are, as far as that is known in the whole
    /// deployment; `None` where nobody here asked to be told. The people are `None` where they are
    /// too many.
    pub fn people_in(&self, room: &RoomName) -> Option<(u64, Option<Vec<Person>>)> {
        let roster = self.presence.rosters.get(room)?;
        let own = self.here(room, false);
        let people = roster.people(&own).map(|people| people.into_values().collect());
        Some((roster.count(&own), people))
    }

    /// How many rooms' presence is known here.
    pub fn rosters(&self) -> usize {
        self.presence.rosters.len()
    }

    /// How many rooms somebody elsewhere wants to know of who of this shard is there, and how often
    /// somebody asked of one room more than can be told of.
    pub fn leases(&self) -> (usize, u64) {
        (self.presence.leases.len(), self.presence.leases_refused)
    }

    /// Does what is due of presence by now.
    pub(super) fn continue_presence(&mut self, now: Now) {
        for (id, room) in std::mem::take(&mut self.presence_wanted) {
            self.begin_roster(now, id, room);
        }
        for room in std::mem::take(&mut self.presence_touched) {
            self.presence.note_change(now.instant, &room);
        }
        for _ in 0..DUES_PER_TURN_MAX {
            match self.presence.agenda.poll(now.instant) {
                Some(Due::Tell(room)) => self.tell_who_is_here(now, room),
                Some(Due::Expire(room)) => self.presence.expire(now.instant, room),
                Some(Due::Show(room)) => self.show(now, &room),
                Some(Due::Ask(room)) => self.ask_again(now, room),
                Some(Due::Pods) => self.presence.give_up_dead_pods(now.instant),
                None => return,
            }
        }
    }

    /// A member is in a room.
    pub(super) fn note_came(&mut self, id: MemberId, room: &RoomName) {
        if self.member(id).is_some_and(|member| member.options.presence) {
            self.presence_wanted.push((id, room.clone()));
        }
        self.touch(room);
    }

    /// A member is in a room no more.
    pub(super) fn note_went(&mut self, id: MemberId, room_id: RoomId, room: &RoomName) {
        self.presence.set_away(id, room_id, false);
        if self.presence_listeners.remove(&(id, room_id))
            && let Some(roster) = self.presence.rosters.get_mut(room)
        {
            roster.listeners -= 1;
            if roster.listeners == 0 {
                self.presence.end_roster(room);
            }
        }
        self.touch(room);
    }

    /// Takes a member's own presence message: it sets what it says of itself in a room.
    pub(super) fn set_presence(
        &mut self,
        id: MemberId,
        draft: &Draft<'_>,
    ) -> Result<(), (ErrorCode, &'static str)> {
        let room = match &draft.room {
            RoomField::Named(name) => self.rooms.find(name),
            RoomField::Absent => {
                let member = self.member(id);
                member.and_then(|member| member.memberships.as_slice().first()).map(|of| of.room)
            }
            RoomField::Global => None,
        };
        let Some(room) = room.filter(|room| self.is_member(id, Some(*room))) else {
            let text = "presence is told in a room that the sender is in";
            return Err((ErrorCode::NotAMember, text));
        };
        let Some(status) = words::status_in(draft.data) else {
            let text = "data.status of a presence message is \"online\" or \"away\"";
            return Err((ErrorCode::InvalidMessage, text));
        };
        if self.presence.set_away(id, room, status == Status::Away)
            && let Some(name) = self.rooms[room].name.clone()
        {
            self.touch(&name);
        }
        Ok(())
    }

    fn touch(&mut self, room: &RoomName) {
        let Shard { presence, presence_touched, .. } = self;
        let is_minded = presence.leases.contains_key(room) || presence.rosters.contains_key(room);
        if !presence.is_idle() && is_minded && presence_touched.last() != Some(room) {
            presence_touched.push(room.clone());
        }
    }

    /// Members want to know who is in a room: a roster is begun where there is none.
    fn begin_roster(&mut self, now: Now, id: MemberId, room: RoomName) {
        let Some(room_id) = self.rooms.find(room.as_str()) else { return };
        if !self.is_member(id, Some(room_id)) || !self.presence_listeners.insert((id, room_id)) {
            return;
        }
        if let Some(roster) = self.presence.rosters.get_mut(&room) {
            roster.listeners += 1;
            return;
        }
        let own = self.here(&room, false);
        let mut roster = Roster::new(now.instant, own.people.as_deref().unwrap_or_default());
        roster.listeners = 1;
        self.presence.begin_roster(now.instant, room.clone(), roster);
        self.tell_tale(room, Tale::Ask, true, true);
    }

    fn ask_again(&mut self, now: Now, room: RoomName) {
        let Some(roster) = self.presence.rosters.get_mut(&room) else { return };
        let has_forgotten = self.presence.hears_pods
            && roster.forget_unconfirmed(now.instant.before(LEASE), OWN_POD);
        roster.begin_round();
        if has_forgotten {
            self.presence.show_soon(now.instant, &room);
        }
        self.presence.agenda.schedule(now.instant + ASK_INTERVAL, Due::Ask(room.clone()));
        self.tell_tale(room, Tale::Ask, true, true);
    }

    fn answer_tale(&mut self, now: Now, is_of_pod: bool, room: &RoomName) {
        let here = self.here(room, true);
        let lease = self.presence.grant(now.instant, room, is_of_pod);
        let is_worth_it = match lease {
            Some(lease) => lease.is_worth_telling(now.instant, here.count),
            None => here.count > 0,
        };
        if is_worth_it {
            self.tell_tale(room.clone(), Tale::Here(here), is_of_pod, !is_of_pod);
        }
    }

    fn tell_who_is_here(&mut self, now: Now, room: RoomName) {
        let Some(lease) = self.presence.leases.get_mut(&room) else { return };
        let listeners = lease.take_listeners(now.instant);
        if !(listeners.shards || listeners.pods) {
            return;
        }
        let here = self.here(&room, false);
        let lease = self.presence.leases.get_mut(&room);
        if lease.is_some_and(|lease| lease.is_worth_telling(now.instant, here.count)) {
            self.tell_tale(room, Tale::Here(here), listeners.shards, listeners.pods);
        }
    }

    fn take_here(&mut self, now: Now, pod: Option<&Arc<str>>, room: &RoomName, here: &Here) {
        let Some(roster) = self.presence.rosters.get_mut(room) else { return };
        let pod_name = pod.cloned().unwrap_or_else(|| Arc::from(OWN_POD));
        let origin = Origin { pod: pod_name, shard: here.shard };
        roster.handle_here(now.instant, origin, here);
        if let Some(pod) = pod {
            self.presence.watch_pod(now.instant, pod);
        }
        self.presence.show_soon(now.instant, room);
    }

    fn tell_tale(&mut self, room: RoomName, tale: Tale, to_shards: bool, to_pods: bool) {
        self.events.push_back(Event::Presence { room, tale, to_shards, to_pods });
    }

    /// Who of this shard is in a room.
    fn here(&self, room: &RoomName, is_answer: bool) -> Here {
        let shard = self.config.index;
        let Some(room_id) = self.rooms.find(room.as_str()) else {
            return Here { shard, is_answer, count: 0, people: Some(Arc::from([])) };
        };
        let members = &self.rooms[room_id].members;
        let person = |id: &MemberId| {
            let member = self.member(*id)?;
            let is_away = self.presence.is_away(*id, room_id);
            let status = if is_away { Status::Away } else { Status::Online };
            Some(Person { client_id: member.client_id, user: member.user().cloned(), status })
        };
        let are_few = members.len() <= self.presence.config.members_max;
        let people = are_few.then(|| members.iter().filter_map(person).collect());
        Here { shard, is_answer, count: members.len() as u64, people }
    }

    fn show(&mut self, now: Now, room: &RoomName) {
        let own = self.here(room, false);
        let config = &self.presence.config;
        let (grace, members_max) = (config.grace, config.members_max);
        let Some(roster) = self.presence.rosters.get_mut(room) else { return };
        if !roster.takes_turn(now.instant) {
            return;
        }
        let shown = roster.show(now.instant, &own, grace, members_max);
        if let Some(at) = roster.shows_at() {
            self.presence.agenda.schedule(at, Due::Show(room.clone()));
        }
        match shown {
            Shown::Nothing => {}
            Shown::Count(count) => self.show_frames(now, room, vec![(None, count)]),
            Shown::Changes(changes) => {
                let changes = changes.into_iter().map(|change| (Some(change), 0)).collect();
                self.show_frames(now, room, changes);
            }
        }
    }

    /// Tells the members that want to know, each change in a frame of its own.
    fn show_frames(&mut self, now: Now, room: &RoomName, changes: Vec<(Option<Change>, u64)>) {
        let Some(room_id) = self.rooms.find(room.as_str()) else { return };
        let mut bytes = Vec::new();
        let mut told = Vec::with_capacity(changes.len());
        for (change, count) in changes {
            let start = offset(&bytes);
            self.write_presence(now, room, change.as_ref(), count, &mut bytes);
            told.push(Told { start, end: offset(&bytes), change });
        }
        let bytes = Rc::new(bytes);
        let members = self.rooms[room_id].members.clone();
        for id in members {
            let Some(member) = self.member(id).filter(|member| member.options.presence) else {
                continue;
            };
            let (own, echo) = (own_key(member), member.options.echo);
            let hears = |told: &&Told| {
                told.change
                    .as_ref()
                    .is_none_or(|change| change.key != own || !change.is_new && echo)
            };
            for Told { start, end, .. } in told.iter().filter(hears) {
                self.queue(id, Slot::new(Rc::clone(&bytes), *start..*end, 1, Class::Presence));
                self.counters.presence_told += 1;
            }
        }
    }

    fn write_presence(
        &mut self,
        now: Now,
        room: &RoomName,
        change: Option<&Change>,
        count: u64,
        out: &mut Vec<u8>,
    ) {
        let mut data = Vec::with_capacity(96);
        match change {
            Some(change) => words::write_person(&change.person, change.status, &mut data),
            None => words::write_count(count, &mut data),
        }
        let envelope = Envelope {
            id: self.ids.next(now.unix_millis),
            kind: MessageType::Presence,
            room: Some(room.as_str()),
            from: SERVER_NAME,
            data: &data,
            timestamp: self.timestamp(now),
        };
        encode::envelope_frame(&envelope, out);
    }
}

fn own_key(member: &Member) -> Key {
    match member.user() {
        Some(user) => Key::User(Arc::clone(user)),
        None => Key::Client(member.client_id),
    }
}

fn offset(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a tick's changes are below 4 GiB")
}
