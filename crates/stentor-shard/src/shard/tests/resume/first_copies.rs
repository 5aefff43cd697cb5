//! Resumes behind a message that may be the resend of one that was heard elsewhere.

use super::*;

/// Says something under this id, and returns what `resume` and the replay are behind it.
fn heard_behind(world: &mut World, id: Uuid) -> (bool, Vec<String>) {
    world.say_as(0, "a", "last", Some(id));
    world.turn();
    world.disconnect(1);
    world.come_back(1, &["a"], id);
    world.turn();
    (resume(world, 1)["recovered"] == true, replayed(world, 1))
}

#[test]
fn behind_what_may_be_a_resend_is_told_what_was_said_since_its_first_copy() {
    // `1` was said 4 seconds after the start, `2` and `3` after 6.
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let heard = |ago| {
        let mut world = shared_world();
        world.pass(Duration::from_secs(10));
        let id = made(&world, ago);
        heard_behind(&mut world, id)
    };
    assert_eq!(heard(Duration::ZERO), (true, texts(&[])));
    assert_eq!(heard(Duration::from_millis(9_500)), (true, texts(&["2", "3"])));
    // Before the room was heard nobody here knows what was said.
    assert!(!heard(Duration::from_millis(15_500)).0);
    // An id without a time is taken at its word.
    let mut world = shared_world();
    world.pass(Duration::from_secs(10));
    assert_eq!(heard_behind(&mut world, Uuid::max()), (true, texts(&[])));
}

#[test]
fn behind_what_may_have_been_said_to_the_pods_earlier_life_nothing_is_promised() {
    // A pod alone knows a resend of what was said to itself, so this is none.
    let heard = |passed, id: fn(&World) -> Uuid| {
        let mut world = world();
        world.pass(Duration::from_secs(passed));
        let id = id(&world);
        heard_behind(&mut world, id)
    };
    assert_eq!(heard(3, |world| made(world, Duration::from_secs(2))), (true, Vec::new()));
    assert!(!heard(3, |world| made(world, Duration::from_secs(20))).0);
    assert_eq!(heard(3, |_| Uuid::max()), (true, Vec::new()));
}
