use uuid::Builder;

use super::*;

const STAMP: u64 = 1_770_249_600_000;

fn made_at(unix_millis: u64) -> Uuid {
    Builder::from_unix_timestamp_millis(unix_millis, &[7; 10]).into_uuid()
}

#[test]
fn an_id_with_a_time_tells_how_early_its_first_copy_can_have_been() {
    assert_eq!(first_copy_age(made_at(STAMP), STAMP), Duration::ZERO);
    assert_eq!(first_copy_age(made_at(STAMP - 2_500), STAMP), Duration::from_millis(2_500));
    assert_eq!(first_copy_age(made_at(STAMP - 3_600_000), STAMP), AGE_MAX);
}

#[test]
fn an_id_that_tells_no_time_or_one_that_cannot_be_is_taken_at_its_word() {
    for id in [Uuid::nil(), Uuid::max(), Builder::from_random_bytes([9; 16]).into_uuid()] {
        assert_eq!(first_copy_age(id, STAMP), Duration::ZERO, "{id}");
    }
    for wrong in [0, STAMP - 3_600_001, STAMP + 1, STAMP + 99_000] {
        assert_eq!(first_copy_age(made_at(wrong), STAMP), Duration::ZERO, "{wrong}");
    }
}
