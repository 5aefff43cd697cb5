//! A run is good only when every step checked something and nothing failed.

use super::{Outcome, Report};
use crate::counts::Counts;

fn report_of(outcome: Outcome) -> Report {
    let mut report = Report::new();
    report.step("a step", || outcome);
    report
}

#[test]
fn passed_checks_make_a_good_run() {
    let counts = Counts { passed: 3, failed: 0 };
    assert!(report_of(Outcome { counts, fault: None }).is_good());
}

#[test]
fn a_failed_check_spoils_the_run_even_without_a_fault() {
    let counts = Counts { passed: 3, failed: 1 };
    let report = report_of(Outcome { counts, fault: None });
    assert!(!report.is_good());
    assert_eq!(report.counts, counts);
}

#[test]
fn a_step_that_could_not_run_counts_as_one_failure() {
    let report = report_of(Outcome::failed("no tool"));
    assert!(!report.is_good());
    assert_eq!(report.counts, Counts { passed: 0, failed: 1 });
}

#[test]
fn a_step_that_checked_nothing_fails() {
    assert!(!report_of(Outcome::default()).is_good());
}
