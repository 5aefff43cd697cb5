use super::*;
use crate::verdict::hall;

const BOUND: Duration = Duration::from_millis(100);

fn judge(latencies_ms: &[u64], quantile: f64, late_ms: u64) -> Verdict {
    let mut latency = hall::latency_histogram().unwrap();
    latencies_ms.iter().for_each(|ms| latency.record(ms * 1_000_000).unwrap());
    Verdict::of(&latency, quantile, BOUND, late_ms * 1_000_000)
}

#[test]
fn under_the_bound_is_held_and_at_it_is_not() {
    assert_eq!(judge(&[1, 99], 1.0, 0), Verdict::Held);
    assert!(matches!(judge(&[1, 100], 1.0, 0), Verdict::Broken(_)));
    assert_eq!(judge(&[], 1.0, 0), Verdict::NotTried);
}

#[test]
fn one_in_a_hundred_is_in_the_max_and_not_in_the_p99() {
    let mut latencies = vec![1; 199];
    latencies.push(500);

    assert_eq!(judge(&latencies, 0.99, 0), Verdict::Held);
    assert!(matches!(judge(&latencies, 1.0, 0), Verdict::Broken(_)));
}

#[test]
fn what_the_generator_added_is_not_blamed_on_the_server_and_is_a_fault_all_the_same() {
    let late = judge(&[150], 1.0, 60);
    let broken = judge(&[170], 1.0, 60);

    assert!(matches!(late, Verdict::GeneratorLate { .. }), "{late:?}");
    assert!(matches!(broken, Verdict::Broken(_)), "{broken:?}");
    let words = late.in_words("new handshakes", "they connect", "max").unwrap();
    assert!(words.contains("THE GENERATOR WAS THE LIMIT"), "{words}");
    assert_eq!(Verdict::Held.in_words("", "", ""), None);
    assert!(Verdict::NotTried.in_words("new handshakes", "calm", "max").is_some());
}
