//! Who is let in: passwords, users and the channels that they may use.

use stentor_bus::link::LinkState;
use stentor_testbed::Redis;

use crate::log;
use crate::pod::{Pod, count, room};

#[tokio::test]
async fn a_wrong_password_is_told_once_and_heals_when_it_becomes_right() {
    let log = log::watch();
    let redis = Redis::options().password("right").start();
    let mut right = Pod::start("a", &redis.url());
    let mut wrong = Pod::start("b", &format!("redis://:wrong@127.0.0.1:{}", redis.port()));
    right.up().await;
    wrong.wait_for_counters(|counters| counters.link.attempts >= 3).await;
    assert_ne!(*wrong.started.link.borrow(), LinkState::Up);
    let told = log.lines_with(&format!("127.0.0.1:{}", redis.port()), "WARN");
    assert!(matches!(told.as_slice(), [line] if line.contains("WRONGPASS")), "{told:?}");

    redis.command(&["CONFIG", "SET", "requirepass", "wrong"]);
    wrong.up().await;
}

#[tokio::test]
async fn a_channel_that_is_forbidden_keeps_nothing_else_from_working() {
    let users = "user limited on >secret +@all &test:probe:* &test:global &test:room:room?0";
    let redis = Redis::options().acl(users).start();
    let mut limited = Pod::start("a", &redis.url_as("limited", "secret"));
    // Wanted before the link is up, so that one command asks for all three.
    (0..3).for_each(|number| limited.started.rooms.want(room(number)));
    let mut free = Pod::start("b", &redis.url());
    free.hear(1).await;
    limited.wait_for_counters(|counters| counters.subscriptions.confirmed == 2).await;
    limited.wait_for_counters(|counters| counters.subscriptions.forbidden == 2).await;

    limited.say(Some(room(1)), 0);
    (0..10).for_each(|number| limited.say(Some(room(0)), number));
    free.say(Some(room(0)), 0);
    limited.wait_for_counters(|counters| counters.pipeline.refused == 1).await;
    free.hear_until(|heard| count(heard) == 10).await;
    limited.hear_until(|heard| count(heard) == 1).await;
    assert_eq!(limited.started.counters.borrow().link.downs, 0);
}
