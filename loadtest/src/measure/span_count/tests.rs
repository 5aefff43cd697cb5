use super::*;

#[test]
fn what_falls_between_the_last_two_marks_is_measured() {
    let mut count = SpanCount::default();
    for more in [1, 2, 4, 8] {
        count.add(more);
        count.mark();
    }
    count.add(16);

    assert_eq!(count.total(), 31);
    assert_eq!(count.measured(), 8);
}

#[test]
fn nothing_is_measured_before_a_mark() {
    let mut count = SpanCount::default();
    count.add(1);

    assert_eq!(count.measured(), 0);
}
