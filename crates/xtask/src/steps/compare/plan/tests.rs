//! Every step asks the harness for what its columns show.

use super::*;

#[test]
fn a_quick_plan_asks_for_less_and_is_kept_apart() {
    for step in [Step::Idle, Step::MaxRooms, Step::Connect] {
        assert_ne!(Plan::Quick.arguments(step), Plan::Full.arguments(step));
    }
    assert_ne!(Plan::Quick.stem(), Plan::Full.stem());
    assert_eq!(Plan::Full.describe(Step::MaxRooms), "max 1000×10");
    assert_eq!(Plan::Quick.describe(Step::Idle), "2000 idle");
}

#[test]
fn arguments_are_single_words() {
    for plan in [Plan::Full, Plan::Quick] {
        let floors = [plan.floor_paced(), plan.floor_flat_out(Step::Max, 16)];
        for line in Step::ALL.map(|step| plan.arguments(step)).iter().chain(&floors) {
            assert!(line.iter().all(|word| !word.is_empty() && !word.contains(' ')), "{line:?}");
        }
    }
}

#[test]
fn no_column_is_filled_by_two_steps() {
    let mut columns: Vec<Column> =
        Step::ALL.iter().flat_map(|step| step.figures()).map(|(column, _)| *column).collect();
    let all = columns.len();

    columns.sort();
    columns.dedup();

    assert_eq!(columns.len(), all);
    // The one that no report holds is worked out from two.
    assert_eq!(all + 1, Column::ALL.len());
}
