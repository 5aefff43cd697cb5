use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_shard::time::Now;
use stentor_shard::{Event, Passage, Shard, ShardConfig};
use stentor_wire::room_name::RoomName;

use super::FanOut;
use crate::interest::Interest;
use crate::mailbox::{Command, Mailbox, mailbox};

struct World {
    fan_out: FanOut,
    shard: Shard,
    interest: Arc<Interest>,
    mailboxes: Vec<Mailbox>,
}

fn world(shards: usize) -> World {
    let (addresses, mailboxes): (Vec<_>, Vec<_>) = (0..shards).map(|_| mailbox()).unzip();
    let interest = Arc::new(Interest::default());
    let shard = Shard::new(ShardConfig { flush_gap_max: Duration::ZERO, ..ShardConfig::default() });
    let fan_out = FanOut::new(0, &addresses, Arc::clone(&interest), false, None);
    World { fan_out, shard, interest, mailboxes }
}

impl World {
    fn publish(&mut self, room: Option<&RoomName>, text: String) {
        let event = Event::Published {
            room: room.cloned(),
            frame: Bytes::from(text),
            chosen_id: None,
            passage: Passage::UNKNOWN,
        };
        self.fan_out.emit(Now::default(), event, &mut self.shard);
    }

    fn heard(&self, shard: usize) -> Vec<String> {
        let mailbox = &self.mailboxes[shard];
        std::iter::from_fn(|| mailbox.poll())
            .map(|command| match command {
                Command::Deliver(delivery) => String::from_utf8_lossy(&delivery.frame).into_owned(),
                other => panic!("no delivery: {other:?}"),
            })
            .collect()
    }
}

#[test]
fn a_message_goes_to_the_shards_that_have_members_and_never_back() {
    let mut world = world(4);
    let room = RoomName::parse("a").expect("a valid name");
    for shard in [0, 2] {
        world.interest.join(&room, shard, true);
    }
    world.publish(Some(&room), "one".to_owned());
    assert_eq!([0, 1, 2, 3].map(|shard| world.heard(shard).len()), [0, 0, 1, 0]);
}

#[test]
fn a_global_message_goes_to_every_other_shard() {
    let mut world = world(64);
    world.publish(None, "all".to_owned());
    assert!(world.heard(0).is_empty());
    assert!((1..64).all(|shard| world.heard(shard) == ["all"]));
}

#[test]
fn what_a_full_mailbox_had_no_room_for_is_kept_in_order() {
    let mut world = world(2);
    let all: Vec<String> = (0..10_000).map(|number| number.to_string()).collect();
    for text in &all {
        world.publish(None, text.clone());
    }
    assert!(world.fan_out.is_backed_up());
    let mut heard = world.heard(1);
    world.fan_out.retry();
    heard.extend(world.heard(1));
    assert_eq!(heard, all);
    assert!(!world.fan_out.is_backed_up());
}

#[test]
fn a_shard_that_has_ended_is_owed_nothing() {
    let mut world = world(2);
    world.mailboxes.truncate(1);
    world.publish(None, "nobody".to_owned());
    assert!(!world.fan_out.is_backed_up());
}
