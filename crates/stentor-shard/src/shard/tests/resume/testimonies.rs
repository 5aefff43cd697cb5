//! Resumes of clients that were on a pod which was deaf, or whose messages were held up.

use std::sync::Arc;

use stentor_wire::presence::Tale;
use stentor_wire::testimony::Testimony;

use super::*;

/// What `resume` and the replay are behind the last message, which was said just now: 1 was said six
/// seconds before, 2 four.
fn heard_behind_the_last(world: &mut World) -> (bool, Vec<String>) {
    world.disconnect(1);
    world.come_back(1, &["a"], id_of(world, 0, "3"));
    world.turn();
    (resume(world, 1)["recovered"] == true, replayed(world, 1))
}

fn spaced_world() -> World {
    let mut world = shared_world_with(|kept| kept.ttl = Duration::from_secs(3_600));
    world.pass(Duration::from_secs(4));
    speak(&mut world, 4..5);
    world
}

/// 1. Another pod is deaf, and its members go on to talk, which comes here.
/// 2. One of them comes here behind that, and has not heard what was said here for five seconds.
#[test]
fn who_was_on_a_pod_that_was_deaf_is_told_everything_since_it_was() {
    for (silent_for, expected) in [(0, vec![]), (5, vec!["2", "3"]), (60, vec!["1", "2", "3"])] {
        let mut world = spaced_world();
        let at = world.now().unix_millis;
        let testimony = Testimony { at, until: at - 1_000 * silent_for, is_last: false };
        let tale = Tale::Heard(testimony);
        world.shard.handle_tale(world.now(), Some(&Arc::from("b")), None, &tale);
        world.disconnect(1);
        world.come_back(1, &["a"], id_of(&world, 0, "4"));
        world.turn();
        let is_recovered = silent_for < 10;
        assert_eq!(resume(&world, 1)["recovered"], is_recovered, "{silent_for}");
        let all = if is_recovered { expected } else { vec!["1", "2", "3", "4"] };
        let replayed = replayed(&world, 1);
        assert!(replayed.iter().filter(|text| *text != "0").eq(&all), "{replayed:?} {all:?}");
    }
}

#[test]
fn what_this_pod_said_and_redis_has_not_ends_every_promise_over_that_moment() {
    let mut world = shared_world();
    assert!(heard_behind_the_last(&mut world).0);
    let mut world = shared_world();
    world.shard.handle_delay(world.now());
    assert!(!heard_behind_the_last(&mut world).0);
}

#[test]
fn what_this_pod_said_since_its_link_was_proven_is_told_again() {
    let mut world = shared_world();
    let until = world.now().unix_millis - 1_500;
    world.shard.handle_proof(world.now(), until);
    assert_eq!(heard_behind_the_last(&mut world), (true, vec!["1".to_owned(), "2".to_owned()]));
}
