//! The history of rooms in Redis Streams.

use std::sync::Arc;
use std::time::Duration;

use stentor_bus::address::Address;
use stentor_bus::bus::Settings;
use stentor_bus::channel::Audience;
use stentor_bus::histories::ReadError;
use stentor_bus::link::LinkState;
use stentor_bus::stream_history::{Cut, Kept, Replay, StreamHistory};
use stentor_testbed::{Redis, RedisCluster, until};
use uuid::Uuid;

use crate::pod::{Pod, count, now, room, settings};

const HISTORY: StreamHistory = StreamHistory { size: 200, ttl: Duration::from_secs(60) };

fn with_history(name: &str, url: &str, history: StreamHistory) -> Pod {
    let address = Address::parse(url, None).expect("a URL");
    Pod::start_with(Settings { history: Some(history), ..settings(name, address) })
}

fn pod(name: &str, url: &str) -> Pod {
    with_history(name, url, HISTORY)
}

/// The number of the message that has this id.
fn number(id: Uuid) -> u64 {
    u64::try_from(id.as_u128() & 0xffff_ffff_ffff).expect("48 bits")
}

async fn read(pod: &Pod, audience: &Audience) -> Result<Arc<Kept>, ReadError> {
    pod.started.histories.as_ref().expect("a history").read(audience.clone()).await
}

/// The id of the message that has this number; the nil UUID where it is not kept.
fn id_in(kept: &Kept, wanted: u64) -> Uuid {
    let entry = kept.entries.iter().find(|entry| number(entry.id) == wanted);
    entry.map_or(Uuid::nil(), |entry| entry.id)
}

/// What somebody missed who heard this message last.
async fn replay(pod: &Pod, audience: &Audience, last: u64) -> Replay {
    let kept = read(pod, audience).await.expect("Redis answers");
    kept.replay(Cut::Id(id_in(&kept, last)), HISTORY, now(), u64::MAX)
}

fn numbers(replay: &Replay) -> Vec<u64> {
    replay.messages.iter().map(|one| number(one.id)).collect()
}

async fn say(pod: &mut Pod, audience: &Audience, numbers: std::ops::Range<u64>) {
    let appended = pod.started.counters.borrow().history.appended + numbers.end - numbers.start;
    numbers.for_each(|number| pod.say(audience.clone(), number));
    pod.wait_for_counters(|counters| counters.history.appended >= appended).await;
}

#[tokio::test]
async fn any_pod_reads_what_another_said_also_one_that_comes_later() {
    let redis = Redis::start();
    redis.wait_until_settled();
    let mut a = pod("a", &redis.url());
    a.up().await;
    for audience in [Some(room(0)), None] {
        say(&mut a, &audience, 0..10).await;
    }
    drop(a);
    let mut b = pod("b", &redis.url());
    b.up().await;
    for audience in [Some(room(0)), None] {
        let replay = replay(&b, &audience, 4).await;
        assert!(replay.recovered);
        assert!(numbers(&replay).ends_with(&(5..10).collect::<Vec<_>>()));
        assert_eq!(replay.oldest_id.map(number), Some(0));
    }
    assert_eq!(redis.command(&["XLEN", "test:history:"]).number(), Some(10));
}

#[tokio::test]
async fn who_hears_a_message_finds_it() {
    let redis = Redis::start();
    let (a, mut b) = (pod("a", &redis.url()), pod("b", &redis.url()));
    b.hear(1).await;
    for said in 0..100 {
        a.say(Some(room(0)), said);
        b.hear_until(|heard| count(heard) as u64 > said).await;
        let kept = read(&b, &Some(room(0))).await.expect("Redis answers");
        assert_eq!(kept.entries.last().map(|entry| number(entry.id)), Some(said));
    }
}

#[tokio::test]
async fn a_stream_is_trimmed_and_dies_and_a_lack_with_it() {
    let redis = Redis::start();
    let history = StreamHistory { size: 200, ttl: Duration::from_millis(1_200) };
    let mut a = with_history("a", &redis.url(), history);
    a.hear(1).await;
    say(&mut a, &Some(room(0)), 0..3_000).await;
    let length = redis.command(&["XLEN", "test:history:room 0"]).number().expect("a length");
    assert!((200..400).contains(&length), "{length}");
    let kept = read(&a, &Some(room(0))).await.expect("Redis answers");
    assert!(kept.entries.len() == 200 && !kept.is_whole);
    assert!(
        !kept.replay(Cut::Id(id_in(&kept, 2_900)), HISTORY, now(), u64::MAX).recovered,
        "not a second of it left"
    );
    let foreign = r#"{"type":"notification","data":{}}"#;
    redis.command(&["PUBLISH", "test:room:room 0", foreign]);
    let keys = ["test:history:room 0", "test:lacking:room 0"];
    let exists = || redis.command(&["EXISTS", keys[0], keys[1]]).number();
    until(crate::pod::PATIENCE, "both are written", || (exists() == Some(2)).then_some(()));
    until(crate::pod::PATIENCE, "both have died", || (exists() == Some(0)).then_some(()));
}

#[tokio::test]
async fn what_another_program_published_is_lacking() {
    let redis = Redis::start();
    redis.wait_until_settled();
    let mut a = pod("a", &redis.url());
    a.hear(2).await;
    for number in 0..2 {
        say(&mut a, &Some(room(number)), 0..2).await;
    }
    assert!(replay(&a, &Some(room(0)), 0).await.recovered);
    let foreign = r#"{"type":"notification","data":{}}"#;
    redis.command(&["PUBLISH", "test:room:room 0", foreign]);
    a.wait_for_counters(|counters| counters.inbox.foreign == 1).await;
    let mut b = pod("b", &redis.url());
    b.up().await;
    assert!(!replay(&b, &Some(room(0)), 0).await.recovered);
    assert!(replay(&b, &Some(room(1)), 0).await.recovered, "only in its room");
}

