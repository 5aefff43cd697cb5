//! What happens to a member that does not read: it loses the oldest, or is closed.

use stentor_wire::close::CloseCode;

use crate::config::SlowConsumer;
use crate::numbers::MemberId;
use crate::shard::Shard;

impl Shard {
    /// Makes room in a blocked ring that holds more than it may, as the policy says. Never inside
    /// the flush of a room: it may end the membership.
    pub(super) fn relieve(&mut self, id: MemberId) {
        let slow_consumer = self.config.slow_consumer;
        let Some(member) = self.member_mut(id) else { return };
        if member.closing.is_some() {
            return;
        }
        let keeps = match slow_consumer {
            SlowConsumer::Auto => member.options.events,
            SlowConsumer::Gap => true,
            SlowConsumer::Close => false,
        };
        let Some(ring) = member.ring.as_mut() else { return };
        ring.drop_presence();
        let mut dropped = 0;
        while keeps && ring.is_over_full() && ring.drop_oldest() {
            dropped += 1;
        }
        ring.trim();
        let hopeless = ring.is_over_full();
        let lost = if hopeless { ring.clear() } else { 0 };
        self.counters.dropped.ring_full += dropped;
        self.counters.dropped.closed += lost;
        if hopeless {
            // What its rooms said this turn is not handed to it: that is what it has no place for.
            self.counters.dropped.closed += self.owed_this_turn(id);
            let code = CloseCode::TryAgainLater;
            self.part(id, code, code.code(), code.reason());
        }
    }
}
