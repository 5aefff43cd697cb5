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
