use super::*;

/// The first messages of a schedule, each with the talker whose turn it is.
fn messages(turns: &mut Turns, count: usize) -> Vec<(u64, usize)> {
    std::iter::from_fn(|| Some((turns.next_message()?, turns.take()?))).take(count).collect()
}

#[test]
fn one_process_has_every_turn() {
    let mut turns = Turns::new(Box::from([0, 1, 2]), 3);
    turns.begin(0);

    assert_eq!(messages(&mut turns, 5), [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1)]);
}

#[test]
fn several_processes_have_each_message_once() {
    for first in [0, 1, 4, 5, 17] {
        let mut one = Turns::new(Box::from([0, 3]), 5);
        let mut other = Turns::new(Box::from([1, 2, 4]), 5);
        one.begin(first);
        other.begin(first);

        let mut all: Vec<u64> = messages(&mut one, 8).iter().map(|(message, _)| *message).collect();
        all.extend(messages(&mut other, 12).iter().map(|(message, _)| *message));
        all.sort_unstable();
        assert_eq!(all, (0..20).collect::<Vec<u64>>(), "from turn {first}");
    }
}

#[test]
fn a_process_without_talkers_has_no_turn() {
    let mut turns = Turns::new(Box::from([]), 5);
    turns.begin(3);

    assert_eq!((turns.next_message(), turns.take()), (None, None));
}
