use super::*;

#[test]
fn cpu_time_is_read_behind_a_name_with_spaces_and_brackets() {
    let stat = "42 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20";

    assert_eq!(parse_cpu_ticks(stat), Some(175));
    assert_eq!(parse_cpu_ticks("42 (a) S 1"), None);
}

#[test]
fn memory_is_read_in_bytes() {
    let status = "VmRSS:\t     900 kB\nRssAnon:\t     512 kB\nRssAnonymous: 1 kB\n";

    assert_eq!(parse_kibibytes(status, "RssAnon"), Some(524_288));
    assert_eq!(parse_kibibytes(status, "RssFile"), None);
}

#[test]
fn resident_memory_is_a_process_s_own_and_what_it_shares_as_memory() {
    let status = "VmRSS: 900 kB\nRssAnon: 512 kB\nRssFile: 4 kB\nRssShmem: 256 kB\n";

    assert_eq!(parse_resident(status), Some((512 + 256) * 1_024));
    assert_eq!(parse_resident("RssAnon: 512 kB\n"), Some(512 * 1_024));
    assert_eq!(parse_resident("RssShmem: 256 kB\n"), None);
}

#[test]
fn a_process_that_is_gone_is_said_to_be_gone() {
    let failure = ServerMeter::new(u32::MAX).expect_err("no process has this id");

    assert_eq!(failure.to_string(), format!("the server's process {} is gone", u32::MAX));
}

#[test]
fn this_process_has_memory_and_spends_time() {
    let meter = ServerMeter::new(std::process::id()).unwrap();

    assert!(meter.resident_bytes().unwrap() > 0);
    assert!(own_cpu() > Duration::ZERO);
}
