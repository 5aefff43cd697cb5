use super::*;

const START: u64 = 1_770_249_600_000;

/// So many seconds after the start, with a calendar that is so many ahead.
fn at(seconds: u64, ahead: u64) -> Now {
    let instant = Instant::from_micros(seconds * 1_000_000);
    Now { instant, unix_millis: START + (seconds + ahead) * 1_000 }
}

fn misleads(calendar: &Calendar, second: u64) -> bool {
    calendar.may_mislead(at(40, 0), START + second * 1_000)
}

#[test]
fn a_calendar_that_was_never_set_misleads_nobody() {
    let calendar = Calendar::of(at(10, 0));
    assert!([0, 5, 10, 40, 50].iter().all(|second| !misleads(&calendar, *second)));
}

/// 1. A pod's calendar is ten seconds ahead, and is set back a little later.
/// 2. A client comes back behind an id of the time between, which seems to be of later.
#[test]
fn a_time_that_a_calendar_may_have_said_before_it_was_set_misleads() {
    let mut calendar = Calendar::of(at(10, 0));
    calendar.note(at(12, 10));
    calendar.note(at(14, 0));
    assert!(misleads(&calendar, 5), "of before it began, and nobody knows by which calendar");
    assert!(misleads(&calendar, 23));
    assert!(!misleads(&calendar, 24));
}
