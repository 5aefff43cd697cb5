//! What members should have heard from elsewhere and did not.
//!
//! The shard knows nothing of what is missing but whose it was, and perhaps how much. Members that
//! hear events are told by a `gap` in its place in their stream; the others are told nothing that
//! they have not asked for, and are counted.

use std::rc::Rc;

use stentor_wire::event::Event as Notice;
use stentor_wire::room_name::RoomName;

use crate::numbers::{MemberId, RoomId};
use crate::ring::{Class, Slot};
use crate::shard::Shard;
use crate::time::Now;

impl Shard {
    /// Messages to a room, or to everybody, were lost on their way here: so many, where somebody
    /// could count them.
    pub fn handle_gap(&mut self, now: Now, room: Option<&RoomName>, missed: Option<u64>) {
        if let Some(history) = &mut self.history {
            history.handle_hole(now, room);
        }
        let Some(audience) = self.find_audience(room) else { return };
        self.hand_over(now, audience);
        self.tell_gap(now, self.audience_members(audience), room, missed);
    }

    /// Messages were lost on their way here, and nobody knows whose or how many: each member is
    /// told once, whatever rooms it is in.
    pub fn handle_lag(&mut self, now: Now) {
        if let Some(history) = &mut self.history {
            history.handle_lag(now);
        }
        let speaking: Vec<RoomId> =
            self.dirty_rooms.iter().chain(&self.held_rooms).copied().collect();
        speaking.into_iter().for_each(|room| self.hand_over(now, room));
        self.tell_gap(now, self.audience_members(RoomId::GLOBAL), None, None);
    }

    /// From here on everything that other pods say to this audience comes here.
    pub fn handle_audience_heard(&mut self, now: Now, room: Option<&RoomName>) {
        match room {
            Some(room) => self.presence.handle_room_heard(now.instant, room),
            None => self.presence.handle_pods_heard(now.instant),
        }
        if let Some(history) = &mut self.history {
            history.handle_audience_heard(now, room);
        }
    }

    /// This pod's own link was heard: what was sent before this time, in milliseconds since 1970,
    /// has been passed on.
    pub fn handle_proof(&mut self, now: Now, until_unix_millis: u64) {
        if let Some(history) = &mut self.history {
            history.hearsay_mut().handle_proof(now, until_unix_millis);
        }
    }

    /// Something that was said on this pod waits for Redis: the others have not heard it.
    pub fn handle_delay(&mut self, now: Now) {
        if let Some(history) = &mut self.history {
            history.hearsay_mut().handle_delay(now);
        }
    }

    /// From here on nothing of what other pods say need come here.
    pub fn handle_pods_unheard(&mut self) {
        self.presence.hears_pods = false;
        if let Some(history) = &mut self.history {
            history.handle_pods_unheard();
        }
    }

    /// From here on nothing of what other pods say to this audience alone need come here.
    pub fn handle_audience_unheard(&mut self, room: Option<&RoomName>) {
        if room.is_none() {
            self.presence.hears_pods = false;
        }
        if let Some(history) = &mut self.history {
            history.handle_audience_unheard(room);
        }
    }

    fn tell_gap(
        &mut self,
        now: Now,
        members: Vec<MemberId>,
        room: Option<&RoomName>,
        missed: Option<u64>,
    ) {
        let notice = Notice::Gap { missed, from_id: None, to_id: None };
        let id = self.ids.next(now.unix_millis);
        let frame = Rc::new(self.event_frame(now, id, room.map(RoomName::as_str), &notice));
        let end = u32::try_from(frame.len()).expect("a notice is short");
        for id in members {
            if self.member(id).is_some_and(|member| member.options.events) {
                self.queue(id, Slot::new(Rc::clone(&frame), 0..end, 1, Class::Notice));
                self.counters.gaps_told += 1;
            } else {
                self.counters.gaps_untold += 1;
            }
        }
    }
}
