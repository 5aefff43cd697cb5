use super::*;

fn floor(cpu_micros: u64, frames: u64) -> FloorFigures {
    FloorFigures {
        received: frames,
        frames_total: frames,
        frames,
        calls: frames,
        refused: 0,
        cpu: Duration::from_micros(cpu_micros),
        took: Duration::from_secs(1),
        generator_share: 0.5,
    }
}

#[test]
fn the_ratio_is_by_all_floors_taken_together() {
    let (one, other) = (floor(1_000, 1_000), floor(5_000, 1_000));

    let ratio = of_the_floor(Some(Duration::from_micros(6)), &[&one, &other]);

    assert_eq!(ratio, Some(2.0));
    assert_eq!(of_the_floor(None, &[&one]), None);
    assert_eq!(of_the_floor(Some(Duration::from_micros(6)), &[&floor(0, 0)]), None);
}

#[test]
fn the_floor_sends_in_the_bursts_of_the_rooms_and_flat_out_in_rounds() {
    let seating = Seating { rooms: 6, members: 10, talkers: 1, rooms_per_connection: 2 };
    let sendings = Sendings::new(seating, 3_000.0, 188);

    let paced = sendings.paced(Some(1), Duration::ZERO, Duration::from_secs(1)).sending;
    let flat_out = sendings.flat_out(16, None, Duration::ZERO, Duration::from_secs(1)).sending;

    assert_eq!((paced.sockets, paced.sockets_per_burst, paced.bytes), (30, Some(10), 188));
    assert_eq!(paced.rate, Pace::Rounds(100.0));
    assert_eq!((flat_out.sockets_per_burst, flat_out.frames_per_send), (None, 16));
    assert_eq!(flat_out.rate, Pace::FlatOut);
}

#[test]
fn a_floor_that_lost_a_frame_is_no_floor() {
    let lossy = FloorFigures { received: 9, ..floor(1, 10) };

    assert!(lossy.require_all().is_err());
    assert!(floor(1, 10).require_all().is_ok());
}

#[test]
fn a_floor_that_does_not_keep_up_with_the_server_is_told() {
    let seating = Seating { rooms: 1, members: 50, talkers: 1, rooms_per_connection: 1 };
    let sendings = Sendings::new(seating, 3_000_000.0, 310);

    let remark = sendings.remark_if_out_of_reach(56_000.0).expect("a fiftieth is not all");

    assert!(remark.contains("56,000/s of the server's 3,000,000/s"), "{remark}");
    assert_eq!(sendings.remark_if_out_of_reach(2_900_000.0), None);
}
