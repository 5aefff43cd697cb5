use super::*;

#[test]
fn what_was_due_before_a_turn_counts_for_the_stage_before_it() {
    let mut stages = Stages::new(2).unwrap();
    stages.turn_to(Moment(100), 1);
    stages.turn_to(Moment(200), 0);

    // It comes late, when the stage is another one already.
    for (due, latency) in [(99, 1_000), (100, 1), (199, 2), (200, 3)] {
        stages.record(Moment(due), latency);
    }

    assert_eq!((stages.of(0).len(), stages.of(0).max()), (2, 1_000));
    assert_eq!((stages.of(1).len(), stages.of(1).max()), (2, 2));
}

#[test]
fn a_stage_that_nothing_was_in_is_empty() {
    let mut stages = Stages::new(3).unwrap();
    stages.turn_to(Moment(1), 2);
    stages.turn_to(Moment(1), 7);
    stages.record(Moment(5), 1);

    assert!(stages.of(0).is_empty() && stages.of(1).is_empty());
    assert_eq!(stages.of(2).len(), 1);
}
