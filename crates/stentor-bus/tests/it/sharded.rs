//! A cluster, with messages that only the node of their channel's slot has.

use stentor_bus::address::Address;
use stentor_bus::bus::Settings;
use stentor_bus::mode::Mode;
use stentor_testbed::{Redis, RedisCluster};

use crate::pod::{Pod, count, count_with_missed, room, settings};

const ROOMS: usize = 60;

fn pod(name: &str, url: &str) -> Pod {
    let address = Address::parse(url, None).expect("a URL");
    Pod::start_with(Settings { mode: Mode::Sharded, ..settings(name, address) })
}

async fn two_pods(url: &str) -> (Pod, Pod) {
    let (mut a, mut b) = (pod("a", url), pod("b", url));
    a.hear(ROOMS).await;
    b.hear(ROOMS).await;
    (a, b)
}

fn say_everywhere(pod: &Pod, number: u64) {
    (0..ROOMS).for_each(|place| pod.say(Some(room(place)), number));
}

fn channel(number: usize) -> String {
    format!("test:room:room {number}")
}

/// What all rooms together have heard or were told to have missed; each in its order and once.
fn assert_in_order(pod: &Pod) {
    for (audience, heard) in &pod.heard {
        let is_rising = heard.numbers.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(is_rising, "{audience:?}: {:?}", heard.numbers);
    }
}

#[tokio::test]
async fn rooms_are_spread_over_the_nodes_and_all_are_heard() {
    let cluster = RedisCluster::start(3);
    let (a, mut b) = two_pods(&cluster.url()).await;
    (0..50).for_each(|number| say_everywhere(&a, number));
    b.hear_until(|heard| count(heard) == 50 * ROOMS).await;
    assert_in_order(&b);
    for number in 0..3 {
        let channels = cluster.node(number).command(&["PUBSUB", "SHARDCHANNELS", "test:room:*"]);
        let own = |channel: &str| cluster.node_of(channel) == Some(number);
        assert!(!channels.list().is_empty());
        assert!(channels.list().iter().all(|channel| channel.text().is_some_and(own)));
    }
}

#[tokio::test]
async fn slots_that_move_under_traffic_lose_nothing_silently() {
    let cluster = RedisCluster::start(3);
    let (mut a, mut b) = two_pods(&cluster.url()).await;
    say_everywhere(&a, 0);
    b.hear_until(|heard| count(heard) == ROOMS).await;
    let ups = b.started.counters.borrow().link.ups;
    for number in 1..=30 {
        say_everywhere(&a, number);
        let place = number as usize;
        let owner = cluster.node_of(&channel(place)).expect("an owner");
        cluster.move_slot_of(&channel(place), (owner + 1) % 3);
        say_everywhere(&a, 100 + number);
    }
    a.up().await;
    b.up().await;
    say_everywhere(&a, 1_000);
    b.hear_until(|heard| {
        (0..ROOMS).all(|place| {
            heard.get(&Some(room(place))).is_some_and(|heard| heard.numbers.ends_with(&[1_000]))
        })
    })
    .await;
    assert_eq!(count_with_missed(&b.heard), 62 * ROOMS as u64, "each is heard or told of");
    let counters = *b.started.counters.borrow();
    assert_eq!(counters.link.ups, ups, "the session stays");
    let missed: u64 = b.heard.values().map(|heard| heard.missed).sum();
    println!("{missed} of {} missed and told of", 62 * ROOMS);
}

#[tokio::test]
async fn the_slots_of_the_probes_may_move_too() {
    let cluster = RedisCluster::start(3);
    let mut pod = pod("a", &cluster.url());
    pod.hear(1).await;
    let channels: Vec<String> = (0..3)
        .flat_map(|number| {
            let answer = cluster.node(number).command(&["PUBSUB", "SHARDCHANNELS", "test:probe:*"]);
            answer
                .list()
                .iter()
                .filter_map(|name| name.text().map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(channels.len(), 3, "each node has a probe: {channels:?}");
    for channel in &channels {
        let owner = cluster.node_of(channel).expect("an owner");
        cluster.move_slot_of(channel, (owner + 1) % 3);
    }
    let heard = pod.started.counters.borrow().link.probes_heard;
    pod.wait_for_counters(|counters| counters.link.probes_heard >= heard + 4).await;
    assert_eq!(pod.started.counters.borrow().link.downs, 0);
}

#[tokio::test]
async fn one_node_alone_that_is_deaf_is_found() {
    let cluster = RedisCluster::start(3);
    let mut pod = pod("a", &cluster.url());
    pod.hear(ROOMS).await;
    cluster.node(1).pause();
    pod.wait_for_counters(|counters| counters.link.deaf >= 1 && counters.link.ups >= 2).await;
    pod.wait_for_counters(|counters| counters.subscriptions.away > 0).await;
    cluster.node(1).resume();
    let all = ROOMS as u64 + 1;
    pod.wait_for_counters(|counters| counters.subscriptions.confirmed == all).await;
}

#[tokio::test]
async fn rooms_of_a_dead_node_wait_and_the_others_do_not() {
    let mut cluster = RedisCluster::start(3);
    let (mut a, mut b) = two_pods(&cluster.url()).await;
    say_everywhere(&a, 0);
    b.hear_until(|heard| count(heard) == ROOMS).await;
    let victim = 2;
    let lost = |cluster: &RedisCluster| {
        (0..ROOMS).filter(|place| cluster.node_of(&channel(*place)) == Some(victim)).count()
    };
    let lost = lost(&cluster);
    cluster.kill_node(victim);
    for pod in [&mut a, &mut b] {
        pod.wait_for_counters(|counters| counters.link.downs > 0).await;
        pod.wait_for_counters(|counters| counters.subscriptions.away >= lost as u64).await;
    }
    say_everywhere(&a, 1);
    b.hear_until(|heard| count(heard) == ROOMS + (ROOMS - lost)).await;
    cluster.start_node_again(victim);
    b.hear_until(|heard| count_with_missed(heard) == 2 * ROOMS as u64).await;
    assert_in_order(&b);
}

#[tokio::test]
async fn a_failover_is_followed() {
    let mut cluster = RedisCluster::start_with_replicas(3, 1);
    let (mut a, mut b) = two_pods(&cluster.url()).await;
    say_everywhere(&a, 0);
    b.hear_until(|heard| count(heard) == ROOMS).await;
    cluster.kill_node(0);
    for pod in [&mut a, &mut b] {
        pod.wait_for_counters(|counters| counters.link.downs > 0).await;
    }
    say_everywhere(&a, 1);
    b.hear_until(|heard| count_with_missed(heard) == 2 * ROOMS as u64).await;
    assert_in_order(&b);
}

#[tokio::test]
async fn a_server_that_is_no_cluster_has_sharded_channels_too() {
    let redis = Redis::start();
    let (a, mut b) = two_pods(&redis.url()).await;
    say_everywhere(&a, 0);
    b.hear_until(|heard| count(heard) == ROOMS).await;
}
