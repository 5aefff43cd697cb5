use proptest::prelude::*;

use super::{Timestamp, UNIX_MILLIS_MAX};

#[test]
fn the_text_is_rfc_3339_in_utc_with_milliseconds() {
    assert_eq!(Timestamp::from_unix_millis(0).as_str(), "1970-01-01T00:00:00.000Z");
    let leap_day = Timestamp::from_unix_millis(1_709_210_096_007);
    assert_eq!(leap_day.as_str(), "2024-02-29T12:34:56.007Z");
}

#[test]
fn a_moment_past_the_year_9999_is_held_at_its_end() {
    let last = Timestamp::from_unix_millis(u64::MAX);
    assert_eq!(last.as_str(), "9999-12-31T23:59:59.999Z");
    assert_eq!(last.unix_millis(), UNIX_MILLIS_MAX);
}

#[test]
fn a_text_with_an_offset_is_read_as_utc() {
    let moment = Timestamp::parse_rfc3339("2026-02-05T01:30:00.1239+01:30").unwrap();
    assert_eq!(moment.as_str(), "2026-02-05T00:00:00.123Z");
}

#[test]
fn no_date_and_a_date_before_1970_are_no_timestamp() {
    for text in ["", "yesterday", "2026-02-05", "1969-12-31T23:59:59Z", "2026-13-01T00:00:00Z"] {
        assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn the_text_is_the_one_that_chrono_writes(unix_millis in 0..=UNIX_MILLIS_MAX) {
        let moment = chrono::DateTime::from_timestamp_millis(unix_millis as i64).unwrap();
        let expected = moment.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        prop_assert_eq!(Timestamp::from_unix_millis(unix_millis).to_string(), expected);
    }

    #[test]
    fn a_timestamp_is_read_back_from_its_text(unix_millis in 0..=UNIX_MILLIS_MAX) {
        let moment = Timestamp::from_unix_millis(unix_millis);
        prop_assert_eq!(Timestamp::parse_rfc3339(moment.as_str()), Some(moment));
    }
}
