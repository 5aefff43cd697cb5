//! What a pod pays for rooms that it has no members in: nothing, because Redis sends it nothing.

use stentor_testbed::Redis;

use crate::pod::{Pod, count, room};

/// To how many connections Redis sends what is published in this room.
fn receivers(redis: &Redis, number: usize) -> Option<i64> {
    redis.command(&["PUBLISH", &format!("test:room:room {number}"), "no message"]).number()
}

#[tokio::test]
async fn rooms_that_a_pod_does_not_serve_send_it_nothing() {
    let redis = Redis::start();
    let (mut a, mut b) = (Pod::start("a", &redis.url()), Pod::start("b", &redis.url()));
    a.hear(50).await;
    b.hear(1).await;
    for number in 1..50 {
        (0..100).for_each(|_| a.say(Some(room(number)), 0));
        assert_eq!(receivers(&redis, number), Some(1), "only the pod that serves it");
    }
    assert_eq!(receivers(&redis, 0), Some(2));
    a.say(Some(room(0)), 1);
    b.hear_until(|heard| count(heard) == 1).await;
    b.wait_for_counters(|counters| counters.inbox.delivered == 1).await;
    let counters = *b.started.counters.borrow();
    let inbox = counters.inbox;
    let all = inbox.delivered + inbox.foreign + inbox.echoes + inbox.duplicates + inbox.rubbish;
    assert_eq!(all, 2, "one message and one payload of the room that it serves: {inbox:?}");
    assert_eq!(counters.inbox.pairs, 1);
}
