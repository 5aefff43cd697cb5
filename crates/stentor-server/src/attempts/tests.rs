use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn block(number: u32) -> AddressBlock {
    AddressBlock::of(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).into())
}

fn barred_after(attempts: &Attempts, refusals: u32, now: Duration) -> bool {
    (0..refusals).for_each(|_| attempts.note_at(now, block(1)));
    attempts.barred_at(now, block(1)).is_some()
}

#[test]
fn a_minutes_worth_passes_and_one_comes_free_after_another() {
    let attempts = Attempts::new(6);
    let now = 1_000 * SECOND;
    assert!(!barred_after(&attempts, 5, now));
    assert!(barred_after(&attempts, 1, now));
    assert_eq!(attempts.barred_at(now, block(1)), Some(10 * SECOND));
    assert_eq!(attempts.barred_at(now, block(2)), None);
    assert_eq!(attempts.barred_at(now + 10 * SECOND, block(1)), None);
    assert!(barred_after(&attempts, 1, now + 10 * SECOND));
    assert_eq!(attempts.barred_at(now + 120 * SECOND, block(1)), None);
}

#[test]
fn a_generation_that_passes_does_not_pardon() {
    let attempts = Attempts::new(6);
    assert!(barred_after(&attempts, 6, 59 * SECOND));
    attempts.note_at(61 * SECOND, block(2));
    assert!(attempts.barred_at(61 * SECOND, block(1)).is_some());
}

#[test]
fn no_more_addresses_are_known_than_two_generations_hold() {
    let attempts = Attempts::new(1);
    for number in 0..100_000 {
        attempts.note_at(SECOND, block(number));
    }
    let table = attempts.table.lock().expect("a table");
    assert!(table.young.len() <= ADDRESSES_MAX && table.old.len() <= ADDRESSES_MAX);
    assert!(table.young.contains_key(&block(99_999)) && !table.old.contains_key(&block(0)));
}

#[test]
fn only_what_the_client_can_mend_counts() {
    let attempts = Attempts::new(1);
    for kind in [Kind::AtCapacity, Kind::Draining, Kind::Overloaded, Kind::TooManyAttempts] {
        attempts.note(block(1), kind);
        assert_eq!(attempts.barred(block(1)), None, "{kind:?}");
    }
    attempts.note(block(1), Kind::BadRoom);
    assert!(attempts.barred(block(1)).is_some());
    assert!(!Attempts::new(0).are_counted() && attempts.are_counted());
}

#[test]
fn another_number_counts_from_then_on_and_what_was_counted_stays() {
    let attempts = Attempts::new(0);
    attempts.change(3);
    assert!(attempts.are_counted() && !barred_after(&attempts, 2, SECOND));
    attempts.change(2);
    assert!(barred_after(&attempts, 1, SECOND));
    attempts.change(0);
    assert!(!attempts.are_counted());
}
