use std::time::Duration;

use super::*;

#[test]
fn the_servers_time_goes_on_and_its_last_word_counts() {
    let mut clock = ServerClock::default();
    let start = Instant::now();
    assert!(clock.unix_millis(start) > 1_700_000_000_000, "this machine's");
    clock.note(start, "2026-02-05T00:00:00.000Z");
    assert_eq!(clock.unix_millis(start), 1_770_249_600_000);
    assert_eq!(clock.unix_millis(start + Duration::from_millis(1_500)), 1_770_249_601_500);
    clock.note(start + Duration::from_secs(9), "2026-02-05T00:00:08.000Z");
    assert_eq!(clock.unix_millis(start + Duration::from_secs(10)), 1_770_249_609_000);
}

#[test]
fn what_is_no_time_changes_nothing() {
    let mut clock = ServerClock::default();
    let start = Instant::now();
    clock.note(start, "2026-02-05T00:00:00.000Z");
    clock.note(start, "yesterday");
    assert_eq!(clock.unix_millis(start), 1_770_249_600_000);
}
