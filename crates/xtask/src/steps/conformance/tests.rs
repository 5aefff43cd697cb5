//! The suite's verdicts are read as the suite means them.

use super::{ROUNDS, judge, verdicts};
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

/// Judges a round by an index with so many cases that passed and failed.
fn judged(
    name: &str,
    passed: u64,
    failed: u64,
    result: Result<(), String>,
) -> Result<Counts, String> {
    let case =
        |n: u64, word: &str| format!(r#""{n}":{{"behavior":"{word}","behaviorClose":"OK"}}"#);
    let cases: Vec<String> = (0..passed)
        .map(|n| case(n, "OK"))
        .chain((passed..passed + failed).map(|n| case(n, "FAILED")))
        .collect();
    let folder = std::env::temp_dir().join(format!("stentor-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let index = format!(r#"{{"agent":{{{}}}}}"#, cases.join(","));
    std::fs::write(folder.join("index.json"), index).expect("a report");
    let judgement = judge(&ROUNDS[2], &folder, result);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    judgement
}

#[test]
fn a_round_with_a_failed_case_counts_it_whatever_the_programs_say() {
    let counts = judged("failed", 300, 1, Err("exit 1".to_owned()));
    assert_eq!(counts, Ok(Counts { passed: 300, failed: 1 }));
    assert_eq!(judged("failed-quietly", 300, 1, Ok(())), counts);
}

#[test]
fn a_round_of_too_few_cases_or_with_a_program_that_fails_is_an_error() {
    assert!(judged("few", 300, 0, Ok(())).is_err_and(|fault| fault.contains("only 300")));
    assert_eq!(judged("fault", 301, 0, Err("why".to_owned())), Err("why".to_owned()));
    assert!(judged("good", 301, 0, Ok(())).is_ok());
}

#[test]
fn a_round_without_a_report_is_an_error_that_says_why() {
    let nowhere = std::env::temp_dir().join("stentor-no-such-report");
    let fault = judge(&ROUNDS[2], &nowhere, Err("the client ended with 1".to_owned()));
    assert!(fault.is_err_and(|fault| fault.contains("the client ended with 1")));
}
