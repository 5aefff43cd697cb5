use super::super::read::some;
use super::*;

fn judged(of_all: &str, of_traces: &str) -> Result<Judged, Vec<SettingFault>> {
    let arguments = Arguments {
        otel_exporter_otlp_endpoint: Some(of_all.to_owned()),
        otel_exporter_otlp_traces_endpoint: Some(of_traces.to_owned()),
        ..Arguments::default()
    };
    some(|reader| judge(&arguments, reader))
}

fn address(of_all: &str, of_traces: &str) -> String {
    let judged = judged(of_all, of_traces).unwrap_or_else(|faults| panic!("{faults:?}"));
    judged.traces.expect("an endpoint").endpoint.to_string()
}

#[test]
fn the_endpoint_of_everything_gets_a_path_and_that_of_traces_is_taken_as_it_is() {
    let whole = "http://collector:4318/v1/traces";
    assert_eq!(address("http://collector:4318", ""), whole);
    assert_eq!(address("http://collector:4318/", ""), whole);
    assert_eq!(address("https://a.example/otlp", ""), "https://a.example/otlp/v1/traces");
    assert_eq!(address("", "http://[::1]:4318/mine?x=1"), "http://[::1]:4318/mine?x=1");
    assert_eq!(address("http://a", "http://b/mine"), "http://b/mine");
    assert!(judged("", "").is_ok_and(|judged| judged.traces.is_none() && judged.warning.is_none()));
}

#[test]
fn a_bad_endpoint_is_named_and_not_repeated() {
    let bad = [
        "collector:4318",
        "/v1/traces",
        "grpc://n33dle:4317",
        "http://u:n33dle@collector:4318",
        "http://collector:n33dle",
        "http://collector:0",
        "http://collector:65536",
        "http://collector:",
        "http://",
        "http://n33dle collector",
        "http://:4318",
    ];
    for text in bad {
        for (of_all, of_traces, name) in [(text, "", ENDPOINT), ("", text, TRACES_ENDPOINT)] {
            let Err(faults) = judged(of_all, of_traces) else { panic!("{text} was taken") };
            let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
            assert!(told.len() == 1 && told[0].starts_with(name), "{text}: {told:?}");
            assert!(!told[0].contains("n33dle"), "{text}: {told:?}");
        }
    }
}

#[test]
fn a_build_without_traces_says_so_where_they_are_asked_for() {
    let warning = judged("http://collector:4318", "").ok().and_then(|judged| judged.warning);
    assert_eq!(warning.is_some(), !cfg!(feature = "otel"), "{warning:?}");
}

#[test]
fn what_the_environment_asks_for_and_is_not_here_is_a_fault() {
    let said = |pairs: &'static [(&str, &str)]| {
        let find = |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let faults: Vec<String> = faults_of(find).iter().map(ToString::to_string).collect();
        (faults, is_off(find))
    };
    assert_eq!(said(&[]), (vec![], false));
    let good =
        said(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_TRACES_EXPORTER", "otlp")]);
    assert_eq!(good, (vec![], false));
    let (faults, _) = said(&[
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
    ]);
    assert!(faults[0].starts_with("OTEL_EXPORTER_OTLP_PROTOCOL"), "{faults:?}");
    assert!(faults[1].starts_with("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"), "{faults:?}");
    let overruled = said(&[
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
    ]);
    assert_eq!(overruled, (vec![], false));
    assert!(said(&[("OTEL_SDK_DISABLED", "TRUE")]).1);
    assert!(said(&[("OTEL_TRACES_EXPORTER", "none")]).1);
}
