use super::IdSource;

#[test]
fn ids_are_version_seven_and_carry_the_time() {
    let id = IdSource::new(1).next(1_770_249_600_123);
    assert_eq!(id.get_version_num(), 7);
    assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    assert_eq!(id.as_u128() >> 80, 1_770_249_600_123);
}

#[test]
fn ids_ascend_even_when_the_clock_stands_or_runs_back() {
    let mut ids = IdSource::new(7);
    let mut last = ids.next(1_000);
    for step in 0..10_000_u64 {
        let next = ids.next(1_000 + step / 100 - (step % 3));
        assert!(next > last, "{next} follows {last}");
        last = next;
    }
}
