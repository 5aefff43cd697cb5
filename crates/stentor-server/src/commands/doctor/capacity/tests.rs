use super::super::machine::{Descriptors, Machine};
use super::{Demand, safe};

/// A machine that is bounded by its 101,024 descriptors.
fn machine() -> Machine {
    Machine::roomy(101_024)
}

fn demand() -> Demand {
    Demand {
        connections_asked: None,
        fixed_bytes: 100_000_000,
        connection_bytes: 5_000,
        port: 8080,
    }
}

#[track_caller]
fn assert_safe(machine: &Machine, demand: Demand, line: &str) {
    let shown = safe(machine, &demand).to_string();
    assert!(shown.starts_with(line), "{shown}");
}

#[test]
fn the_smallest_bound_decides() {
    let of = "bounded by";
    assert_safe(&machine(), demand(), &format!("safe: 100000 connections, {of} descriptors:"));
    let asked = Demand { connections_asked: Some(5_000), ..demand() };
    assert_safe(&machine(), asked, &format!("safe: 5000 connections, {of} MAX_CONNECTIONS:"));
    let small = Machine { memory_available: Some(350_000_000), ..machine() };
    assert_safe(&small, demand(), &format!("safe: 50000 connections, {of} memory:"));
    let with_tls = Demand { connection_bytes: 9_000, ..demand() };
    assert_safe(&small, with_tls, &format!("safe: 27777 connections, {of} memory:"));
    let contained = Machine { memory_left_by_cgroup: Some(150_000_000), ..small };
    assert_safe(&contained, demand(), &format!("safe: 10000 connections, {of} memory:"));
    let generous = Machine { send_buffer_max: Some(16 << 20), ..machine() };
    assert_safe(&generous, demand(), &format!("safe: 51200 connections, {of} tcp memory:"));
    let tracked = Machine { tracked_max: Some(65_536), ..machine() };
    assert_safe(&tracked, demand(), &format!("safe: 65536 connections, {of} connection tracking:"));
}

#[test]
fn no_figure_makes_the_reckoning_panic() {
    assert_safe(&Machine::default(), demand(), "safe: unknown");
    let odd = Machine {
        descriptors: Some(Descriptors { soft: 0, hard: u64::MAX }),
        tcp_bytes_max: Some(u64::MAX),
        send_buffer_max: Some(0),
        memory_available: Some(0),
        ..Machine::default()
    };
    assert_safe(&odd, demand(), "safe: 0 connections, bounded by memory");
}
