use super::*;

const BOUND: Bound = Bound { names_max: 10, hearers: 100, span: Duration::from_millis(2_500) };

fn told(counts: u64, names: u64) -> Told {
    Told { counts, names, ..Told::default() }
}

#[test]
fn a_number_a_second_and_the_names_of_few_are_within_the_bound() {
    assert!(BOUND.excess(&told(500, 200)).is_empty());
}

#[test]
fn one_frame_more_is_a_fault() {
    assert_eq!(
        BOUND.excess(&told(501, 0)),
        ["501 frames with a number, and at most 500 are allowed"]
    );
    assert_eq!(
        BOUND.excess(&told(0, 201)),
        ["201 frames about one person, and at most 200 are allowed"]
    );
}
