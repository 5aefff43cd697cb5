//! A collector that is not there, does not answer or refuses: the server goes on, says so once, and
//! ends in time.

use std::net::TcpListener;

use rustix::process::Signal;
use stentor_testbed::Redis;

use crate::binary::Process;
use crate::collector::{Answering, Collector};
use crate::pod::wait_until;
use crate::publisher::{nth, publish_in, traced};

const FAILING: &str = "traces cannot be exported";
const AGAIN: &str = "traces are exported again";
const OVERFULL: &str = "too many spans wait";
const UNSENT: &str = "not all traces were exported";

/// Ends it politely, and gives what it has said.
fn end(process: Process) -> String {
    process.signal(Signal::TERM);
    let (code, log) = process.end();
    assert_eq!(code, Some(0), "{log}");
    log
}

fn times(log: &str, text: &str) -> usize {
    log.matches(text).count()
}

#[test]
fn a_collector_that_fails_is_told_of_once_and_once_more_when_it_is_well() {
    let collector = Collector::start(Answering::Status(500));
    let process = Process::start_as(&mut traced(&collector), "json");
    for n in 1..=3 {
        publish_in(&process, &nth(n));
        collector.wait_for_spans(4 * n as usize);
    }
    process.wait_for_log(FAILING, 1);
    collector.answer(Answering::Status(200));
    publish_in(&process, &nth(4));
    collector.wait_for(&nth(4), 4);
    process.wait_for_log(AGAIN, 1);
    collector.answer(Answering::Status(400));
    publish_in(&process, &nth(5));
    process.wait_for_log(FAILING, 2);
    let log = end(process);
    assert_eq!((times(&log, FAILING), times(&log, AGAIN)), (2, 1), "{log}");
    assert!(log.contains(r#""spans_lost":12"#), "three publications of four spans each: {log}");
}

#[test]
fn a_collector_that_is_not_there_costs_spans_and_nothing_else() {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port");
    let collector = Collector::start(Answering::Status(200));
    let mut command = traced(&collector);
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{nobody}"));
    let process = Process::start_as(&mut command, "json");
    let mut member = process.connect("/ws/general");
    for n in 1..=20 {
        publish_in(&process, &nth(n));
        member.next_text();
    }
    process.wait_for_log(FAILING, 1);
    drop(member);
    let log = end(process);
    assert_eq!(times(&log, FAILING), 1, "{log}");
}

#[test]
fn a_collector_that_hangs_holds_neither_a_publication_nor_the_end() {
    let collector = Collector::start(Answering::Never);
    let mut command = traced(&collector);
    // For longer than any test waits.
    command.env("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000").env("OTEL_BSP_MAX_QUEUE_SIZE", "16");
    let process = Process::start_as(&mut command, "json");
    publish_in(&process, &nth(1));
    collector.wait_for_requests(1);
    for n in 2..=50 {
        publish_in(&process, &nth(n));
    }
    process.wait_for_log(OVERFULL, 1);
    let log = end(process);
    assert_eq!((times(&log, OVERFULL), times(&log, UNSENT)), (1, 1), "{log}");
    assert!(log.contains(r#""spans_lost":200"#), "fifty publications of four spans each: {log}");
}

#[test]
fn a_collector_that_answers_too_late_is_given_up() {
    let collector = Collector::start(Answering::Never);
    let mut command = traced(&collector);
    command.env("OTEL_EXPORTER_OTLP_TIMEOUT", "50");
    let process = Process::start_as(&mut command, "json");
    publish_in(&process, &nth(1));
    process.wait_for_log(FAILING, 1);
    collector.answer(Answering::Status(200));
    // An answer in time may take a machine that is busy several attempts.
    let mut traces = 2..;
    wait_until("an answer in time", || {
        publish_in(&process, &nth(traces.next().expect("endless")));
        !collector.taken().is_empty()
    });
    process.wait_for_log(AGAIN, 1);
}

#[test]
fn a_second_signal_does_not_wait_for_a_collector() {
    let collector = Collector::start(Answering::Status(200));
    let mut command = traced(&collector);
    command.env("OTEL_BSP_SCHEDULE_DELAY", "3600000").env("DRAIN_TIMEOUT", "1h");
    let process = Process::start_as(&mut command, "json");
    let mut member = process.connect("/ws/general");
    publish_in(&process, &nth(1));
    member.next_text();
    process.signal(Signal::TERM);
    while member.next_frame().expect("a close").opcode != crate::client::CLOSE {}
    process.signal(Signal::TERM);
    assert_eq!(process.end().0, Some(1));
    assert!(collector.requests().is_empty());
}

#[test]
fn a_drain_sends_what_waits() {
    let collector = Collector::start(Answering::Status(200));
    let mut command = traced(&collector);
    command.env("OTEL_BSP_SCHEDULE_DELAY", "3600000");
    let process = Process::start_as(&mut command, "json");
    for n in 1..=10 {
        publish_in(&process, &nth(n));
    }
    let log = end(process);
    assert_eq!(times(&log, UNSENT), 0, "{log}");
    assert_eq!(collector.taken().len(), 40);
}

#[test]
fn what_waits_for_redis_is_told_to_be_deferred_and_waited_for_by_no_span() {
    let (collector, mut redis) = (Collector::start(Answering::Status(200)), Redis::start());
    redis.kill();
    let mut command = traced(&collector);
    command.env("REDIS_URL", redis.url());
    let process = Process::start_as(&mut command, "json");
    publish_in(&process, &nth(1));
    let spans = collector.wait_for(&nth(1), 5);
    let to_pods = spans.iter().find(|span| span.name == "publish to pods").expect("a bus");
    assert_eq!(to_pods.attributes["stentor.messages"], "1");
    assert_eq!(to_pods.attributes["stentor.published"], "0");
    assert_eq!(to_pods.attributes["stentor.deferred"], "1");
}
