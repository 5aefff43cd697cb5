use super::*;

#[test]
fn a_generator_that_slept_owes_every_message_at_its_own_time() {
    let mut schedule = Schedule::new(Moment(1_000), 1_000.0);

    let late = Moment(1_000 + 3_500_000);
    let due: Vec<_> = std::iter::from_fn(|| schedule.poll_due(late)).collect();

    assert_eq!(due, [1_000, 1_001_000, 2_001_000, 3_001_000].map(Moment));
    assert_eq!(schedule.next_due(), Moment(4_001_000));
}

#[test]
fn nothing_is_due_before_its_time() {
    let mut schedule = Schedule::new(Moment(5), 1.0);

    assert_eq!(schedule.poll_due(Moment(4)), None);
    assert_eq!(schedule.poll_due(Moment(5)), Some(Moment(5)));
    assert_eq!(schedule.poll_due(Moment(6)), None);
}

#[test]
fn the_rate_does_not_drift() {
    let mut schedule = Schedule::new(Moment(0), 30_000.0);

    let in_a_minute = std::iter::from_fn(|| schedule.poll_due(Moment(60_000_000_000 - 1))).count();

    assert_eq!(in_a_minute, 30_000 * 60);
}
