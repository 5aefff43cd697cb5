//! The flush: what was said this turn goes to the sockets, one write a member.
//!
//! A write costs about the same whether it carries one message or fifty, so their number is what
//! counts. A room's turn buffer is one contiguous run that all its members share. Only a member
//! that is owed something else too, or whose socket is full, has its frames queued in its ring.

use std::io::IoSlice;
use std::time::Duration;

use stentor_wire::event::Event as Notice;

use crate::member::{Member, Memberships};
use crate::numbers::{MemberId, RoomId};
use crate::outlet::Outlet;
use crate::ring::{Ring, WRITE_SLICES_MAX};
use crate::shard::{SPARES_MAX, Shard};
use crate::time::{Instant, Now};
use crate::turn::Turn;

/// Writes of one turn to members of rooms, and again to members with rings; about 4 ms each.
const WRITES_PER_TURN_MAX: usize = 1_024;

/// Writes of one turn to members that catch up, up to 64 KiB each; about 8 ms.
const REPLAY_WRITES_PER_TURN_MAX: usize = 256;

/// Putting frames into a member's ring counts as this part of a write.
const QUEUEING_PER_WRITE: usize = 32;

/// A flush shorter than this is followed by no pause.
const COSTLY_FLUSH: Duration = Duration::from_millis(1);

/// Timers wake a driver up to this much late. A pause is cut by as much, so that it is not longer
/// than meant: else a room that speaks just slower than its pauses stays a pause behind for ever.
pub(super) const TIMER_GRAIN: Duration = Duration::from_millis(1);

/// A room that is held back is flushed at once when this much waits.
const HELD_FRAMES_MAX: u32 = 256;
const HELD_BYTES_MAX: usize = 64 * 1024;

impl Shard {
    /// Writes what waits, up to a bound. [`Shard::poll_timeout`] says whether more is left.
    pub fn flush(&mut self, now: Now, outlet: &mut impl Outlet) {
        self.release_held_rooms(now);
        self.flush_rooms(outlet);
        self.flush_members(now, outlet);
        self.flush_replays(now, outlet);
        if self.dirty_rooms.is_empty() && self.held_rooms.is_empty() {
            self.rooms.shrink();
            self.note_flushed();
        }
        if self.members_present == 0 && self.finished.is_empty() {
            self.shrink();
        }
    }

    /// All that was taken is in the members' sockets or rings.
    fn note_flushed(&mut self) {
        if self.unsettled > 0
            && let Some(history) = &self.history
        {
            history.traffic().end(std::mem::take(&mut self.unsettled));
        }
    }

    /// A member's socket has room again.
    pub fn handle_writable(&mut self, id: MemberId) {
        let Some(member) = self.member_mut(id) else { return };
        let Some(ring) = &mut member.ring else { return };
        ring.blocked = false;
        if !member.queued {
            member.queued = true;
            self.dirty_members.push_back(id);
        }
    }

    /// Puts a turn buffer back where the next room finds it.
    pub(super) fn retire(&mut self, turn: Box<Turn>) {
        self.pending_bytes -= turn.bytes().len();
        if let Some(turn) = turn.recycle()
            && self.spare_turns.len() < SPARES_MAX
        {
            self.spare_turns.push(turn);
        }
    }

    /// Puts what a room has said this turn into its members' rings, unwritten: whatever they are
    /// told next stands behind it. The bytes are shared, not copied.
    pub(super) fn hand_over(&mut self, now: Now, id: RoomId) {
        let Some(mut turn) = self.rooms[id].turn.take() else { return };
        let mut deliveries = self.serve_exceptions(&mut turn, |shard, member| {
            if id == RoomId::GLOBAL {
                shard.is_open(member)
            } else {
                shard.is_member(member, Some(id))
            }
        });
        for member in self.audience_members(id) {
            let served = self
                .member_mut(member)
                .is_none_or(|of| std::mem::take(&mut of.served) || of.is_replaying());
            if !served {
                self.queue(member, turn.rest(0).0);
                deliveries += u64::from(turn.frames());
            }
        }
        self.note_delivered(now.instant, id, &turn, deliveries);
        self.retire(turn);
    }

    /// Who hears what a room says, or everybody who is open.
    pub(super) fn audience_members(&self, id: RoomId) -> Vec<MemberId> {
        if id == RoomId::GLOBAL {
            (0..self.members.len() as u32).map(MemberId).filter(|id| self.is_open(*id)).collect()
        } else {
            self.rooms[id].members.clone()
        }
    }

    /// Counts what a turn has brought to the members of its audience.
    fn note_delivered(&mut self, ended: Instant, id: RoomId, turn: &Turn, deliveries: u64) {
        let remote = turn.remote_part(deliveries);
        self.counters.messages_sent += deliveries;
        self.counters.delivery_local.observe(ended.since(turn.began), deliveries - remote);
        if remote > 0 {
            self.counters.delivery_remote.observe(ended.since(turn.remote_began), remote);
        }
        self.rooms[id].pace.note(ended, deliveries);
    }

