//! What shards are told of subscriptions.

use stentor_bus::inbox::Arrival;
use stentor_testbed::Redis;

use crate::pod::{Pod, room};

#[tokio::test]
async fn what_is_heard_is_told_anew_after_a_redis_that_died() {
    let mut redis = Redis::start();
    let mut pod = Pod::start("a", &redis.url());
    let heard = [Arrival::Heard(None), Arrival::Heard(Some(room(0)))];
    pod.started.rooms.want(room(0));
    pod.told(|told| told.len() == 2).await;
    assert_eq!(pod.told, heard);
    redis.kill();
    pod.told(|told| told.len() == 3).await;
    assert_eq!(pod.told[2], Arrival::Unheard);
    redis.start_again();
    pod.told(|told| told.len() == 5).await;
    assert_eq!(pod.told[3..], heard);
}

#[tokio::test]
async fn a_handshake_that_waited_finds_its_room_told() {
    let redis = Redis::start();
    let mut pod = Pod::start("a", &redis.url());
    pod.hear(0).await;
    pod.join(vec![room(7)]).await;
    assert!(pod.is_told(&Arrival::Heard(Some(room(7)))), "{:?}", pod.told);
}
