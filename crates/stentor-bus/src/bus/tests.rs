use std::time::Duration;

use bytes::Bytes;
use stentor_testbed::Redis;
use stentor_wire::room_name::RoomName;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use super::{Batch, Bus, Settings, Started};
use crate::address::Address;
use crate::channel::ChannelNames;
use crate::counters::Counters;
use crate::driver::Control;
use crate::inbox::Arrival;
use crate::pod_id::PodId;

/// No step takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(name: &str, redis: &Redis) -> Started {
    let address = Address::parse(&redis.url(), None).expect("a URL");
    let names = ChannelNames::new("test").expect("a prefix");
    Bus::start(Settings::new(address, names, PodId::new(name, 1), 1), 1).expect("a thread")
}

fn room() -> RoomName {
    RoomName::parse("room").expect("a name")
}

fn say(bus: &Started, number: u64) {
    let message = format!(
        r#"{{"id":"0198a1b2-0000-7000-8000-{number:012x}","type":"chat","room":"room","from":"ann","data":{number},"timestamp":"2026-02-05T00:00:00.000Z"}}"#
    );
    bus.publisher.try_publish(Some(room()), Bytes::from(message)).expect("a place");
}

async fn wait_for(bus: &Started, wanted: impl FnMut(&Counters) -> bool) {
    let mut counters = bus.counters.clone();
    let waiting = timeout(PATIENCE, counters.wait_for(wanted)).await;
    waiting.expect("in time").expect("the bus runs");
}

/// Whether a gap without a count comes, and the last number of the messages up to `last`.
async fn heard_until(arrivals: &mut Receiver<Batch>, last: u64) -> (bool, Vec<u64>) {
    let (mut is_told, mut heard) = (false, Vec::new());
    while heard.last() != Some(&last) {
        let batch = timeout(PATIENCE, arrivals.recv()).await.expect("in time").expect("no lag");
        for arrival in batch.iter() {
            match arrival {
                Arrival::Gap(gap) => is_told |= gap.missed.is_none(),
                Arrival::Delivery(delivery) => heard.push(u64::from(delivery.id.as_bytes()[15])),
                Arrival::Tale(_)
                | Arrival::Proof(_)
                | Arrival::Delayed
                | Arrival::Heard(_)
                | Arrival::Unheard
                | Arrival::Lost(_)
                | Arrival::Left(_) => {}
            }
        }
    }
    (is_told, heard)
}

#[tokio::test]
async fn a_panic_is_counted_and_told_and_the_bus_goes_on() {
    let redis = Redis::start();
    let (a, mut b) = (start("a", &redis), start("b", &redis));
    let mut arrivals = b.arrivals.pop().expect("one shard");
    b.rooms.want(room());
    wait_for(&b, |counters| counters.subscriptions.confirmed == 2).await;
    say(&a, 1);
    assert_eq!(heard_until(&mut arrivals, 1).await, (false, vec![1]));
    for panics in 1..=2 {
        b.rooms.controls.send(Control::Panic).expect("the bus runs");
        wait_for(&b, |counters| counters.panics == panics && counters.link.downs == panics).await;
        wait_for(&b, |counters| counters.subscriptions.confirmed == 2).await;
    }
    say(&a, 2);
    let (is_told, heard) = heard_until(&mut arrivals, 2).await;
    assert!(is_told, "what was being heard when it panicked may be lost");
    assert_eq!(heard, [2]);
}

#[tokio::test]
async fn what_was_said_before_a_panic_is_published_after_it_with_its_numbers() {
    let redis = Redis::start();
    let (a, mut b) = (start("a", &redis), start("b", &redis));
    let mut arrivals = b.arrivals.pop().expect("one shard");
    b.rooms.want(room());
    wait_for(&a, |counters| counters.link.ups == 1).await;
    wait_for(&b, |counters| counters.subscriptions.confirmed == 2).await;
    (1..=50).for_each(|number| say(&a, number));
    a.rooms.controls.send(Control::Panic).expect("the bus runs");
    (51..=100).for_each(|number| say(&a, number));
    let (is_told, heard) = heard_until(&mut arrivals, 100).await;
    assert!(!is_told);
    assert_eq!(heard, (1..=100).collect::<Vec<u64>>());
}