#[tokio::test]
async fn what_redis_does_not_take_is_counted_and_published_all_the_same() {
    let redis = Redis::start();
    let (mut a, mut b) = (pod("a", &redis.url()), pod("b", &redis.url()));
    b.hear(1).await;
    redis.command(&["SET", "test:history:room 0", "no stream"]);
    a.say(Some(room(0)), 0);
    b.hear_until(|heard| count(heard) == 1).await;
    a.wait_for_counters(|counters| counters.history.errors >= 1).await;
    assert_eq!(a.started.counters.borrow().pipeline.failed, 0);
    assert_eq!(read(&b, &Some(room(0))).await, Err(ReadError::Refused));
    redis.command(&["DEL", "test:history:room 0"]);
    say(&mut a, &Some(room(0)), 1..3).await;
    assert!(!replay(&b, &Some(room(0)), 1).await.recovered, "one is lacking");
}

#[tokio::test]
async fn rubbish_in_a_stream_is_counted_and_passed_over() {
    let redis = Redis::start();
    let mut a = pod("a", &redis.url());
    a.up().await;
    redis.command(&["XADD", "test:history:room 0", "*", "p", "rubbish"]);
    redis.command(&["XADD", "test:history:room 0", "*", "other", "field"]);
    say(&mut a, &Some(room(0)), 0..1).await;
    let kept = read(&a, &Some(room(0))).await.expect("Redis answers");
    assert_eq!(kept.entries.len(), 1);
    a.wait_for_counters(|counters| counters.history.rubbish == 2).await;
}

#[tokio::test]
async fn a_redis_that_stands_still_or_dies_during_a_read_costs_a_second_at_the_most() {
    let mut redis = Redis::start();
    let mut a = pod("a", &redis.url());
    a.up().await;
    say(&mut a, &Some(room(0)), 0..1).await;
    redis.pause();
    let late = read(&a, &Some(room(0))).await;
    assert!(matches!(late, Err(ReadError::Late | ReadError::Refused | ReadError::LinkDown)));
    redis.resume();
    a.wait_for_link(|state| *state == LinkState::Up).await;
    redis.pause();
    let other = Some(room(1));
    let (answer, ()) = tokio::join!(read(&a, &other), async { redis.kill() });
    assert!(answer.is_err(), "{answer:?}");
    a.wait_for_link(|state| *state != LinkState::Up).await;
    assert_eq!(read(&a, &Some(room(0))).await, Err(ReadError::LinkDown));
}

#[tokio::test]
async fn thousands_who_ask_at_once_share_a_few_reads() {
    let redis = Redis::start();
    let mut a = pod("a", &redis.url());
    a.up().await;
    say(&mut a, &Some(room(0)), 0..50).await;
    let histories = a.started.histories.clone().expect("a history");
    let asks = (0..10_000).map(|_| histories.read(Some(room(0))));
    let answers = futures_util::future::join_all(asks).await;
    assert!(
        answers.iter().all(|answer| answer.as_ref().is_ok_and(|kept| kept.entries.len() == 50))
    );
    a.wait_for_counters(|counters| counters.history.answered == 10_000).await;
    let reads = a.started.counters.borrow().history.reads;
    assert!(reads <= 100, "{reads} reads");
}

#[tokio::test]
async fn after_an_outage_what_was_kept_is_in_the_stream() {
    let mut redis = Redis::start();
    let mut a = pod("a", &redis.url());
    a.hear(1).await;
    redis.kill();
    a.wait_for_link(|state| *state != LinkState::Up).await;
    (0..50).for_each(|number| a.say(Some(room(0)), number));
    redis.start_again();
    a.wait_for_counters(|counters| counters.history.appended >= 50).await;
    let replay = replay(&a, &Some(room(0)), 9).await;
    assert!(numbers(&replay).ends_with(&(10..50).collect::<Vec<_>>()));
    // They were said before this Redis began. What others had said by then died with the earlier one.
    assert!(!replay.recovered);
}

#[tokio::test]
async fn in_a_cluster_each_stream_is_at_its_own_node() {
    let cluster = RedisCluster::start(3);
    for mode in [stentor_bus::mode::Mode::Classic, stentor_bus::mode::Mode::Sharded] {
        let named = |name| {
            let address = Address::parse(&cluster.url(), None).expect("a URL");
            Settings { history: Some(HISTORY), mode, ..settings(name, address) }
        };
        let (mut a, mut b) = (Pod::start_with(named("a")), Pod::start_with(named("b")));
        a.up().await;
        b.up().await;
        let first = if mode == stentor_bus::mode::Mode::Classic { 0 } else { 20 };
        for number in first..first + 20 {
            say(&mut a, &Some(room(number)), 0..10).await;
            let replay = replay(&b, &Some(room(number)), 4).await;
            // What is heard may not be in its stream yet, so a cluster's promises nothing.
            assert!(!replay.recovered, "{mode:?} {number}");
            assert_eq!(numbers(&replay), (0..10).collect::<Vec<_>>());
        }
        assert_eq!(a.started.counters.borrow().history.errors, 0);
    }
}
