use super::*;

#[test]
fn rooms_share_at_most_ten_thousand_connections() {
    for (rooms, each, connections) in [
        (1, 1, 10),
        (10, 1, 100),
        (100, 1, 1_000),
        (1_000, 1, 10_000),
        (10_000, 10, 10_000),
        (100_000, 100, 10_000),
        (128_000, 128, 10_000),
    ] {
        let rooms_per_connection = rooms_per_connection(rooms);
        let seating = Seating { rooms, members: 10, talkers: 1, rooms_per_connection };

        assert_eq!((rooms_per_connection, seating.connections()), (each, connections), "{rooms}");
        assert!(seating.check().is_ok());
    }
}

#[test]
fn a_size_is_held_against_the_first_and_an_unknown_cost_against_nothing() {
    let cost = |seconds, of_the_floor| Cost {
        each: Some(Duration::from_secs(seconds)),
        floor: 1.0,
        of_the_floor: Some(of_the_floor),
    };
    let unknown = Cost { each: None, floor: 0.0, of_the_floor: None };

    assert_eq!(cost(4, 1.0).against(&cost(4, 1.0)), [Some(1.0), Some(1.0)]);
    assert_eq!(cost(10, 1.5).against(&cost(4, 1.0)), [Some(1.5), Some(2.5)]);
    assert_eq!(unknown.against(&cost(4, 1.0)), [None, None]);
    assert_eq!(cost(4, 1.0).against(&unknown), [None, None]);
}
