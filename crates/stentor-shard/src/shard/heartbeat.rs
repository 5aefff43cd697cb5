//! Who is still there: pings after silence, 4408 after too much of it.

use stentor_wire::close::CloseCode;
use stentor_wire::encode;

use crate::member::Member;
use crate::numbers::MemberId;
use crate::shard::Shard;
use crate::time::{Instant, Now};

/// How many members one call looks at; the rest comes in the next turn.
const LOOKS_PER_TURN_MAX: usize = 1_024;

impl Shard {
    /// Does what is due by now: heartbeats, the ends of what was kept for long enough, who is
    /// told of whom, and the closes of a drain.
    pub fn handle_timeout(&mut self, now: Now) {
        for _ in 0..LOOKS_PER_TURN_MAX {
            let Some(index) = self.wheel.poll(now.instant) else { break };
            self.look_after(now, MemberId(index));
        }
        let Shard { recent, rooms, .. } = self;
        recent.sweep(now.instant, |room| rooms.find(room.as_str()).is_some());
        if let Some(history) = &mut self.history {
            history.expire(now);
        }
        self.continue_presence(now);
        self.continue_drain(now);
    }

    fn look_after(&mut self, now: Now, id: MemberId) {
        let (ping_interval, pong_timeout) = (self.config.ping_interval, self.config.pong_timeout);
        let Some(member) = self.member(id).filter(|member| member.is_open()) else { return };
        let silence = now.instant.since(member.heard_at);
        if silence >= pong_timeout {
            self.handle_close(id, CloseCode::HeartbeatTimeout);
            return;
        }
        let token_due = self.judge_token(now, id);
        if !self.is_open(id) {
            return;
        }
        if silence >= ping_interval {
            self.ping(id);
        }
        let next = self.next_heartbeat(now, id);
        self.wheel.schedule(id.0, now.instant, token_due.map_or(next, |due| due.min(next)));
    }

    /// When a member that is not silent for too long is to be looked at again.
    pub(super) fn next_heartbeat(&self, now: Now, id: MemberId) -> Instant {
        let (ping_interval, pong_timeout) = (self.config.ping_interval, self.config.pong_timeout);
        let Some(member) = self.member(id) else { return now.instant };
        let ping_at = member.heard_at + ping_interval;
        let dead_at = member.heard_at + pong_timeout;
        if ping_at > now.instant { ping_at } else { dead_at.min(now.instant + ping_interval) }
    }

    fn ping(&mut self, id: MemberId) {
        // A member whose socket is full has a ping on its way already, or something like it.
        let blocked = |member: &Member| member.ring.as_ref().is_some_and(|ring| ring.blocked);
        if self.member(id).is_some_and(blocked) {
            return;
        }
        let mut frame = Vec::with_capacity(2);
        encode::ping_frame(&[], &mut frame);
        self.tell(id, frame);
    }
}
