use super::*;

#[test]
fn the_time_in_the_queue_is_the_second_figure() {
    assert_eq!(parse_waited("12 3392249 1\n"), Some(Duration::from_nanos(3_392_249)));
    assert_eq!(parse_waited("12\n"), None);
    assert_eq!(parse_waited("12 x 1\n"), None);
}

#[test]
fn work_is_a_delay_and_counts_once() {
    let mut own = OwnDelay::begin();
    let mut number = 1_u64;
    let begin = worked();
    while worked() - begin < Duration::from_millis(5) {
        number = std::hint::black_box(number.wrapping_mul(3));
    }

    let first = own.since_last_look();

    assert!(first >= Duration::from_millis(5), "{first:?}");
    // All that has been counted is not in the next one: the sum is that of the thread's life.
    assert!(own.worked >= first - own.waited, "{own:?}");
}
