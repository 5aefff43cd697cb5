//! Joining is complete when the room is heard, and never takes long.

use stentor_bus::waiters::Release;
use stentor_testbed::{Port, Redis};

use crate::pod::{Pod, count, room};

#[tokio::test]
async fn two_hundred_fresh_rooms_hear_what_is_said_right_after_joining() {
    let redis = Redis::start();
    let (mut a, mut b) = (Pod::start("a", &redis.url()), Pod::start("b", &redis.url()));
    a.up().await;
    b.up().await;
    for number in 0..200 {
        assert_eq!(b.join(vec![room(number)]).await, Release::Confirmed);
        a.say(Some(room(number)), number as u64);
        // As a shard does: what is told of channels takes places in the way in, too.
        b.hear_until(|heard| count(heard) == number + 1).await;
    }
    (0..200).for_each(|number| assert_eq!(b.numbers(&Some(room(number))), [number as u64]));
}

#[tokio::test]
async fn joining_does_not_wait_for_a_redis_that_is_not_there() {
    let nobody = Port::lease();
    let pod = Pod::start("a", &format!("redis://{}", nobody.address()));
    assert_eq!(pod.join(vec![room(1)]).await, Release::LinkDown);
}

#[tokio::test]
async fn a_room_that_nobody_here_is_in_costs_this_pod_nothing() {
    let redis = Redis::start();
    let (mut a, mut b) = (Pod::start("a", &redis.url()), Pod::start("b", &redis.url()));
    a.up().await;
    b.hear(1).await;
    (0..100).for_each(|number| a.say(Some(room(7)), number));
    a.wait_for_counters(|counters| counters.pipeline.published == 100).await;
    a.say(Some(room(0)), 1);
    b.hear_until(|heard| count(heard) == 1).await;
    b.wait_for_counters(|counters| counters.inbox.delivered == 1).await;
}
