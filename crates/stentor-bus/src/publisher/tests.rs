use bytes::Bytes;

use super::{Overflow, QUEUE_BYTES_MAX, QUEUE_MESSAGES_MAX, queue};

#[test]
fn a_full_queue_takes_nothing_and_counts_it() {
    let (publisher, outgoings) = queue();
    for _ in 0..QUEUE_MESSAGES_MAX {
        assert_eq!(publisher.try_publish(None, Bytes::from_static(b"x")), Ok(()));
    }
    assert!(outgoings.take_overflow().is_empty());
    assert_eq!(publisher.try_publish(None, Bytes::from_static(b"x")), Err(Overflow));
    assert_eq!(publisher.try_publish(None, Bytes::from_static(b"x")), Err(Overflow));
    assert_eq!(outgoings.take_overflow()[&None], 2);
    assert!(outgoings.take_overflow().is_empty());
}

#[tokio::test]
async fn bytes_are_bounded_and_given_back() {
    let (publisher, mut outgoings) = queue();
    let large = Bytes::from(vec![0; QUEUE_BYTES_MAX / 2]);
    for _ in 0..2 {
        assert_eq!(publisher.try_publish(None, large.clone()), Ok(()));
    }
    assert_eq!(publisher.try_publish(None, Bytes::from_static(b"x")), Err(Overflow));
    let mut out = Vec::new();
    assert_eq!(outgoings.recv_many(&mut out, 10).await, 2);
    assert_eq!(publisher.try_publish(None, large), Ok(()));
}
