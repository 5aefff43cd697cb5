//! A Redis that fails, in each way that it can.

use stentor_bus::link::LinkState;

use crate::pod::{Pod, count, count_with_missed, room};
use crate::redis::Redis;

/// Both pods hear one message of the other, so that each knows where the other's numbers are.
async fn two_pods_that_have_met(redis: &Redis) -> (Pod, Pod) {
    let (mut a, mut b) = (Pod::start("a", redis.port), Pod::start("b", redis.port));
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
    redis.run();
    assert_all_heard(&mut a, 100).await;
    assert_all_heard(&mut b, 100).await;
}

#[tokio::test]
async fn a_redis_that_is_frozen_is_noticed_and_costs_nothing_that_is_said_meanwhile() {
    let redis = Redis::start();
    let (mut a, mut b) = two_pods_that_have_met(&redis).await;
    redis.freeze();
    say(&a, 1..51);
    a.wait_for_link(|state| *state != LinkState::Up).await;
    b.wait_for_link(|state| *state != LinkState::Up).await;
    a.wait_for_counters(|counters| counters.link.deaf == 1).await;
    say(&a, 51..101);
    redis.thaw();
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
        redis.kill_subscribers();
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
    let mut redis = Redis::absent();
    let (mut a, mut b) = (Pod::start("a", redis.port), Pod::start("b", redis.port));
    b.started.rooms.want(room(0));
    a.wait_for_counters(|counters| counters.link.attempts >= 2).await;
    say(&a, 0..50);
    redis.run();
    assert_all_heard(&mut b, 49).await;
    a.up().await;
}

#[tokio::test]
async fn a_password_is_used_and_a_wrong_one_keeps_trying() {
    let redis = Redis::start_with(&["--requirepass", "right"]);
    let mut right = Pod::start_at("a", &format!("redis://:right@127.0.0.1:{}", redis.port));
    let mut wrong = Pod::start_at("b", &format!("redis://:wrong@127.0.0.1:{}", redis.port));
    right.up().await;
    wrong.wait_for_counters(|counters| counters.link.attempts >= 3).await;
    assert_ne!(*wrong.started.link.borrow(), LinkState::Up);
}

#[tokio::test]
async fn a_channel_that_is_forbidden_keeps_nothing_else_from_working() {
    let redis = Redis::start();
    redis.allow("limited", "secret", &["test:probe:*", "test:global", "test:room:room?0"]);
    let mut limited =
        Pod::start_at("a", &format!("redis://limited:secret@127.0.0.1:{}", redis.port));
    let mut free = Pod::start("b", redis.port);
    free.hear(1).await;
    (0..3).for_each(|number| limited.started.rooms.want(room(number)));
    limited.wait_for_counters(|counters| counters.subscriptions.confirmed == 2).await;

    limited.say(Some(room(1)), 0);
    say(&limited, 0..10);
    free.say(Some(room(0)), 0);
    limited.wait_for_counters(|counters| counters.pipeline.refused == 1).await;
    free.hear_until(|heard| count(heard) == 10).await;
    limited.hear_until(|heard| count(heard) == 1).await;
    assert_eq!(limited.started.counters.borrow().link.downs, 0);
}
