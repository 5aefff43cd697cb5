//! Other programs on the same channels.

use stentor_bus::inbox::{Arrival, Origin};

use crate::pod::{Pod, room, text};
use crate::redis::Redis;

#[tokio::test]
async fn a_plain_publish_is_stamped_and_delivered_and_rubbish_is_not() {
    let redis = Redis::start();
    let mut pod = Pod::start("a", redis.port);
    pod.hear(1).await;
    redis.publish("test:room:room 0", "rubbish");
    redis.publish("test:global", "{\"type\":\"nonsense\"}");
    redis.publish("test:room:room 0", r#"{"type":"notification","data":{"n" : 1}}"#);

    let batch = pod.next().await;
    let [Arrival::Delivery(delivery)] = &batch[..] else { panic!("{batch:?}") };
    assert_eq!((&delivery.audience, delivery.origin), (&Some(room(0)), Origin::ForeignWithoutId));
    assert!(
        text(delivery)
            .contains(r#""type":"notification","room":"room 0","from":"server","data":{"n" : 1}"#)
    );
    pod.wait_for_counters(|counters| counters.inbox.rubbish == 2).await;
}
