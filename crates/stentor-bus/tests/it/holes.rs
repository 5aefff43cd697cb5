//! What a pod dropped before Redis had anything of it: the others have no number to count from,
//! and are told all the same, whatever kind of Redis there is.

use std::time::Duration;

use stentor_bus::address::Address;
use stentor_bus::bus::Settings;
use stentor_bus::mode::Mode;
use stentor_bus::outbox::OutboxLimits;
use stentor_testbed::{Redis, RedisCluster};

use crate::pod::{Pod, count_with_missed, room, settings};

/// What is said before the link is up.
const SAID: u64 = 30;

fn pod(name: &str, url: &str, mode: Mode, outbox: OutboxLimits) -> Pod {
    let address = Address::parse(url, None).expect("a URL");
    Pod::start_with(Settings { mode, outbox, ..settings(name, address) })
}

/// One pod hears a room; another says something there the moment it has been started, which its
/// outbox does not keep. Gives what the first has heard and what it was told.
async fn heard_and_missed(url: &str, mode: Mode, outbox: OutboxLimits) -> (Vec<u64>, u64) {
    let mut b = pod("b", url, mode, OutboxLimits::default());
    b.hear(1).await;
    let a = pod("a", url, mode, outbox);
    (0..SAID).for_each(|number| a.say(Some(room(0)), number));
    b.hear_until(|heard| count_with_missed(heard) >= SAID).await;
    let heard = b.heard.remove(&Some(room(0))).expect("something");
    (heard.numbers, heard.missed)
}

async fn the_first_messages_are_told(url: &str, mode: Mode) {
    let outbox = OutboxLimits { records_max: 10, ..OutboxLimits::default() };
    let (heard, missed) = heard_and_missed(url, mode, outbox).await;
    assert_eq!((heard, missed), ((20..SAID).collect(), 20));
}

#[tokio::test]
async fn the_first_messages_that_were_dropped_are_told_of_on_one_server() {
    let redis = Redis::start();
    the_first_messages_are_told(&redis.url(), Mode::Classic).await;
}

#[tokio::test]
async fn the_first_messages_that_were_dropped_are_told_of_on_a_cluster() {
    let cluster = RedisCluster::start(3);
    the_first_messages_are_told(&cluster.url(), Mode::Classic).await;
    the_first_messages_are_told(&cluster.url(), Mode::Sharded).await;
}

#[tokio::test]
async fn a_room_of_which_everything_was_dropped_is_told_of_when_it_is_quiet() {
    let redis = Redis::start();
    let outbox = OutboxLimits { age_max: Duration::ZERO, ..OutboxLimits::default() };
    let (heard, missed) = heard_and_missed(&redis.url(), Mode::Classic, outbox).await;
    assert_eq!((heard, missed), (Vec::new(), SAID));
}
