use proptest::prelude::*;

use super::*;

fn reference(digits: u8) -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX, digits).unwrap()
}

proptest! {
    #[test]
    fn the_histogram_is_the_one_that_had_counted_each(
        latencies in prop::collection::vec((0..38_u32, any::<u64>()), 0..200),
    ) {
        let (mut fine, mut coarse) = (FineBins::new(), CoarseBins::new());
        let (mut three, mut two) = (reference(3), reference(2));

        for latency in latencies.iter().map(|(bits, any)| any >> (63 - bits)) {
            fine.record(latency);
            coarse.record(latency);
            // A histogram may have room for a little more than it was asked for.
            three.saturating_record(latency.min(LATENCY_MAX));
            two.saturating_record(latency.min(LATENCY_MAX));
        }

        prop_assert_eq!(fine.histogram().unwrap(), three);
        prop_assert_eq!(coarse.histogram().unwrap(), two);
        prop_assert_eq!(fine.len(), latencies.len() as u64);
    }
}

#[test]
fn two_that_are_added_have_counted_all_and_one_that_is_reset_nothing() {
    let (mut one, mut other) = (FineBins::new(), FineBins::new());
    one.record(5);
    other.record(5);
    other.record(u64::MAX);

    one.add(&other);

    assert_eq!((one.len(), one.histogram().unwrap().len()), (3, 3));
    one.reset();
    assert!(one.histogram().unwrap().is_empty());
}
