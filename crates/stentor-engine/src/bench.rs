//! What the benches need of the engine's inside: the fan-out without threads and sockets.
//!
//! The fan-out, the interest and the mailboxes are private, because a program that embeds the
//! engine has no use for them; behind the feature `bench`, which is off by default and has no
//! promise of staying, a bench runs these very types. It measures nothing by itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_shard::time::Now;
use stentor_shard::{Event, Passage, Shard, ShardConfig};
use stentor_wire::room_name::RoomName;

use crate::fan_out::FanOut;
use crate::interest::Interest;
use crate::mailbox::{Command, Mailbox, mailbox};

/// The most shards that a pod has.
pub const SHARDS_MAX: usize = 64;

/// A pod of [`SHARDS_MAX`] shards as the first of them sees it, and the mailboxes of all.
#[derive(Debug)]
pub struct FanOutWorld {
    fan_out: FanOut,
    shard: Shard,
    mailboxes: Vec<Mailbox>,
    room: RoomName,
    frame: Bytes,
}

impl FanOutWorld {
    /// One room that has members on the first `listening` shards, and a frame for it.
    ///
    /// # Panics
    /// Where `listening` is above [`SHARDS_MAX`].
    pub fn new(listening: usize, frame: Vec<u8>) -> FanOutWorld {
        assert!(listening <= SHARDS_MAX, "a pod has at most {SHARDS_MAX} shards");
        let (addresses, mailboxes): (Vec<_>, Vec<_>) = (0..SHARDS_MAX).map(|_| mailbox()).unzip();
        let room = RoomName::parse("general").expect("a valid room name");
        let interest = Arc::new(Interest::default());
        (0..listening).for_each(|shard| {
            interest.join(&room, shard, true);
        });
        let shard =
            Shard::new(ShardConfig { flush_gap_max: Duration::ZERO, ..ShardConfig::default() });
        let fan_out = FanOut::new(0, &addresses, interest, false, None);
        FanOutWorld { fan_out, shard, mailboxes, room, frame: Bytes::from(frame) }
    }

    /// The first shard publishes the frame: to every other one that has members, a hand-over.
    pub fn publish(&mut self) {
        let event = Event::Published {
            room: Some(self.room.clone()),
            frame: self.frame.clone(),
            chosen_id: None,
            passage: Passage::UNKNOWN,
        };
        self.fan_out.emit(Now::default(), event, &mut self.shard);
    }

    /// Empties the mailboxes, as their shards do at the beginning of a turn; returns how many
    /// deliveries were in them.
    ///
    /// # Panics
    /// Where the fan-out has kept something back: then mailboxes were full, which is not what
    /// [`FanOutWorld::publish`] is to cost.
    pub fn drain(&mut self) -> usize {
        assert!(!self.fan_out.is_backed_up(), "a mailbox was full");
        let mut deliveries = 0;
        for mailbox in &self.mailboxes {
            mailbox.rearm();
            while let Some(Command::Deliver(_)) = mailbox.poll() {
                deliveries += 1;
            }
        }
        deliveries
    }
}
