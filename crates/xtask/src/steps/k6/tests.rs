//! Orders are read as they are meant, and no script is left without a short run.

use std::path::Path;

use super::{Order, SCRIPTS, SHORT_RUNS, is_setting};

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn fault(line: &str) -> String {
    Order::parse(&words(line)).expect_err(line)
}

#[test]
fn a_script_with_settings_is_understood() {
    let arguments = words("chat VUS=5 TOKEN=a=b");
    let order = Order { script: "chat", settings: &arguments[1..], has_server: false };
    assert_eq!(Order::parse(&arguments), Ok(order));
}

#[test]
fn a_server_of_the_caller_is_noticed() {
    let arguments = words("soak DURATION=1s WS_URL=ws://example.org/ws");
    assert!(Order::parse(&arguments).expect("an order").has_server);
}

#[test]
fn an_order_that_makes_no_sense_is_told_in_words() {
    assert!(fault("").contains("chat, fanout, spike, soak, resume"));
    assert!(fault("storm").contains("no k6 script `storm`"));
    assert!(fault("../../etc/chat").contains("no k6 script"));
    assert!(fault("chat VUS=5 quick").contains("`quick` is no setting"));
    assert!(fault("chat --vus=5").contains("`--vus=5` is no setting"));
}

#[test]
fn a_setting_has_a_name_in_capitals() {
    for good in ["VUS=5", "LATENCY_P95_MAX_MS=1", "TOKEN="] {
        assert!(is_setting(good), "{good}");
    }
    for bad in ["", "=5", "VUS", "vus=5", "-VUS=5", "1X=5"] {
        assert!(!is_setting(bad), "{bad}");
    }
}

#[test]
fn every_script_has_a_short_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(SCRIPTS);
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of the scripts")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "js"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let mut known = SHORT_RUNS.map(|(name, _)| name.to_owned()).to_vec();
    there.sort();
    known.sort();
    assert_eq!(there, known);
}
