use super::super::capacity::Demand;
use super::super::finding::Verdict;
use super::super::machine::Machine;
use super::findings;

fn machine() -> Machine {
    Machine::roomy(21_024)
}

fn asked(connections: u64) -> Demand {
    Demand { connections_asked: Some(connections), ..unasked() }
}

fn unasked() -> Demand {
    Demand {
        connections_asked: None,
        fixed_bytes: 100_000_000,
        connection_bytes: 5_000,
        port: 8080,
    }
}

/// The finding of this name says this about this machine.
#[track_caller]
fn assert_found(machine: &Machine, demand: Demand, name: &str, verdict: Verdict, advice: &str) {
    let found = findings(machine, &demand);
    let finding = found.iter().find(|finding| finding.name == name).expect("a finding");
    assert_eq!(finding.verdict, verdict, "{finding:?}");
    assert!(finding.advice.contains(advice), "{finding:?}");
}

#[test]
fn a_machine_that_holds_what_is_asked_is_all_right() {
    for demand in [unasked(), asked(20_000)] {
        for finding in findings(&machine(), &demand) {
            assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
        }
    }
}

#[test]
fn too_few_descriptors_fail_and_the_limit_that_is_needed_is_named() {
    let name = "descriptors";
    assert_found(&machine(), asked(20_001), name, Verdict::Fail, "LimitNOFILE=21025");
    assert_found(&machine(), unasked(), name, Verdict::Ok, "room for 20000");
}

#[test]
fn too_little_memory_fails_where_more_was_asked_for_and_warns_where_more_would_be_let_in() {
    let small = Machine { memory_available: Some(150_000_000), ..machine() };
    assert_found(&small, asked(10_001), "memory", Verdict::Fail, "MAX_CONNECTIONS is 10001");
    assert_found(&small, asked(10_000), "memory", Verdict::Ok, "room for 10000");
    assert_found(&small, unasked(), "memory", Verdict::Warn, "set MAX_CONNECTIONS=10000");
    let contained = Machine { memory_left_by_cgroup: Some(100_000_000), ..machine() };
    assert_found(&contained, unasked(), "memory", Verdict::Warn, "room for 0");
}

#[test]
fn little_memory_for_tcp_warns_because_it_is_a_guess() {
    let large_buffers = Machine { send_buffer_max: Some(64 << 20), ..machine() };
    assert_found(&large_buffers, asked(12_801), "tcp memory", Verdict::Warn, "room for 12800");
    assert_found(&large_buffers, asked(12_800), "tcp memory", Verdict::Ok, "room for 12800");
}

#[test]
fn a_firewall_that_follows_too_few_connections_fails() {
    let tracked = Machine { tracked_max: Some(8_192), ..machine() };
    let name = "connection tracking";
    assert_found(&tracked, asked(8_193), name, Verdict::Fail, "nf_conntrack_max");
    assert!(findings(&machine(), &asked(1)).iter().all(|finding| finding.name != name));
}

#[test]
fn a_short_queue_and_few_ports_warn() {
    let short = Machine { accept_queue_max: Some(128), ..machine() };
    assert_found(&short, unasked(), "net.core.somaxconn", Verdict::Warn, "somaxconn=4096");
    let few = Machine { outgoing_ports: Some((50_000, 50_099)), ..machine() };
    let name = "ip_local_port_range";
    assert_found(&few, asked(101), name, Verdict::Warn, "100 times, not 101");
    let within = Machine { outgoing_ports: Some((1_024, 65_535)), ..machine() };
    assert_found(&within, unasked(), name, Verdict::Warn, "ip_local_reserved_ports=8080");
}

#[test]
fn what_cannot_be_read_warns_and_is_named() {
    for finding in findings(&Machine::default(), &unasked()) {
        assert_eq!((finding.verdict, &*finding.value), (Verdict::Warn, "unknown"), "{finding:?}");
    }
}
