//! The suite's verdicts are read as the suite means them.

use super::verdicts;
use crate::counts::Counts;

#[test]
fn good_verdicts_pass_and_every_other_fails() {
    let index = br#"{"echo": {
        "1.1.1": {"behavior": "OK", "behaviorClose": "OK"},
        "1.1.2": {"behavior": "NON-STRICT", "behaviorClose": "INFORMATIONAL"},
        "7.3.6": {"behavior": "OK", "behaviorClose": "FAILED"},
        "9.1.1": {"behavior": "UNIMPLEMENTED", "behaviorClose": "OK"},
        "9.1.2": {"behavior": "OK"}
    }}"#;
    let (counts, bad) = verdicts(index).expect("a report");
    assert_eq!(counts, Counts { passed: 2, failed: 3 });
    assert_eq!(bad.len(), 3);
    assert!(bad[0].starts_with("case 7.3.6"), "{bad:?}");
}

#[test]
fn a_report_that_is_none_is_an_error() {
    assert!(verdicts(b"").is_err());
    assert!(verdicts(b"[]").is_err());
}

#[test]
fn an_empty_report_passes_nothing() {
    let (counts, bad) = verdicts(b"{}").expect("an object");
    assert_eq!(counts, Counts::default());
    assert!(bad.is_empty());
}
