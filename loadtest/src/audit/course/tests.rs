use super::*;

#[test]
fn a_latency_counts_where_its_message_was_due() {
    let begin = Moment(1_000);
    let mut course = Course::new(begin, Duration::from_secs(1)).unwrap();
    let due = begin.after(Duration::from_millis(300));
    course.handle_delivery(due, due.after(Duration::from_millis(500)));
    course.handle_delivery(begin.after(Duration::from_secs(2)), begin);

    let chart = course.chart(Vec::new());

    for line in &chart.lines {
        assert_eq!(line.points.len(), 1, "{line:?}");
        let (at, latency) = line.points[0];
        assert!((at - 0.375).abs() < 1e-9 && (latency - 500.0).abs() < 5.0, "{line:?}");
    }
}

#[test]
fn a_long_run_has_a_bounded_number_of_slots() {
    let course = Course::new(Moment(0), Duration::from_hours(24)).unwrap();

    assert_eq!(course.slots.len(), SLOTS_MAX as usize);
}
