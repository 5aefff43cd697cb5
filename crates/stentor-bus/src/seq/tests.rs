use proptest::prelude::*;

use super::Seq;

#[test]
fn a_new_epoch_is_later_and_its_step_is_no_loss() {
    let before = Seq::first_of(3).plus(500);
    let after = Seq::first_of(4);
    assert!(after > before);
    assert_eq!(after.steps_since(before), 1);
    assert_eq!(after.plus(4).steps_since(before), 5);
}

#[test]
fn the_last_number_is_held() {
    assert_eq!(Seq::MAX.plus(1), Seq::MAX);
    assert_eq!(Seq::first_of(u32::MAX).epoch(), 0x1f_ffff);
    assert_eq!(Seq::new(Seq::MAX.value() + 1), None);
}

#[test]
fn before_the_first_of_an_epoch_stands_a_number_of_its_own() {
    let first = Seq::first_of(3);
    assert!(first.minus(1).is_before_first() && !first.is_before_first());
    assert_eq!(first.plus(4).minus(2), first.plus(2));
    assert_eq!(first.plus(4).minus(9), first.minus(1), "held in its epoch");
    assert_eq!(first.plus(4).steps_since(first.minus(1)), 5);
    assert_eq!(Seq::first_of(0).minus(1).value(), 0);
}

proptest! {
    #[test]
    fn digits_are_read_back(value in 0..=Seq::MAX.value()) {
        let seq = Seq::new(value).unwrap();
        let mut digits = [0; Seq::DIGITS_MAX];
        let text = seq.digits(&mut digits);
        prop_assert_eq!(std::str::from_utf8(text).unwrap(), value.to_string());
        prop_assert_eq!(Seq::read(text), Some((seq, &b""[..])));
    }

    #[test]
    fn steps_are_the_difference_within_an_epoch(epoch in 0_u32..9, a in 0_u64..9_999, b in 0_u64..9_999) {
        let first = Seq::first_of(epoch);
        prop_assert_eq!(first.plus(a).steps_since(first.plus(b)), a.saturating_sub(b));
    }
}
