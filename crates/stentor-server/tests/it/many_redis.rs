//! Redis that is several: a cluster, and Sentinels with a master that dies.

use stentor_server::{Arguments, Settings};
use stentor_testbed::{RedisCluster, Sentinels};

use crate::pod::Pod;
use crate::redis::{
    at, expect_all, expect_nothing_silent, say, say_all, wait_down, wait_for_metric, wait_up,
};

const ROOMS: u64 = 20;

/// Each of many rooms, whose channels are on different nodes, hears the other pod.
fn assert_all_rooms_hear(pods: &[Pod; 2]) {
    let mut speaker = pods[0].connect("/ws");
    let mut members: Vec<_> =
        (0..ROOMS).map(|room| pods[1].connect(&format!("/ws/room-{room}"))).collect();
    for room in 0..ROOMS {
        say_all(&mut speaker, &format!("room-{room}"), 0..10);
    }
    members.iter_mut().for_each(|member| expect_all(member, 0..10));
    wait_for_metric(&pods[0], "messages_published_total", 10.0 * ROOMS as f64);
}

#[test]
fn two_pods_on_a_cluster_hear_each_other_whatever_node_a_channel_is_on() {
    let cluster = RedisCluster::start(3);
    let pods = [(); 2].map(|()| Pod::start(at(&cluster.url())));
    pods.iter().for_each(wait_up);
    assert_all_rooms_hear(&pods);
}

#[test]
fn two_pods_on_the_channels_of_a_cluster_s_slots_hear_each_other() {
    let cluster = RedisCluster::start(3);
    let arguments = Arguments {
        redis_url: Some(cluster.url()),
        redis_sharded: Some("true".to_owned()),
        ..Arguments::default()
    };
    let told = Settings::read(&arguments).expect("valid settings").bus;
    let pods = [(); 2].map(|()| {
        Pod::start(|settings| {
            settings.bus.clone_from(&told);
            settings.rate_limit = 0;
        })
    });
    pods.iter().for_each(wait_up);
    assert_all_rooms_hear(&pods);
}

#[test]
fn a_master_that_dies_is_followed_by_the_next_and_nothing_is_lost_in_silence() {
    let mut sentinels = Sentinels::start();
    let pods = [(); 2].map(|()| Pod::start(at(&sentinels.url())));
    pods.iter().for_each(wait_up);
    let mut member = pods[1].connect("/ws/general?events=1");
    let mut speaker = pods[0].connect("/ws");
    say_all(&mut speaker, "general", 0..50);
    assert_eq!(expect_nothing_silent(&mut member, 0, 49), 50);
    sentinels.kill_master();
    pods.iter().for_each(wait_down);
    say_all(&mut speaker, "general", 50..100);
    expect_nothing_silent(&mut member, 50, 99);
    pods.iter().for_each(wait_up);
    say(&mut speaker, "general", 100);
    assert_eq!(expect_nothing_silent(&mut member, 100, 100), 1);
}
