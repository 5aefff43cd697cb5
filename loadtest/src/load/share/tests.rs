use super::*;

#[test]
fn every_connection_is_in_exactly_one_share_and_the_shares_are_equal() {
    for parts in 1..=16 {
        let shares: Vec<Share> = (0..parts).map(|part| Share::deal(1_003, part, parts)).collect();

        let mut all: Vec<u32> = shares.iter().flat_map(Share::numbers).copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..1_003).collect::<Vec<u32>>());
        assert!(shares.iter().all(|share| share.len().abs_diff(1_003 / parts) <= 1));
    }
}

#[test]
fn a_connection_is_found_in_its_own_share_only() {
    let (one, other) = (Share::deal(100, 0, 2), Share::deal(100, 1, 2));

    for number in 0..100 {
        let places = [one.place_of(number), other.place_of(number)];
        assert_eq!(places.iter().flatten().count(), 1, "connection {number}");
    }
    assert_eq!(one.numbers()[one.place_of(one.numbers()[7] as usize).unwrap()], one.numbers()[7]);
    assert_eq!(one.place_of(100), None);
}

#[test]
fn the_first_members_of_small_rooms_are_not_all_in_one_share() {
    let share = Share::deal(1_000, 0, 2);

    let firsts = (0..100).filter(|room| share.place_of(room * 10).is_some()).count();
    assert!((20..=80).contains(&firsts), "{firsts} of 100");
}
