//! Orders are read as they are meant, and libFuzzer's words too.

use super::order::Order;
use super::statistics::Statistics;

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn parse(line: &str) -> Result<Order, String> {
    Order::parse(&words(line), &words("frames heads"))
}

#[test]
fn a_time_alone_means_every_target() {
    let all = Order { seconds: 60, targets: words("frames heads") };
    assert_eq!(parse("60"), Ok(all));
    assert_eq!(parse("1 heads"), Ok(Order { seconds: 1, targets: words("heads") }));
}

#[test]
fn an_order_that_makes_no_sense_is_told_in_one_line() {
    for (line, said) in [
        ("", "SECONDS"),
        ("0", "`0` is no time"),
        ("-5", "`-5` is no time"),
        ("60s", "`60s` is no time"),
        ("604801", "1 to 604800"),
        ("99999999999999999999", "is no time"),
        ("frames", "`frames` is no time"),
        ("60 tokens", "no target `tokens`, but frames, heads"),
        ("60 frames ../heads", "no target `../heads`"),
    ] {
        let fault = parse(line).expect_err(line);
        assert!(fault.contains(said) && !fault.contains('\n'), "{line}: {fault}");
    }
}

#[test]
fn a_run_without_a_find_is_read() {
    let words = "\
#2\tINITED cov: 10 ft: 11\n\
Done 1234 runs in 2 second(s)\n\
stat::number_of_executed_units: 1234\n\
stat::average_exec_per_sec:     617\n\
stat::new_units_added:          3\n";
    let sum = Statistics { executions: 1234, executions_a_second: 617, found: Vec::new() };
    assert_eq!(Statistics::read(words), sum);
    assert_eq!(sum.to_string(), "1234 executions, 617 a second");
}

#[test]
fn what_a_run_found_is_named_by_its_file() {
    let words = "\
==7== ERROR: libFuzzer: deadly signal\n\
artifact_prefix='fuzz/artifacts/frames/'; Test unit written to fuzz/artifacts/frames/crash-1a\n\
stat::number_of_executed_units: 9\n";
    let statistics = Statistics::read(words);
    assert_eq!(statistics.found, ["fuzz/artifacts/frames/crash-1a"]);
    assert_eq!(statistics.executions, 9);
    assert_eq!(Statistics::read("error: could not compile"), Statistics::default());
}
