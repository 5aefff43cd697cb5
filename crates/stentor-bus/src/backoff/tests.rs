use std::time::Duration;

use proptest::prelude::*;

use super::{FIRST, LONGEST, wait};

#[test]
fn waits_double_up_to_a_second() {
    let waits: Vec<u128> = (1..=7).map(|failures| wait(failures, 0).as_millis()).collect();
    assert_eq!(waits, [50, 100, 200, 400, 800, 1_000, 1_000]);
}

proptest! {
    #[test]
    fn a_wait_lies_between_half_and_the_whole(failures: u32, random: u64) {
        let whole = wait(failures, 0);
        let wait = wait(failures, random);
        prop_assert!(wait <= whole && wait * 2 >= whole);
        prop_assert!(wait <= LONGEST && wait >= FIRST / 2);
    }

    #[test]
    fn pods_do_not_come_back_together(random: u64) {
        let apart = wait(6, random).abs_diff(wait(6, random.wrapping_add(250_000)));
        prop_assert!(apart > Duration::from_millis(100));
    }
}
