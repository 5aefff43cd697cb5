use clap::Parser;

use super::*;
use crate::settings::Arguments;

fn ready(flags: &[&str], gate: Gate) -> (u16, String) {
    let flags = std::iter::once("stentor").chain(flags.iter().copied());
    let arguments = Arguments::try_parse_from(flags).expect("known flags");
    let settings = Settings::read(&arguments).expect("valid settings");
    let response = Health::new(&settings).ready(gate);
    (response.status().as_u16(), String::from_utf8_lossy(response.body()).into_owned())
}

#[test]
fn a_pod_that_was_told_of_no_redis_is_ready_until_it_drains() {
    for gate in [Gate::Open, Gate::Full] {
        assert_eq!(ready(&[], gate), (200, r#"{"status":"ready"}"#.to_owned()));
    }
    assert_eq!(ready(&[], Gate::Draining), (503, r#"{"status":"draining"}"#.to_owned()));
}

#[test]
fn a_pod_whose_bus_has_not_been_heard_yet_is_degraded_and_503_only_where_it_is_required() {
    let degraded = r#"{"status":"degraded"}"#.to_owned();
    let url = "--redis-url=redis://127.0.0.1";
    for gate in [Gate::Open, Gate::Full] {
        assert_eq!(ready(&[url], gate), (200, degraded.clone()));
        assert_eq!(ready(&[url, "--ready-requires-bus"], gate), (503, degraded.clone()));
    }
    for flags in [&[url][..], &[url, "--ready-requires-bus"]] {
        assert_eq!(ready(flags, Gate::Draining), (503, r#"{"status":"draining"}"#.to_owned()));
    }
}

#[test]
fn a_pod_that_hears_its_bus_is_ready_whether_it_is_required_or_not() {
    for requires_bus in [false, true] {
        let (status, body) = verdict(Gate::Open, false, requires_bus);
        assert_eq!((status, body), (StatusCode::OK, r#"{"status":"ready"}"#));
    }
}
