use stentor_wire::close::CloseCode;

use super::*;

#[test]
fn a_closed_member_gets_what_was_said_before_and_the_close_last() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &["a", "b"]);
    for room in ["a", "b", ""] {
        world.say(0, room, room);
    }
    world.shard.handle_close(MemberId(1), CloseCode::GoingAway);
    world.say(0, "a", "after");
    world.say(0, "", "after");
    world.turn();
    assert_eq!(world.heard(1), ["", "a", "b", "close 1001"]);
    assert_eq!(world.writes(1), 1);
    assert_eq!(world.finished, [MemberId(1)]);
    assert_eq!(world.shard.members_open(), 1);
    assert_eq!(world.shard.rooms_open(), 1);
}

#[test]
fn a_second_close_changes_nothing() {
    let mut world = World::new();
    world.connect(0, &[]);
    world.shard.handle_close(MemberId(0), CloseCode::Forbidden);
    world.shard.handle_close(MemberId(0), CloseCode::GoingAway);
    world.shard.handle_peer_close(MemberId(0), Some(1000));
    world.turn();
    world.shard.handle_close(MemberId(0), CloseCode::GoingAway);
    world.turn();
    assert_eq!(world.heard(0), ["close 4403"]);
    assert_eq!(world.finished, [MemberId(0)]);
    assert_eq!(world.shard.handle_disconnect(MemberId(0)), Some(CloseCode::Forbidden));
    assert_eq!(world.shard.handle_disconnect(MemberId(0)), None);
    assert_eq!(world.shard.members_open(), 0);
}

/// 1. A member asks to join a room.
/// 2. Before the pod has counted the room's members, the member is closed.
/// 3. The answer to its `join` came after its close frame, and it finished twice.
#[test]
fn nothing_follows_a_close_frame() {
    let mut world = World::new();
    world.connect_with(0, &[], ACKS);
    world.connect(1, &["a"]);
    world.join(0, "a");
    world.shard.handle_close(MemberId(0), CloseCode::GoingAway);
    for _ in 0..2 {
        world.shard.handle_joined(world.now(), MemberId(0), &name("a"), 2);
        world.shard.handle_ping(MemberId(0), b"");
        world.join(0, "a");
        world.say(0, "a", "too late");
        world.say(1, "a", "hi");
        world.turn();
    }
    assert_eq!(world.heard(0), ["close 1001"]);
    assert_eq!(world.finished, [MemberId(0)]);
    assert_eq!(world.heard(1), ["hi", "hi"]);
}

#[test]
fn a_member_finishes_only_when_its_socket_took_the_close_frame() {
    let mut world = World::new();
    world.connect(0, &[]);
    world.limit(0, 3);
    world.shard.handle_close(MemberId(0), CloseCode::Normal);
    world.turn();
    assert!(world.finished.is_empty());
    world.unblock(0, usize::MAX);
    world.turn();
    assert_eq!(world.finished, [MemberId(0)]);
}

#[test]
fn the_close_of_a_peer_is_answered_with_its_own_code() {
    let mut world = World::new();
    for (member, code) in [(0, Some(1000)), (1, Some(1001)), (2, Some(4999)), (3, None)] {
        world.connect(member, &[]);
        world.shard.handle_peer_close(MemberId(member), code);
        world.turn();
        assert_eq!(world.heard(member), [format!("close {}", code.unwrap_or(1000))]);
    }
    assert_eq!(world.shard.handle_disconnect(MemberId(1)), Some(CloseCode::GoingAway));
    assert_eq!(world.shard.handle_disconnect(MemberId(2)), Some(CloseCode::Normal));
}

/// 1. A member's close frame goes out.
/// 2. Its socket turns out to be broken, and it is forgotten.
/// 3. Its number goes to a new connection.
/// 4. The driver asked who had finished, and closed the new one.
#[test]
fn a_reused_number_does_not_inherit_that_its_last_owner_finished() {
    let mut world = World::new();
    world.connect(0, &[]);
    world.shard.handle_close(MemberId(0), CloseCode::GoingAway);
    let now = world.now();
    world.shard.flush(now, &mut world.sockets);
    world.disconnect(0);
    world.connect(0, &["a"]);
    assert_eq!(world.shard.poll_finished(), None);
    world.say(0, "a", "hi");
    world.turn();
    assert_eq!(world.heard(0), ["hi"]);
}

#[test]
fn a_reused_number_inherits_nothing_that_waited() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &["a"]);
    world.limit(0, 0);
    world.say(1, "a", "0");
    world.turn();
    world.shard.handle_ping(MemberId(0), b"");
    world.say(1, "a", "1");
    world.disconnect(0);
    world.connect_with(0, &["a"], MUTED);
    world.say(1, "a", "2");
    world.say(0, "a", "3");
    world.turn();
    assert_eq!(world.heard(0), ["2"]);
    assert_eq!(world.heard(1), ["0", "1", "2", "3"]);
}

#[test]
fn calls_for_a_member_that_is_gone_change_nothing() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    let gone = MemberId(7);
    world.shard.handle_heard(world.now(), gone);
    world.shard.handle_ping(gone, b"");
    world.shard.handle_writable(gone);
    world.shard.handle_close(gone, CloseCode::Normal);
    world.shard.handle_draft(world.now(), gone, &draft(MessageType::Join, "a"));
    world.shard.handle_draft(world.now(), gone, &draft(MessageType::Chat, "a"));
    assert_eq!(world.shard.handle_disconnect(gone), None);
    world.turn();
    assert_eq!(world.heard(0), [""; 0]);
    assert_eq!(world.shard.members_open(), 1);
}
