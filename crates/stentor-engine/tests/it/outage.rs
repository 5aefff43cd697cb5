//! A Redis that dies under traffic and comes back.

use stentor_engine::bus::link::LinkState;
use stentor_testbed::Redis;

use crate::pod::Pod;

#[test]
fn a_dead_redis_is_not_noticed_within_a_pod_and_costs_the_other_nothing() {
    let mut redis = Redis::start();
    let (a, b) = (Pod::start("a", &redis.url()).up(), Pod::start("b", &redis.url()).up());
    let (mut near, mut far) = (a.client(&["general"]), b.client(&["general"]));
    let mut speaker = a.client(&[]);
    (0..100).for_each(|number| speaker.say("general", number));
    assert_eq!(far.hear_numbers(100), (0..100).collect::<Vec<_>>());

    redis.kill();
    [&a, &b].iter().for_each(|pod| pod.wait_for_link(|state| state != LinkState::Up));
    (100..200).for_each(|number| speaker.say("general", number));
    assert_eq!(near.hear_numbers(200), (0..200).collect::<Vec<_>>());

    redis.start_again();
    assert_eq!(far.hear_numbers(100), (100..200).collect::<Vec<_>>());
    (200..300).for_each(|number| speaker.say("general", number));
    assert_eq!(far.hear_numbers(100), (200..300).collect::<Vec<_>>());
    assert_eq!(near.hear_numbers(100), (200..300).collect::<Vec<_>>());
}

#[test]
fn who_came_in_before_redis_did_hears_the_other_pod_when_it_is_there() {
    let mut redis = Redis::start();
    redis.kill();
    let (a, b) = (Pod::start("a", &redis.url()), Pod::start("b", &redis.url()));
    let mut listener = b.client(&["general"]);
    let mut speaker = a.client(&[]);
    (0..50).for_each(|number| speaker.say("general", number));
    redis.start_again();
    assert_eq!(listener.hear_numbers(50), (0..50).collect::<Vec<_>>());
}
