//! What the kernel's figures mean for a pod.

#[cfg(test)]
mod tests;

use super::capacity::{self, Bound, Demand};
use super::finding::{Finding, Verdict};
use super::machine::{Descriptors, Machine};
use crate::settings::DESCRIPTOR_RESERVE;

/// The queue that the server asks for where it listens.
const ACCEPT_QUEUE: u64 = 4_096;

/// A finding for each figure.
pub(super) fn findings(machine: &Machine, demand: &Demand) -> Vec<Finding> {
    let found = [
        Some(descriptors(machine, demand)),
        Some(memory(machine, demand)),
        Some(tcp_memory(machine, demand)),
        Some(accept_queue(machine)),
        Some(outgoing_ports(machine, demand)),
        tracking(machine, demand),
    ];
    found.into_iter().flatten().collect()
}

fn descriptors(machine: &Machine, demand: &Demand) -> Finding {
    const NAME: &str = "descriptors";
    let (Some(Descriptors { soft, hard }), Some(bound)) =
        (machine.descriptors, capacity::descriptors(machine))
    else {
        return Finding::unknown(NAME, "/proc/self/limits");
    };
    let value = format!("soft {}, hard {}", limit(soft), limit(hard));
    let room = format!("room for {} connections", bound.connections);
    match demand.connections_asked {
        Some(asked) if asked > bound.connections => {
            let needed = asked.saturating_add(DESCRIPTOR_RESERVE);
            let advice = format!(
                "{room}, MAX_CONNECTIONS is {asked}: set LimitNOFILE={needed} or ulimit -Hn {needed}"
            );
            Finding::new(Verdict::Fail, NAME, value, advice)
        }
        _ if soft < hard => {
            let advice = format!("{room}: the server raises the soft limit to the hard one");
            Finding::ok(NAME, value, advice)
        }
        _ => Finding::ok(NAME, value, room),
    }
}

fn memory(machine: &Machine, demand: &Demand) -> Finding {
    const NAME: &str = "memory";
    let Some(bound) = capacity::memory(machine, demand) else {
        return Finding::unknown(NAME, "/proc/meminfo");
    };
    let value = match (machine.memory_available, machine.memory_left_by_cgroup) {
        (available, Some(left)) if available.is_none_or(|available| left < available) => {
            format!("{} MiB left by the cgroup", left >> 20)
        }
        (available, _) => format!("{} MiB available", available.unwrap_or_default() >> 20),
    };
    against(demand, machine, NAME, value, &bound, Verdict::Fail)
}

/// Only readers that stall fill the buffers, and how many of these there are is a guess.
fn tcp_memory(machine: &Machine, demand: &Demand) -> Finding {
    const NAME: &str = "tcp memory";
    let (Some(bound), Some(most)) = (capacity::tcp_memory(machine), machine.tcp_bytes_max) else {
        return Finding::unknown(NAME, "net.ipv4.tcp_mem or tcp_wmem");
    };
    let value = format!("{} MiB at most", most >> 20);
    against(demand, machine, NAME, value, &bound, Verdict::Warn)
}

fn tracking(machine: &Machine, demand: &Demand) -> Option<Finding> {
    let bound = capacity::tracking(machine)?;
    let value = format!("{} connections", bound.connections);
    Some(against(demand, machine, "connection tracking", value, &bound, Verdict::Fail))
}

/// Whether a bound is wide enough for what was asked, or for what the server would let in unasked.
fn against(
    demand: &Demand,
    machine: &Machine,
    name: &'static str,
    value: String,
    bound: &Bound,
    too_narrow: Verdict,
) -> Finding {
    let Bound { connections, why, .. } = bound;
    match demand.connections_asked {
        Some(asked) if asked > *connections => {
            let advice = format!(
                "room for {connections} connections, MAX_CONNECTIONS is {asked}: lower it, or raise \
                 this ({why})"
            );
            Finding::new(too_narrow, name, value, advice)
        }
        None if demand.connections(machine).is_some_and(|let_in| let_in > *connections) => {
            let advice = format!(
                "room for {connections} connections, the descriptors let in more: set \
                 MAX_CONNECTIONS={connections} ({why})"
            );
            Finding::warn(name, value, advice)
        }
        _ => Finding::ok(name, value, format!("room for {connections} connections")),
    }
}

fn accept_queue(machine: &Machine) -> Finding {
    const NAME: &str = "net.core.somaxconn";
    match machine.accept_queue_max {
        None => Finding::unknown(NAME, "/proc/sys/net/core/somaxconn"),
        Some(queue) if queue < ACCEPT_QUEUE => {
            let advice = format!(
                "a storm of reconnects overflows it: sysctl -w net.core.somaxconn={ACCEPT_QUEUE}"
            );
            Finding::warn(NAME, queue.to_string(), advice)
        }
        Some(queue) => {
            Finding::ok(NAME, queue.to_string(), "all of the queue that the server asks for")
        }
    }
}

/// What comes in needs none of these ports, but a balancer on this machine needs one a connection.
fn outgoing_ports(machine: &Machine, demand: &Demand) -> Finding {
    const NAME: &str = "ip_local_port_range";
    let Some((first, last)) = machine.outgoing_ports else {
        return Finding::unknown(NAME, "net.ipv4.ip_local_port_range");
    };
    let value = format!("{first} to {last}");
    let ports = (last + 1).saturating_sub(first);
    if (first..=last).contains(&u64::from(demand.port)) {
        let advice = format!(
            "an outgoing connection may hold PORT {0} when the server starts: sysctl -w \
             net.ipv4.ip_local_reserved_ports={0}",
            demand.port
        );
        return Finding::warn(NAME, value, advice);
    }
    let advice = format!("a balancer on this machine reaches one pod's address {ports} times");
    match demand.connections(machine) {
        Some(connections) if connections > ports => {
            let advice = format!("{advice}, not {connections}: elsewhere it does not matter");
            Finding::warn(NAME, value, advice)
        }
        _ => Finding::ok(NAME, value, advice),
    }
}

fn limit(limit: u64) -> String {
    if limit == u64::MAX { "unlimited".to_owned() } else { limit.to_string() }
}
