//! A cluster, with messages that every node passes on to every other.

use stentor_testbed::RedisCluster;

use crate::pod::{Pod, count, count_with_missed, room};

/// Which nodes have somebody who listens on `test:global`.
fn listened(cluster: &RedisCluster) -> Vec<usize> {
    let has_listeners = |number: &usize| {
        let answer = cluster.node(*number).try_command(&["PUBSUB", "NUMSUB", "test:global"]);
        let count = answer.ok().and_then(|answer| answer.list().get(1)?.number());
        count.is_some_and(|count| count > 0)
    };
    (0..cluster.len()).filter(has_listeners).collect()
}

async fn meet(a: &mut Pod, b: &mut Pod) {
    a.hear(3).await;
    b.hear(3).await;
    (0..3).for_each(|number| a.say(Some(room(number)), 0));
    b.hear_until(|heard| count(heard) == 3).await;
}

#[tokio::test]
async fn a_node_that_dies_without_a_replica_costs_nothing_that_is_said() {
    let mut cluster = RedisCluster::start(3);
    let (mut a, mut b) = (Pod::start("a", &cluster.url()), Pod::start("b", &cluster.url()));
    meet(&mut a, &mut b).await;

    let ups = b.started.counters.borrow().link.ups;
    let victim = listened(&cluster)[0];
    cluster.kill_node(victim);
    (0..3).for_each(|number| a.say(Some(room(number)), 1));
    b.hear_until(|heard| count_with_missed(heard) >= 6).await;
    assert!(b.heard.values().all(|heard| heard.numbers.is_sorted()));
    // At least one of the two listened there.
    let downs = |pod: &Pod| pod.started.link.has_changed().is_ok();
    assert!(downs(&a) && downs(&b), "both go on");
    assert!(ups >= 1);
    a.up().await;
    b.up().await;
    assert!(!listened(&cluster).contains(&victim));
}

#[tokio::test]
async fn a_frozen_node_is_found_deaf_and_left() {
    let cluster = RedisCluster::start(3);
    let mut pod = Pod::start("a", &cluster.url());
    pod.hear(1).await;
    let [frozen] = listened(&cluster)[..] else { panic!("one pod listens at one node") };
    cluster.node(frozen).pause();
    pod.wait_for_counters(|counters| counters.link.downs > 0).await;
    pod.wait_for_counters(|counters| counters.link.ups == 2 && counters.link.deaf == 1).await;
    pod.hear(1).await;
    cluster.node(frozen).resume();
}

#[tokio::test]
async fn a_failover_to_a_replica_is_followed() {
    let mut cluster = RedisCluster::start_with_replicas(3, 1);
    let (mut a, mut b) = (Pod::start("a", &cluster.url()), Pod::start("b", &cluster.url()));
    meet(&mut a, &mut b).await;
    let victim = listened(&cluster)[0];
    cluster.kill_node(victim);
    (0..3).for_each(|number| a.say(Some(room(number)), 1));
    b.hear_until(|heard| count_with_missed(heard) >= 6).await;
    cluster.start_node_again(victim);
    cluster.wait_whole();
    a.up().await;
    b.up().await;
    (0..3).for_each(|number| a.say(Some(room(number)), 2));
    b.hear_until(|heard| count_with_missed(heard) >= 9).await;
    assert!(b.heard.values().all(|heard| heard.numbers.ends_with(&[2])));
}
