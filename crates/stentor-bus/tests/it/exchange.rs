//! Two pods and a Redis that works.

use std::time::Duration;

use stentor_testbed::Redis;

use crate::pod::{Pod, count, room};

const MESSAGES: u64 = 5_000;
const ROOMS: usize = 3;

#[tokio::test]
async fn five_thousand_messages_each_way_arrive_once_and_in_order() {
    let redis = Redis::start();
    let mut pods = [Pod::start("a", &redis.url()), Pod::start("b", &redis.url())];
    for pod in &mut pods {
        pod.hear(ROOMS).await;
    }
    for number in 0..MESSAGES {
        let audience = match number as usize % (ROOMS + 1) {
            ROOMS => None,
            number => Some(room(number)),
        };
        pods.iter().for_each(|pod| pod.say(audience.clone(), number));
    }
    for pod in &mut pods {
        pod.hear_until(|heard| count(heard) == MESSAGES as usize).await;
        for (place, audience) in
            (0..ROOMS).map(|number| Some(room(number))).chain([None]).enumerate()
        {
            let expected: Vec<u64> =
                (0..MESSAGES).filter(|number| *number as usize % (ROOMS + 1) == place).collect();
            assert_eq!(pod.numbers(&audience), expected);
            assert_eq!(pod.heard[&audience].missed, 0);
        }
        pod.wait_for_counters(|counters| counters.inbox.echoes == MESSAGES).await;
        pod.wait_for_counters(|counters| counters.pipeline.published == MESSAGES).await;
    }
}

#[tokio::test]
async fn what_waits_is_published_before_the_bus_ends() {
    let redis = Redis::start();
    let (mut a, mut b) = (Pod::start("a", &redis.url()), Pod::start("b", &redis.url()));
    b.hear(1).await;
    a.up().await;
    (0..1_000).for_each(|number| a.say(Some(room(0)), number));
    a.started.bus.stop(Duration::from_secs(10)).await;
    b.hear_until(|heard| count(heard) == 1_000).await;
}
