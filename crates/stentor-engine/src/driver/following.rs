//! Following: what a shard does for a publication that somebody traces, beside delivering it.

use stentor_shard::Delivery;
use stentor_shard::time::Now;
use tracing::Span;

use crate::driver::Driver;
use crate::legs::FollowedDelivery;

impl Driver {
    /// Takes what the program says, as a part of this span.
    pub(super) fn take_followed(
        &mut self,
        now: Now,
        deliveries: Vec<Delivery>,
        publication: &Span,
    ) {
        self.legs.begin(publication);
        for delivery in deliveries {
            let room = delivery.room.clone();
            if self.shard.handle_publication(now, delivery) {
                let members = self.shard.members_of(room.as_ref());
                self.legs.add(publication, room, members);
            }
        }
        self.fan_out.follow(publication);
        self.emit_events(now);
        self.fan_out.unfollow();
    }

    /// Hands a message of another shard, which got it from the program, to the members here.
    pub(super) fn deliver_followed(&mut self, now: Now, followed: FollowedDelivery) {
        let FollowedDelivery { delivery, publication } = followed;
        self.legs.begin(&publication);
        self.shard.handle_delivery(now, &delivery);
        let members = self.shard.members_of(delivery.room.as_ref());
        self.legs.add(&publication, delivery.room, members);
    }
}