    fn release_held_rooms(&mut self, now: Now) {
        let Shard { held_rooms, dirty_rooms, rooms, .. } = self;
        held_rooms.retain(|id| {
            let room = &rooms[*id];
            let full = room.turn.as_ref().is_some_and(|turn| {
                turn.frames() >= HELD_FRAMES_MAX || turn.bytes().len() >= HELD_BYTES_MAX
            });
            let due = room.flush_after <= now.instant;
            if due || full {
                dirty_rooms.push_back(*id);
            }
            !(due || full)
        });
    }

    fn flush_rooms(&mut self, outlet: &mut impl Outlet) {
        let mut began = outlet.now();
        let mut budget = Budget::new();
        // Where many members wait for their write already, gathering would only make them more.
        let backlog = self.dirty_members.len() > WRITES_PER_TURN_MAX;
        let several = self.dirty_rooms.len() > 1 && !backlog;
        let global = self.dirty_rooms.contains(&RoomId::GLOBAL);
        for _ in 0..self.dirty_rooms.len() {
            let Some(id) = self.dirty_rooms.front().copied() else { break };
            let members = self.audience_size(id);
            if !budget.has_room_for(members) {
                break;
            }
            self.dirty_rooms.pop_front();
            if backlog && members > WRITES_PER_TURN_MAX {
                // It goes on saying more in the same turn, until its members have had the last.
                self.dirty_rooms.push_back(id);
                continue;
            }
            self.rooms[id].queued = false;
            let Some(mut turn) = self.rooms[id].turn.take() else { continue };
            let deliveries = if id == RoomId::GLOBAL {
                self.flush_global(&mut turn, several, &mut budget, outlet)
            } else {
                self.flush_room(id, &mut turn, Gather { several, global }, &mut budget, outlet)
            };
            let ended = outlet.now();
            self.note_delivered(ended, id, &turn, deliveries);
            if let Some(history) = &self.history {
                history.traffic().look_at_delay(ended, turn.began);
            }
            let took = ended.since(began);
            if took > COSTLY_FLUSH && !self.config.flush_gap_max.is_zero() {
                let pause = took.min(self.config.flush_gap_max).saturating_sub(TIMER_GRAIN);
                self.rooms[id].flush_after = ended + pause;
            }
            began = ended;
            self.retire(turn);
        }
    }

    fn flush_room(
        &mut self,
        id: RoomId,
        turn: &mut Turn,
        gather: Gather,
        budget: &mut Budget,
        outlet: &mut impl Outlet,
    ) -> u64 {
        let mut deliveries =
            self.serve_exceptions(turn, |shard, member| shard.is_member(member, Some(id)));
        let members = std::mem::take(&mut self.rooms[id].members);
        for member in &members {
            deliveries += self.serve(*member, turn, gather, budget, outlet);
        }
        self.rooms[id].members = members;
        deliveries
    }

    fn flush_global(
        &mut self,
        turn: &mut Turn,
        several: bool,
        budget: &mut Budget,
        outlet: &mut impl Outlet,
    ) -> u64 {
        let mut deliveries = self.serve_exceptions(turn, Shard::is_open);
        let gather = Gather { several, global: true };
        for index in 0..self.members.len() as u32 {
            let id = MemberId(index);
            if self.is_open(id) {
                deliveries += self.serve(id, turn, gather, budget, outlet);
            }
        }
        deliveries
    }

    /// Serves the members that are not owed the whole turn, through their rings, and marks them.
    fn serve_exceptions(
        &mut self,
        turn: &mut Turn,
        belongs: impl Fn(&Shard, MemberId) -> bool,
    ) -> u64 {
        let mut deliveries = 0;
        for (id, owed) in turn.exceptional_members() {
            if !belongs(self, id) || self.is_replaying(id) {
                continue;
            }
            for slot in owed {
                deliveries += u64::from(slot.frames());
                self.queue(id, slot);
            }
            if let Some(member) = self.member_mut(id) {
                member.served = true;
            }
        }
        deliveries
    }

    /// Gives one member a whole turn; returns how many frames it was given.
    fn serve(
        &mut self,
        id: MemberId,
        turn: &Turn,
        gather: Gather,
        budget: &mut Budget,
        outlet: &mut impl Outlet,
    ) -> u64 {
        let Some(member) = self.members.get_mut(id.index()).and_then(Option::as_mut) else {
            return 0;
        };
        if std::mem::take(&mut member.served) {
            return 0;
        }
        if member.ring.is_some() || gather.applies_to(member) || !budget.take_write() {
            if member.is_replaying() {
                // It reads this from the history, in its turn. Asked here, it costs others nothing.
                return 0;
            }
            budget.take_queueing();
            self.queue(id, turn.rest(0).0);
            return u64::from(turn.frames());
        }
        let taken = outlet.write(id, turn.bytes());
        if taken < turn.bytes().len() {
            let (rest, sent) = turn.rest(taken);
            let ring = member.ring.insert(self.spare_rings.pop().unwrap_or_default());
            ring.push(rest);
            ring.note_sent(sent);
            ring.blocked = true;
            if ring.is_over_full() && !member.queued {
                member.queued = true;
                self.dirty_members.push_back(id);
            }
        }
        u64::from(turn.frames())
    }

