//! A machine's name tells the processor and never the host.

use super::*;

#[test]
fn a_processor_is_named_by_what_tells_it_from_others() {
    for (processor, name) in [
        ("AMD EPYC", "epyc"),
        ("AMD EPYC 7B13 64-Core Processor", "epyc-7b13"),
        ("Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", "xeon-platinum-8375c"),
        ("Intel(R) Core(TM) i7-12700K", "i7-12700k"),
        ("AMD Ryzen 7 7840U w/ Radeon 780M Graphics", "ryzen-7-7840u"),
        ("../../etc", "etc"),
        ("", "unknown"),
    ] {
        assert_eq!(short_name(processor), name, "{processor}");
    }
}

#[test]
fn the_processor_is_read_and_else_the_architecture() {
    assert_eq!(processor("processor\t: 0\nmodel name\t: AMD EPYC\n"), "AMD EPYC");
    assert_eq!(processor("processor\t: 0\n"), std::env::consts::ARCH);
}

#[test]
fn a_day_is_written_as_the_folders_are_named() {
    assert_eq!(day(0).as_deref(), Some("1970-01-01"));
    assert_eq!(day(1_795_219_200).as_deref(), Some("2026-11-21"));
    assert_eq!(day(u64::MAX), None);
}

#[test]
fn a_folder_is_named_by_day_processor_and_cores() {
    let machine = |cores| Machine { cores, ..Machine::of_a_test() };

    assert_eq!(machine(2).folder_name(), "2026-11-21-epyc-2-cores");
    assert_eq!(machine(1).folder_name(), "2026-11-21-epyc-1-core");
}
