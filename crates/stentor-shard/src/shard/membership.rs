//! Who is in which room.

use stentor_wire::error_code::ErrorCode;
use stentor_wire::event::Event as Notice;
use stentor_wire::room_name::RoomName;

use crate::ROOMS_PER_MEMBER_MAX;
use crate::event::Event;
use crate::member::Membership;
use crate::numbers::MemberId;
use crate::numbers::RoomId;
use crate::shard::Shard;
use crate::time::Now;

impl Shard {
    /// Tells a member that asked to join that it is in, and how many are there in the whole pod.
    pub fn handle_joined(&mut self, now: Now, id: MemberId, room: &RoomName, members: u64) {
        self.tell_event(now, id, Some(room.as_str()), &Notice::Joined { members });
    }

    /// Tells a member that asked to leave that it is out, and how many are left.
    pub fn handle_left(&mut self, now: Now, id: MemberId, room: &RoomName, members: u64) {
        self.tell_event(now, id, Some(room.as_str()), &Notice::Left { members });
    }

    /// A member asks to join a room. Joining twice is answered like joining.
    pub(super) fn join(&mut self, id: MemberId, name: &RoomName) -> Result<(), ErrorCode> {
        let Some(member) = self.member(id) else { return Ok(()) };
        let memberships = member.memberships.as_slice();
        let full = memberships.len() >= ROOMS_PER_MEMBER_MAX;
        if self.is_member(id, self.rooms.find(name.as_str())) {
            self.events.push_back(Event::Present { member: id, room: name.clone() });
        } else if full {
            return Err(ErrorCode::TooManyRooms);
        } else {
            self.enter(id, name, true);
        }
        Ok(())
    }

    /// A member asks to leave a room.
    pub(super) fn leave(&mut self, now: Now, id: MemberId, name: &str) -> Result<(), ErrorCode> {
        let room = self.rooms.find(name);
        match room {
            Some(room) if self.is_member(id, Some(room)) => {
                self.settle_replay(now, id, room);
                self.settle(id, room);
                self.exit(id, room, true);
                Ok(())
            }
            _ => Err(ErrorCode::NotAMember),
        }
    }

    /// Makes a member one of a room's audience, which it is not yet.
    pub(super) fn enter(&mut self, id: MemberId, name: &RoomName, asked: bool) {
        let (room_id, opened) = self.rooms.find_or_open(name);
        let room = &mut self.rooms[room_id];
        if opened && let Some(history) = &mut self.history {
            room.history = Some(history.open(name));
        }
        let position = u32::try_from(room.members.len()).expect("fewer members than 2^32");
        room.members.push(id);
        if let Some(turn) = &mut room.turn {
            turn.note_join(id);
        }
        if let Some(member) = self.member_mut(id) {
            member.memberships.push(Membership { room: room_id, position });
        }
        if let Some(history) = self.rooms[room_id].history {
            self.replay_room(id, history);
        }
        self.note_came(id, name);
        self.events.push_back(Event::Joined { member: id, room: name.clone(), opened, asked });
    }

    /// Ends every membership of a member; what its rooms said this turn is not handed to it.
    pub(super) fn leave_all(&mut self, id: MemberId) {
        while let Some(membership) =
            self.member(id).and_then(|member| member.memberships.as_slice().last().copied())
        {
            self.exit(id, membership.room, false);
        }
    }

    /// Hands a member what a room has said this turn, before it stops being one of its audience.
    /// One that catches up yet hears nothing from there; it can resume behind what it has heard.
    pub(super) fn settle(&mut self, id: MemberId, room: RoomId) {
        if self.is_replaying(id) {
            return;
        }
        let turn = self.rooms[room].turn.as_ref();
        if let Some(owed) = turn.and_then(|turn| turn.owed_apart(id)) {
            self.counters.messages_sent += u64::from(owed.frames());
            self.queue(id, owed);
        }
    }

    /// How many messages of this turn a member has still to be given.
    pub(super) fn owed_this_turn(&self, id: MemberId) -> u64 {
        let Some(member) = self.member(id) else { return 0 };
        if member.is_replaying() {
            return self.owed_by_replay(id);
        }
        let rooms = member.memberships.as_slice().iter().map(|membership| membership.room);
        rooms
            .chain([RoomId::GLOBAL])
            .filter_map(|room| self.rooms[room].turn.as_ref()?.owed_apart(id))
            .map(|owed| u64::from(owed.frames()))
            .sum()
    }

    pub(super) fn is_member(&self, id: MemberId, room: Option<RoomId>) -> bool {
        let Some((member, room)) = self.member(id).zip(room) else { return false };
        member.memberships.as_slice().iter().any(|membership| membership.room == room)
    }

    fn exit(&mut self, id: MemberId, room_id: RoomId, asked: bool) {
        let Some(membership) = self.member_mut(id).and_then(|m| m.memberships.remove(room_id))
        else {
            return;
        };
        let room = &mut self.rooms[room_id];
        room.members.swap_remove(membership.position as usize);
        let closed = room.members.is_empty();
        let name = room.name.clone();
        if let Some(moved) = room.members.get(membership.position as usize).copied()
            && let Some(position) =
                self.member_mut(moved).and_then(|member| member.memberships.position_mut(room_id))
        {
            *position = membership.position;
        }
        if closed {
            self.close_room(room_id);
        }
        if let Some(room) = name {
            self.note_went(id, room_id, &room);
            self.events.push_back(Event::Left { member: id, room, closed, asked });
        }
    }

    fn close_room(&mut self, id: RoomId) {
        if let Some(turn) = self.rooms[id].turn.take() {
            self.retire(turn);
        }
        self.held_rooms.retain(|held| *held != id);
        if let Some(history) = self.rooms[id].history
            && let Some(all) = &mut self.history
        {
            all.close(history);
        }
        self.rooms.close(id);
    }
}
