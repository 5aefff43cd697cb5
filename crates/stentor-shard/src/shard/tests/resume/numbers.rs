//! Numbers of rooms and messages that begin anew while somebody catches up.

use super::*;

#[test]
fn a_room_that_gets_the_number_of_the_one_before_is_heard_from_its_first_message_on() {
    // 1. A client comes back behind the third message of a room, and reads nothing for long.
    // 2. It leaves the room. What that kept gets too old, and no other room is known: numbers of
    //    rooms, and of their messages, begin anew.
    // 3. It joins another room, which gets the number of the first, and something is said there.
    let mut world = world();
    speak(&mut world, 1..200);
    world.come_back(2, &["a"], id_of(&world, 0, "2"));
    world.limit(2, 0);
    world.turn();
    for member in [0, 1] {
        world.disconnect(member);
    }
    world.leave(2, "a");
    world.turn();
    for _ in 0..2 {
        world.pass(Duration::from_secs(31));
        world.shard.handle_heard(world.now(), MemberId(2));
    }
    assert_eq!(world.shard.kept(), (0, 0));
    world.join(2, "b");
    world.connect(0, &["b"]);
    world.say(0, "b", "first");
    world.turn();
    world.unblock(2, usize::MAX);
    world.turn();
    assert_eq!(world.heard(2).last().map(String::as_str), Some("first"), "{:?}", world.heard(2));
}
