use super::*;

#[test]
fn people_read_units_and_groups_of_thousands() {
    let texts = [
        (Figure::Count(1_234_567), "1,234,567"),
        (Figure::Count(12), "12"),
        (Figure::PerSecond(49_999.6), "50,000 /s"),
        (Figure::Latency(Duration::from_nanos(62_300)), "62.3 µs"),
        (Figure::Latency(Duration::from_micros(5_910)), "5.91 ms"),
        (Figure::CpuEach(Duration::from_nanos(350)), "0.350 µs"),
        (Figure::Bytes(509.0), "509 bytes"),
        (Figure::Bytes(f64::from(3 << 20)), "3.0 MiB"),
        (Figure::Share(0.5), "50 %"),
    ];

    for (figure, text) in texts {
        assert_eq!(figure.for_people(), text);
    }
}

#[test]
fn programs_read_the_unit_in_the_name() {
    let latency = Figure::Latency(Duration::from_micros(1_500));

    assert_eq!(latency.for_programs(), ("_ms", 1.5.into()));
    assert_eq!(Figure::Count(3).for_programs(), ("", 3.into()));
}

#[test]
fn cpu_for_none_of_something_is_no_figure() {
    assert!(Figure::cpu_each(Duration::from_secs(1), 0).is_none());
}
