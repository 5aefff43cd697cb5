use stentor_wire::room_name::RoomName;

use super::*;

fn room(name: &str) -> Audience {
    Some(RoomName::parse(name).expect("a name"))
}

#[test]
fn what_was_read_waits_for_its_own_number_on_its_own_channel() {
    let (mut echoes, now) = (Echoes::default(), Instant::default());
    let of = |sound_since| Arc::new(Kept { sound_since, ..Kept::default() });
    let first = echoes.handle_read(now, room("a"), of(1));
    let second = echoes.handle_read(now, room("b"), of(2));
    assert!(echoes.handle_echo(&room("a"), second).is_none());
    assert_eq!(echoes.handle_echo(&room("b"), second).map(|kept| kept.sound_since), Some(2));
    assert_eq!(echoes.handle_echo(&room("a"), first).map(|kept| kept.sound_since), Some(1));
    assert!(echoes.handle_echo(&room("a"), first).is_none());
}

#[test]
fn a_number_that_does_not_come_back_is_not_waited_for_for_ever() {
    let (mut echoes, now) = (Echoes::default(), Instant::default());
    let number = echoes.handle_read(now, room("a"), Arc::default());
    let due = echoes.poll_timeout().expect("it waits");
    assert_eq!(due, now + READ_TIMEOUT);
    assert_eq!(echoes.poll_overdue(now), None);
    assert_eq!(echoes.poll_overdue(due), Some(room("a")));
    assert!(echoes.handle_echo(&room("a"), number).is_none());
    assert_eq!(echoes.poll_timeout(), None);
}

#[test]
fn a_number_of_a_connection_that_is_gone_is_not_another_ones() {
    let (mut echoes, now) = (Echoes::default(), Instant::default());
    let before = echoes.handle_read(now, room("a"), Arc::default());
    echoes.handle_link_down();
    let behind = echoes.handle_read(now, room("a"), Arc::default());
    assert!(echoes.handle_echo(&room("a"), before).is_none());
    assert!(echoes.handle_echo(&room("a"), behind).is_some());
}
