use super::*;
use crate::load::seating::Seating;

const SEATING: Seating = Seating { rooms: 1, members: 1, talkers: 1, rooms_per_connection: 1 };

fn hall(run: RunId) -> Hall {
    Hall::of_share(SeatMap::deal(SEATING), &Share::whole(1), run)
}

fn delivery(run: RunId, sequence: u32, due: u64) -> Vec<u8> {
    let stamp = Stamp { run, talker: 0, sequence, due: Moment(due) }.encode();
    let digits = std::str::from_utf8(&stamp).unwrap();
    format!(r#"{{"id":"x","type":"chat","data":{{"content":"{digits}yy"}}}}"#).into_bytes()
}

#[test]
fn latency_counts_from_when_a_message_was_due_and_only_inside_the_window() {
    let run = RunId::new(1);
    let mut hall = hall(run);
    (hall.window_from, hall.window_to) = (Moment(100), Moment(200));

    for (sequence, due) in [(1, 99), (2, 100), (3, 199), (4, 200)] {
        hall.handle_text(0, &delivery(run, sequence, due), Moment(1_100));
    }

    assert_eq!(hall.latency.len(), 2);
    let latency = hall.latency.histogram().unwrap();
    assert_eq!(latency.max(), latency.highest_equivalent(1_000));
    assert_eq!(hall.auditor.tally().delivered, 4);
}

#[test]
fn a_message_of_another_run_is_no_delivery_of_ours() {
    let mut hall = hall(RunId::new(1));

    hall.handle_text(0, &delivery(RunId::new(2), 1, 0), Moment(1));

    assert_eq!((hall.strange, hall.auditor.tally().delivered), (1, 0));
    assert!(!hall.is_broken());
}

#[test]
fn an_error_of_the_server_breaks_the_run_and_is_shown() {
    let mut hall = hall(RunId::new(1));
    let error = br#"{"type":"error","data":{"code":"rate_limited"}}"#;

    hall.handle_text(0, error, Moment(1));

    assert!(hall.is_broken());
    assert!(hall.strange_shown[0].contains("rate_limited"));
}

mod convoys;
