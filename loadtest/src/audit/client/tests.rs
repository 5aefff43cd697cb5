use super::*;

fn id(sequence: u32) -> MessageId {
    MessageId { talker: 0, sequence }
}

#[test]
fn what_was_not_acknowledged_is_said_again_in_order() {
    let mut talk = Talk::new(0, true);
    for due in 1..=3 {
        assert!(talk.say(Moment(due)));
        talk.handle_sent();
    }
    talk.handle_answer(id(2));
    assert_eq!(talk.next(), None);

    let mut client = Client::new(0, Some(talk));
    client.handle_end(Moment(9), 1, 0.5);

    let talk = client.talk.as_mut().unwrap();
    assert_eq!(talk.next(), Some(Said { id: id(1), due: Moment(1) }));
    talk.handle_sent();
    assert_eq!(talk.next(), Some(Said { id: id(3), due: Moment(3) }));
    talk.handle_answer(id(1));
    talk.handle_sent();
    talk.handle_answer(id(3));
    assert!(talk.is_done());
}

#[test]
fn a_full_queue_takes_no_more() {
    let mut talk = Talk::new(0, true);
    for _ in 0..QUEUE_MAX {
        assert!(talk.say(Moment(1)));
    }

    assert!(!talk.say(Moment(1)));
}

#[test]
fn without_acknowledgements_nothing_is_kept() {
    let mut talk = Talk::new(0, false);
    talk.say(Moment(1));
    talk.handle_sent();

    assert!(talk.is_done());
}

#[test]
fn the_wait_grows_to_a_bound_and_the_address_changes() {
    let mut client = Client::new(0, None);
    let waits: Vec<_> = (0..8).map(|_| client.handle_end(Moment(0), 3, 1.0).as_millis()).collect();

    assert_eq!(waits, [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    assert_eq!(client.target, 8 % 3);
}

#[test]
fn a_client_that_stayed_returns_soon_to_the_same_address() {
    let mut client = Client::new(1, None);
    client.handle_end(Moment(0), 2, 1.0);
    client.state = State::Open(Moment(0));

    let wait = client.handle_end(Moment(0).after(BACKOFF_MAX), 2, 1.0);

    assert_eq!((wait, client.target), (BACKOFF_FIRST, 0));
}
