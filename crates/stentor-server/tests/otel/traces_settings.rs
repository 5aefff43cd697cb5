//! What the settings of traces do: OpenTelemetry's own, by their names.

use stentor_testbed::Certificates;

use crate::binary::{self, Process, stderr, stentor};
use crate::collector::{Answering, Collector};
use crate::publisher::{TRACE, nth, publish, publish_in, traced, traceparent};

#[test]
fn a_bad_setting_ends_with_2_and_one_line_that_names_it() {
    let good = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318")], "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "/")], "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
        (&[good, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")], "OTEL_EXPORTER_OTLP_PROTOCOL"),
        (&[good, ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")], "OTEL_EXPORTER_OTLP_COMPRESSION"),
        (
            &[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://127.0.0.1:4318"),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere.pem"),
            ],
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
        ),
    ];
    for (environment, name) in cases {
        for words in [&["serve"][..], &["check-config"]] {
            let output = binary::run(stentor().args(words).envs(environment.iter().copied()));
            let text = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{words:?} {name}: {text}");
            assert!(text.contains(name) && text.lines().count() == 1, "{name}: {text}");
        }
    }
}

#[test]
fn names_attributes_and_headers_are_those_of_the_environment() {
    let collector = Collector::start(Answering::Status(200));
    let mut command = traced(&collector);
    command
        .env("OTEL_SERVICE_NAME", "chat")
        .env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.version=mine")
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=a%20b,authorization=Bearer%20n33dle");
    let process = Process::start_as(&mut command, "json");
    publish_in(&process, TRACE);
    collector.wait_for(TRACE, 4);
    let (resource, _) = collector.taken().remove(0);
    assert_eq!(resource["service.name"], r#""chat""#);
    assert_eq!(resource["deployment.environment.name"], r#""test""#);
    assert_eq!(resource["service.version"], r#""mine""#);
    assert!(resource.contains_key("service.instance.id"), "{resource:?}");
    let head = collector.requests()[0].head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{head}");
    assert!(head.contains("\r\nx-tenant: a b\r\n"), "{head}");
    assert!(head.contains("\r\nauthorization: bearer n33dle\r\n"), "{head}");
    assert!(!process.log().contains("n33dle"), "{}", process.log());
}

#[test]
fn a_service_without_a_name_is_stentor() {
    let collector = Collector::start(Answering::Status(200));
    let process = Process::start_as(&mut traced(&collector), "json");
    publish_in(&process, TRACE);
    collector.wait_for(TRACE, 4);
    assert_eq!(collector.taken()[0].0["service.name"], r#""stentor""#);
}

#[test]
fn the_sampler_is_that_of_the_environment() {
    let collector = Collector::start(Answering::Status(200));
    let mut command = traced(&collector);
    command.env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    command.env("OTEL_TRACES_SAMPLER_ARG", "0");
    let process = Process::start_as(&mut command, "json");
    for _ in 0..10 {
        assert_eq!(publish(&process, &[], "{}").status, 202);
    }
    publish_in(&process, &nth(1));
    collector.wait_for(&nth(1), 4);
    assert_eq!(collector.taken().len(), 4, "only what its parent wants");
}

#[test]
fn an_sdk_that_is_disabled_sends_nothing() {
    let collector = Collector::start(Answering::Status(200));
    for (name, value) in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
        let process = Process::start_as(traced(&collector).env(name, value), "json");
        publish_in(&process, TRACE);
        process.signal(rustix::process::Signal::TERM);
        assert_eq!(process.end().0, Some(0));
    }
    assert!(collector.requests().is_empty());
}

#[test]
fn a_collector_with_tls_is_asked_who_it_is() {
    let (good, bad) = (Certificates::create(), Certificates::create());
    let collector = Collector::start_with_tls(&good);
    let with = |certificates: &Certificates| {
        let mut command = traced(&collector);
        command.env("OTEL_EXPORTER_OTLP_CERTIFICATE", certificates.authority());
        Process::start_as(&mut command, "json")
    };
    let process = with(&good);
    let parent = traceparent(TRACE, "01");
    assert_eq!(publish(&process, &[("traceparent", &parent)], "{}").status, 202);
    collector.wait_for(TRACE, 4);

    let process = with(&bad);
    publish_in(&process, &nth(1));
    process.wait_for_log("traces cannot be exported", 1);
    assert!(collector.taken().iter().all(|(_, span)| span.trace == TRACE));
}
