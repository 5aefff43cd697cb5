//! Members come and go.

use stentor_wire::close::CloseCode;
use stentor_wire::encode;
use stentor_wire::event::Event as Notice;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::event::Event;
use crate::member::{Member, Memberships};
use crate::numbers::MemberId;
use crate::numbers::RoomId;
use crate::rate::RateBucket;
use crate::ring::Slot;
use crate::shard::{Connect, Shard};
use crate::standing::Standing;
use crate::time::{Now, millis};

impl Shard {
    /// Makes a connection a member of its rooms. What it is told begins with the preface, so
    /// whoever reads that is in. One whose identity has ended by now enters no room, and all that
    /// it is told is to close.
    pub fn handle_connect(&mut self, now: Now, connect: Connect) -> Uuid {
        let Connect { member: id, identity, user_rate, mut rooms, options, preface, last_id } =
            connect;
        let client_id = self.ids.next(now.unix_millis);
        if self.members.len() <= id.index() {
            self.members.resize_with(id.index() + 1, || None);
        }
        self.members[id.index()] = Some(Member {
            client_id,
            standing: identity.map(|identity| Box::new(Standing::new(*identity, user_rate))),
            memberships: Memberships::None,
            ring: None,
            heard_at: now.instant,
            rate: RateBucket::default(),
            options,
            closing: None,
            queued: false,
            served: false,
        });
        self.members_present += 1;
        self.members_open += 1;
        self.counters.connections_opened += 1;
        self.wheel.schedule(id.0, now.instant, now.instant + self.config.ping_interval);
        if let Some(turn) = &mut self.rooms[RoomId::GLOBAL].turn {
            turn.note_join(id);
        }
        if !preface.is_empty() {
            self.queue(id, Slot::notice(preface));
        }
        if self.is_over(now, id) {
            self.handle_close(id, CloseCode::Unauthorized);
            return client_id;
        }
        rooms.retain(|room| self.member(id).is_some_and(|member| member.may_use(room.as_str())));
        for room in &rooms {
            if !self.is_member(id, self.rooms.find(room.as_str())) {
                self.enter(id, room, false);
            }
        }
        if options.events {
            self.welcome(now, id, &rooms, last_id);
        }
        self.look_at_token(now, id);
        client_id
    }

    /// Queues a close frame as the last thing that the member hears; it leaves its rooms at once.
    /// Later closes of the same member change nothing.
    pub fn handle_close(&mut self, id: MemberId, code: CloseCode) {
        self.close(id, code, code.code(), code.reason());
    }

    /// Answers the peer's own close frame (RFC 6455, section 5.5.1): the same code goes back.
    pub fn handle_peer_close(&mut self, id: MemberId, code: Option<u16>) {
        let answer = code.unwrap_or(CloseCode::Normal.code());
        // Whatever else a peer says, it is its own word and no event of ours.
        let counted = match CloseCode::from_code(answer) {
            Some(CloseCode::GoingAway) => CloseCode::GoingAway,
            _ => CloseCode::Normal,
        };
        self.close(id, counted, answer, "");
    }

    /// Forgets a member whose socket is gone. Returns the code that it was closed with, if it was.
    pub fn handle_disconnect(&mut self, id: MemberId) -> Option<CloseCode> {
        self.leave_all(id);
        let member = self.members.get_mut(id.index())?.take()?;
        self.wheel.cancel(id.0);
        if member.is_open() {
            self.members_open -= 1;
        } else {
            // Its number is free again: nobody may take this for news of the next who has it.
            self.finished.retain(|finished| *finished != id);
        }
        if let Some(mut ring) = member.ring {
            self.counters.dropped.closed += ring.clear();
            ring.replay = None;
            if self.spare_rings.len() < super::SPARES_MAX {
                self.spare_rings.extend(ring.recycle());
            }
        }
        self.members_present -= 1;
        if self.members_present == 0 {
            self.members = Vec::new();
        }
        member.closing
    }

    fn welcome(&mut self, now: Now, id: MemberId, rooms: &[RoomName], last_id: Option<Uuid>) {
        let Some(member) = self.member(id) else { return };
        let (client_id, user) = (member.client_id, member.user().cloned());
        let pod = self.config.pod.clone();
        // Before anything is told: what is told has an id of the time from which it resumes.
        let resumed = last_id.and_then(|last_id| self.begin_replay(now, id, last_id));
        let ping_interval_ms = millis(self.config.ping_interval);
        let welcome = Notice::Welcome {
            client_id: &client_id,
            user: user.as_deref(),
            rooms,
            pod: &pod,
            ping_interval_ms,
        };
        self.tell_event(now, id, None, &welcome);
        if let Some(resumed) = resumed {
            self.tell_resumed(now, id, resumed);
        }
    }

    fn close(&mut self, id: MemberId, counted: CloseCode, code: u16, reason: &str) {
        let Some(member) = self.member(id).filter(|member| member.is_open()) else { return };
        let rooms: Vec<RoomId> = member.memberships.as_slice().iter().map(|of| of.room).collect();
        self.settle(id, RoomId::GLOBAL);
        rooms.into_iter().for_each(|room| self.settle(id, room));
        self.part(id, counted, code, reason);
    }

    /// Takes a member out of everything, with a close frame as the last thing in its ring.
    pub(super) fn part(&mut self, id: MemberId, counted: CloseCode, code: u16, reason: &str) {
        self.members_open -= 1;
        self.wheel.cancel(id.0);
        self.leave_all(id);
        if let Some(ring) = self.member_mut(id).and_then(|member| member.ring.as_mut()) {
            // Nothing follows a close frame; it can resume behind what it has heard.
            ring.replay = None;
        }
        let mut frame = Vec::with_capacity(4 + reason.len());
        encode::close_frame(code, reason, &mut frame);
        self.tell(id, frame);
        if let Some(member) = self.member_mut(id) {
            member.closing = Some(counted);
        }
        self.events.push_back(Event::Closing { member: id });
    }
}