    fn flush_members(&mut self, now: Now, outlet: &mut impl Outlet) {
        let mut budget = WRITES_PER_TURN_MAX;
        for _ in 0..self.dirty_members.len() {
            let Some(id) = self.dirty_members.pop_front() else { break };
            budget -= self.flush_member(now, id, outlet).min(budget);
            if budget == 0 {
                break;
            }
        }
    }

    /// Gives members that catch up their next portions, each one in its turn, so that nobody waits
    /// for another's.
    fn flush_replays(&mut self, now: Now, outlet: &mut impl Outlet) {
        let mut budget = REPLAY_WRITES_PER_TURN_MAX;
        for _ in 0..self.replaying.len() {
            let Some(id) = self.replaying.pop_front() else { break };
            let ring = self.member_mut(id).and_then(|member| member.ring.as_mut());
            let Some(replay) = ring.and_then(|ring| ring.replay.as_mut()) else { continue };
            replay.is_queued = false;
            budget -= self.flush_member(now, id, outlet).min(budget);
            if budget == 0 {
                break;
            }
        }
    }

    /// Writes what waits for one member, and its next portion where it catches up; returns how many
    /// writes that took.
    fn flush_member(&mut self, now: Now, id: MemberId, outlet: &mut impl Outlet) -> usize {
        let Some(member) = self.member_mut(id) else { return 0 };
        member.queued = false;
        let Some(mut ring) = member.ring.take() else { return 0 };
        let mut writes = 0;
        if ring.replay.is_some() && !ring.blocked {
            self.pull(now, id, &mut ring);
        }
        while !ring.blocked && !ring.is_empty() {
            writes += 1;
            if let Some(gap) = ring.poll_gap() {
                let notice = Notice::Gap {
                    missed: Some(gap.missed),
                    from_id: gap.first_id(),
                    to_id: gap.last_id(),
                };
                let resumes_at =
                    ring.replay.as_ref().map_or(u64::MAX, |replay| replay.unix_millis());
                let message_id = self.ids.of_time(gap.unix_millis().min(resumes_at));
                ring.announce(self.event_frame(now, message_id, None, &notice));
            }
            write_some(&mut ring, id, outlet);
        }
        self.put_back(id, ring);
        writes
    }

    /// Gives a member its ring back, or frees it where nothing waits any more.
    fn put_back(&mut self, id: MemberId, mut ring: Box<Ring>) {
        let Some(member) = self.members.get_mut(id.index()).and_then(Option::as_mut) else {
            return;
        };
        if !ring.is_empty() || ring.replay.is_some() {
            let over_full = ring.is_over_full();
            if !ring.blocked
                && let Some(replay) = &mut ring.replay
                && !(replay.is_queued || replay.asked_behind.is_some())
            {
                replay.is_queued = true;
                self.replaying.push_back(id);
            }
            member.ring = Some(ring);
            if over_full {
                self.relieve(id);
            }
            return;
        }
        if member.closing.is_some() {
            self.finished.push_back(id);
        }
        if self.spare_rings.len() < SPARES_MAX {
            self.spare_rings.extend(ring.recycle());
        }
    }

    pub(super) fn audience_size(&self, id: RoomId) -> usize {
        if id == RoomId::GLOBAL { self.members_open } else { self.rooms[id].members.len() }
    }
}

/// What the flush of rooms may still cost this turn, in writes' parts.
struct Budget(usize);

impl Budget {
    fn new() -> Budget {
        Budget(WRITES_PER_TURN_MAX * QUEUEING_PER_WRITE)
    }

    /// A room is begun only where all its members, or as many as a turn serves at all, fit.
    fn has_room_for(&self, members: usize) -> bool {
        self.0 >= members.min(WRITES_PER_TURN_MAX) * QUEUEING_PER_WRITE
    }

    fn take_write(&mut self) -> bool {
        let fits = self.0 >= QUEUEING_PER_WRITE;
        if fits {
            self.0 -= QUEUEING_PER_WRITE;
        }
        fits
    }

    /// Once begun, a room is queued for all its members, whatever is left.
    fn take_queueing(&mut self) {
        self.0 = self.0.saturating_sub(1);
    }
}

/// Which members have their frames gathered in their rings, to be written once, because other
/// rooms of theirs may be flushed in the same turn.
#[derive(Clone, Copy)]
struct Gather {
    several: bool,
    global: bool,
}

impl Gather {
    fn applies_to(self, member: &Member) -> bool {
        self.several && (self.global || matches!(member.memberships, Memberships::Many(_)))
    }
}

fn write_some(ring: &mut Ring, id: MemberId, outlet: &mut impl Outlet) {
    let mut slices = [IoSlice::new(&[]); WRITE_SLICES_MAX];
    let used = ring.gather(&mut slices);
    let offered: usize = slices[..used].iter().map(|slice| slice.len()).sum();
    let taken = match &slices[..used] {
        [] => return,
        [one] => outlet.write(id, one),
        several => outlet.write_slices(id, several),
    };
    ring.advance(taken);
    ring.blocked = taken < offered;
}
