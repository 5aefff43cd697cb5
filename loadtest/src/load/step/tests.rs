use super::*;
use crate::verdict::hall;

fn figures(delivered: u64, payload_bytes: u64) -> StepFigures {
    let mut latency = hall::latency_histogram().unwrap();
    latency.saturating_record_n(1_000, delivered);
    StepFigures {
        sent: 10,
        unsent: 0,
        expected: delivered,
        tally: Tally { delivered, ..Tally::default() },
        losses: Losses::default(),
        named: Vec::new(),
        payload_bytes,
        errors: 0,
        strange: 0,
        strange_shown: Vec::new(),
        ends: Vec::new(),
        delivered_measured: delivered,
        measured: Duration::from_secs(1),
        latency,
        server_cpu: None,
        generator_share: 0.2,
        cut_short: false,
    }
}

#[test]
fn two_processes_add_up_to_one() {
    let mut sum = figures(100, 300);
    sum.server_cpu = Some(Duration::from_millis(4));
    let other = StepFigures { generator_share: 0.7, ..figures(300, 340) };

    sum.add(other).unwrap();

    assert_eq!((sum.sent, sum.expected, sum.tally.delivered), (20, 400, 400));
    assert_eq!((sum.payload_bytes, sum.latency.len()), (330, 400));
    assert_eq!(sum.server_cpu_each(), Some(Duration::from_micros(10)));
    assert_eq!(sum.generator_share, 0.7);
    assert!(sum.is_clean());
}

#[test]
fn a_fault_of_any_process_is_a_fault_of_all_and_keeps_its_name() {
    let mut sum = figures(100, 300);
    let mut other = figures(100, 300);
    other.losses = Losses { count: 1, named: vec!["a message never came".to_owned()] };
    other.tally.duplicated = 2;
    other.named = vec!["another came twice".to_owned()];
    other.ends = vec![(7, End::Closed(1_013))];

    sum.add(other).unwrap();

    assert!(!sum.is_clean());
    assert_eq!((sum.losses.count, sum.tally.duplicated), (1, 2));
    assert_eq!((sum.losses.named.len(), sum.named.len()), (1, 1));
    assert_eq!(sum.ends, [(7, End::Closed(1_013))]);
}

#[test]
fn figures_come_out_of_their_text_as_they_went_in() {
    let mut figures = figures(100, 300);
    figures.ends = vec![(1, End::Left), (2, End::Cut("reset".to_owned()))];

    let text = serde_json::to_string(&figures).unwrap();
    let read: StepFigures = serde_json::from_str(&text).unwrap();

    assert_eq!(format!("{read:?}"), format!("{figures:?}"));
}
