//! A Redis that fails, in each way that it can.

use stentor_bus::link::LinkState;
use stentor_testbed::{Port, Redis};

use crate::pod::{Pod, count, count_with_missed, room};

/// Both pods hear one message of the other, so that each knows where the other's numbers are.
async fn two_pods_that_have_met(redis: &Redis) -> (Pod, Pod) {
    let (mut a, mut b) = (Pod::start("a", &redis.url()), Pod::start("b", &redis.url()));
    a.hear(1).await;
    b.hear(1).await;
    a.say(Some(room(0)), 0);
    b.say(Some(room(0)), 0);
    a.hear_until(|heard| count(heard) == 1).await;
    b.hear_until(|heard| count(heard) == 1).await;
    (a, b)
}

fn say(pod: &Pod, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| pod.say(Some(room(0)), number));
}

async fn assert_all_heard(pod: &mut Pod, last: u64) {
    pod.hear_until(|heard| count_with_missed(heard) > last).await;
    assert_eq!(pod.numbers(&Some(room(0))), (0..=last).collect::<Vec<u64>>());
}

#[tokio::test]
async fn what_is_said_while_redis_is_dead_is_heard_when_it_is_back() {
    let mut redis = Redis::start();
    let (mut a, mut b) = two_pods_that_have_met(&redis).await;
    redis.kill();
    a.wait_for_link(|state| *state != LinkState::Up).await;
    b.wait_for_link(|state| *state != LinkState::Up).await;
    say(&a, 1..101);
    say(&b, 1..101);
    redis.start_again();
    assert_all_heard(&mut a, 100).await;
    assert_all_heard(&mut b, 100).await;
}

#[tokio::test]
async fn a_redis_that_is_frozen_is_noticed_and_costs_nothing_that_is_said_meanwhile() {
    let redis = Redis::start();
    let (mut a, mut b) = two_pods_that_have_met(&redis).await;
    redis.pause();
    say(&a, 1..51);
    a.wait_for_link(|state| *state != LinkState::Up).await;
    b.wait_for_link(|state| *state != LinkState::Up).await;
    a.wait_for_counters(|counters| counters.link.deaf == 1).await;
    say(&a, 51..101);
    redis.resume();
    b.hear_until(|heard| count_with_missed(heard) > 100).await;
    let numbers = b.numbers(&Some(room(0)));
    assert!(numbers.is_sorted() && numbers.windows(2).all(|pair| pair[0] != pair[1]));
    assert!(numbers.ends_with(&(51..101).collect::<Vec<u64>>()), "{numbers:?}");
}

#[tokio::test]
async fn cut_subscribers_lose_nothing_that_they_are_not_told_of() {
    let redis = Redis::start();
    let (mut a, mut b) = two_pods_that_have_met(&redis).await;
    let mut said = 1;
    for cut in 1..=10 {
        say(&a, said..said + 100);
        redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        say(&a, said + 100..said + 200);
        said += 200;
        a.wait_for_counters(|counters| counters.link.ups > cut).await;
        b.wait_for_counters(|counters| counters.link.ups > cut).await;
    }
    say(&a, said..said + 1);
    b.hear_until(|heard| count_with_missed(heard) > said).await;
    let heard = &b.heard[&Some(room(0))];
    assert!(heard.numbers.windows(2).all(|pair| pair[0] < pair[1]), "once, and in order");
    assert_eq!(heard.numbers.len() as u64 + heard.missed, said + 1);
}

#[tokio::test]
async fn a_redis_that_comes_later_is_found() {
    let port = Port::lease();
    let url = format!("redis://{}", port.address());
    let (mut a, mut b) = (Pod::start("a", &url), Pod::start("b", &url));
    b.started.rooms.want(room(0));
    a.wait_for_counters(|counters| counters.link.attempts >= 2).await;
    say(&a, 0..50);
    let _redis = Redis::options().port(port).start();
    assert_all_heard(&mut b, 49).await;
    a.up().await;
}
