//! Other programs on the same channels.

use stentor_bus::inbox::{Arrival, Origin};
use stentor_testbed::Redis;

use crate::pod::{Pod, room, text};

#[tokio::test]
async fn a_plain_publish_is_stamped_and_delivered_and_rubbish_is_not() {
    let redis = Redis::start();
    let mut pod = Pod::start("a", &redis.url());
    pod.hear(1).await;
    let publish = |channel, payload| redis.command(&["PUBLISH", channel, payload]);
    publish("test:room:room 0", "rubbish");
    publish("test:global", "{\"type\":\"nonsense\"}");
    publish("test:room:room 0", r#"{"type":"notification","data":{"n" : 1}}"#);

    let batch = pod.next().await;
    let [Arrival::Delivery(delivery)] = &batch[..] else { panic!("{batch:?}") };
    assert_eq!((&delivery.audience, delivery.origin), (&Some(room(0)), Origin::ForeignWithoutId));
    assert!(
        text(delivery)
            .contains(r#""type":"notification","room":"room 0","from":"server","data":{"n" : 1}"#)
    );
    pod.wait_for_counters(|counters| counters.inbox.rubbish == 2).await;
}
