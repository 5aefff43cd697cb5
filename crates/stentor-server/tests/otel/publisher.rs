//! A backend that publishes to a process whose traces go to a collector.

use std::process::Command;

use crate::binary::{Process, stentor};
use crate::collector::Collector;
use crate::http::{Answer, request};
use crate::pod::BASE;

/// A trace of somebody else, sampled, and its span that asks.
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const ASKER: &str = "00f067aa0ba902b7";

/// The binary with one shard, told to send traces there, a batch every 20 ms.
pub(crate) fn traced(collector: &Collector) -> Command {
    let mut command = stentor();
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .env("OTEL_BSP_SCHEDULE_DELAY", "20")
        .env("SHARDS", "1")
        .env("DRAIN_TIMEOUT", "200ms");
    command
}

/// The header that names a trace and who asks in it.
pub(crate) fn traceparent(trace: &str, flags: &str) -> String {
    format!("00-{trace}-{ASKER}-{flags}")
}

/// Publishes this body with these headers.
pub(crate) fn publish(process: &Process, headers: &[(&str, &str)], body: &str) -> Answer {
    request(&mut process.socket(), "POST", &format!("{BASE}/messages"), headers, body)
}

/// Publishes one message as part of a trace.
pub(crate) fn publish_in(process: &Process, trace: &str) {
    let answer = publish(process, &[("traceparent", &traceparent(trace, "01"))], "{}");
    assert_eq!(answer.status, 202, "{}", answer.body);
}

/// The n-th of many traces.
pub(crate) fn nth(n: u64) -> String {
    format!("{n:032x}")
}
