use std::time::Duration;

use super::*;

fn report() -> Report {
    let mut report = Report::new("fanout", "1 room".to_owned());
    report.add("delivered", Figure::Count(1_000));
    report.add("server_cpu_a_delivery", Figure::CpuEach(Duration::from_nanos(500)));
    report
}

#[test]
fn a_report_without_faults_has_passed() {
    let report = report();

    assert!(report.has_passed());
    assert!(report.to_string().ends_with("verdict: passed"));
    assert!(report.to_string().contains("  server cpu a delivery  0.500 µs\n"));
    assert_eq!(report.to_json()["figures"]["server_cpu_a_delivery_us"], 0.5);
}

#[test]
fn a_fault_fails_the_report_and_is_named() {
    let mut report = report();
    report.fault("message 3 never came");

    assert!(!report.has_passed());
    assert!(report.to_string().contains("fault: message 3 never came\n"));
    assert!(report.to_string().ends_with("verdict: FAILED"));
    assert_eq!(report.to_json()["passed"], false);
}

#[test]
fn a_generator_at_its_limit_is_said_so() {
    let mut idle = report();
    let mut busy = report();
    idle.add_generator_share(0.9);
    busy.add_generator_share(0.91);

    assert!(!idle.to_string().contains("THE GENERATOR WAS THE LIMIT"));
    assert!(busy.to_string().contains("THE GENERATOR WAS THE LIMIT"));
}
