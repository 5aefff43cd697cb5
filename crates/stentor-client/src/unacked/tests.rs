use super::*;

fn publish(number: u128, bytes: usize) -> Publish {
    Publish { id: Uuid::from_u128(number), text: "x".repeat(bytes) }
}

/// The numbers of what is said now.
fn said(unacked: &mut Unacked) -> Vec<u128> {
    let next = || {
        let id = unacked.next()?.id;
        unacked.note_said();
        Some(id.as_u128())
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn what_is_not_acknowledged_is_said_again_in_its_order() {
    let mut unacked = Unacked::default();
    (1..=4).for_each(|number| unacked.push(publish(number, 1)).unwrap());
    assert_eq!(said(&mut unacked), [1, 2, 3, 4]);
    assert!(unacked.settle(Uuid::from_u128(2)) && !unacked.settle(Uuid::from_u128(9)));
    unacked.push(publish(5, 1)).unwrap();
    assert_eq!(said(&mut unacked), [5], "the others are under way");
    unacked.begin_again();
    assert_eq!(said(&mut unacked), [1, 3, 4, 5]);
    assert_eq!(unacked.len(), 4);
}

#[test]
fn the_queue_is_bounded_in_messages_and_bytes() {
    let mut unacked = Unacked::default();
    for number in 0..UNACKED_MAX as u128 {
        unacked.push(publish(number, 1)).unwrap();
    }
    assert_eq!(unacked.push(publish(1_000, 1)), Err(PublishError::QueueFull));
    assert!(unacked.settle(Uuid::from_u128(0)));
    unacked.push(publish(1_000, 1)).unwrap();
    let mut unacked = Unacked::default();
    unacked.push(publish(1, UNACKED_BYTES_MAX)).unwrap();
    assert_eq!(unacked.push(publish(2, 1)), Err(PublishError::QueueFull));
}
