use super::*;

fn at(millis: u64) -> Now {
    Now { instant: Instant::from_micros(millis * 1_000), unix_millis: millis }
}

/// A message that was stamped so many milliseconds after 1970.
fn message(millis: u64) -> String {
    format!(r#"{{"id":"x","timestamp":"1970-01-01T00:00:00.{millis:03}Z"}}"#)
}

#[test]
fn what_is_published_at_once_is_no_delay() {
    let mut delays = Delays::default();
    delays.handle_taken(at(500), message(100).as_bytes());
    assert!(!delays.poll(at(500).instant, None));
    assert!(!delays.poll(at(500).instant, Some(at(101).instant)));
    assert_eq!(delays.poll_timeout(Some(at(101).instant)), Some(at(501).instant));
}

#[test]
fn what_waits_for_redis_is_told_again_until_it_is_out() {
    let mut delays = Delays::default();
    let waits = Some(at(100).instant);
    let told = (400..800).filter(|millis| delays.poll(at(*millis).instant, waits));
    assert_eq!(told.collect::<Vec<_>>(), [500, 600, 700]);
    assert!(!delays.poll(at(800).instant, None));
}

/// 1. The bus thread stood still, and what was said meanwhile lay in its queue.
/// 2. It takes and publishes all of that at once, and nothing waits any more.
#[test]
fn what_came_late_to_the_bus_is_told_though_nothing_waits_by_then() {
    let mut delays = Delays::default();
    delays.handle_taken(at(501), message(100).as_bytes());
    assert!(delays.poll(at(501).instant, None));
    assert!(!delays.poll(at(700).instant, None));
}

#[test]
fn what_has_no_stamp_is_no_delay() {
    let mut delays = Delays::default();
    for message in ["", "{}", r#""timestamp":"yesterday"}"#] {
        delays.handle_taken(at(10_000), message.as_bytes());
        assert!(!delays.poll(at(10_000).instant, None), "{message}");
    }
}
