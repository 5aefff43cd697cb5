//! How many connections a pod with these settings holds on this machine, and what decides it.
//!
//! The bytes of a connection are those of `deploy/TUNING.md`, which says what of them was measured.

#[cfg(test)]
mod tests;

use std::fmt;

use super::machine::Machine;
use crate::settings::{HistoryMode, Settings, connections_within};

/// What a connection takes of the machine's memory while its client reads, in bytes: 200 in Stentor
/// and 4,000 in the kernel, and a fifth for what was not measured.
const CONNECTION_BYTES: u64 = 5_000;

/// What its TLS takes beside that: 3,560, and the rest as above.
const TLS_BYTES: u64 = 4_000;

/// One connection in so many has a reader that stalls with a full send buffer.
const ONE_STALLS_IN: u64 = 100;

/// What the process takes by itself, in bytes.
const PROCESS_BYTES: u64 = 10 << 20;

/// What may wait for Redis while it is away, in bytes.
const OUTAGE_BYTES: u64 = 32 << 20;

/// What may wait for a flush in a shard, in bytes.
const TURN_BYTES: u64 = 32 << 20;

/// What the settings ask of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// MAX_CONNECTIONS, where it is set.
    pub(super) connections_asked: Option<u64>,
    /// What takes memory however few connections there are, in bytes.
    pub(super) fixed_bytes: u64,
    /// What each connection takes of it, in bytes.
    pub(super) connection_bytes: u64,
    /// The port to listen on.
    pub(super) port: u16,
}

/// Something of which there is only so much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// What there is so much of.
    pub(super) name: &'static str,
    pub(super) connections: u64,
    /// How that was reckoned.
    pub(super) why: String,
}

/// How many connections are safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Safe(Option<Bound>);

impl Demand {
    pub(super) fn of(settings: &Settings, connections_asked: Option<u64>) -> Demand {
        let history = match settings.history.mode {
            HistoryMode::Off => 0,
            HistoryMode::Memory | HistoryMode::Redis => settings.history.kept.bytes_max as u64,
        };
        let outage = if settings.bus.is_some() { OUTAGE_BYTES } else { 0 };
        let turns = TURN_BYTES * settings.shards as u64;
        Demand {
            connections_asked,
            fixed_bytes: PROCESS_BYTES + history + outage + turns,
            connection_bytes: CONNECTION_BYTES + settings.tls.as_ref().map_or(0, |_| TLS_BYTES),
            port: settings.address.port(),
        }
    }

    /// How many connections the server would let in: what was asked, else all that the descriptors
    /// allow.
    pub(super) fn connections(&self, machine: &Machine) -> Option<u64> {
        let allowed = descriptors(machine).map(|bound| bound.connections);
        match (self.connections_asked, allowed) {
            (Some(asked), Some(allowed)) => Some(asked.min(allowed)),
            (asked, allowed) => asked.or(allowed),
        }
    }
}

/// The smallest of all bounds that are known.
pub(super) fn safe(machine: &Machine, demand: &Demand) -> Safe {
    let asked = demand.connections_asked.map(|connections| Bound {
        name: "MAX_CONNECTIONS",
        connections,
        why: "the machine would hold as many".to_owned(),
    });
    let of_machine =
        [descriptors(machine), memory(machine, demand), tcp_memory(machine), tracking(machine)];
    // Of equals the first: the machine's own.
    Safe(of_machine.into_iter().chain([asked]).flatten().min_by_key(|bound| bound.connections))
}

/// The hard limit, less what everything else needs.
pub(super) fn descriptors(machine: &Machine) -> Option<Bound> {
    let hard = machine.descriptors?.hard;
    let connections = connections_within(hard);
    let rest = hard - connections;
    let why = format!("the hard limit of {hard} less {rest} for everything else");
    Some(Bound { name: "descriptors", connections, why })
}

/// What is available, of the machine or of its cgroup, less what is taken however few there are.
pub(super) fn memory(machine: &Machine, demand: &Demand) -> Option<Bound> {
    let known = [machine.memory_available, machine.memory_left_by_cgroup];
    let available = known.into_iter().flatten().min()?;
    let Demand { fixed_bytes, connection_bytes, .. } = demand;
    let connections = available.saturating_sub(*fixed_bytes).checked_div(*connection_bytes)?;
    let why = format!(
        "{} MiB are to be had, {} MiB go to history and buffers, {connection_bytes} bytes to each",
        available >> 20,
        fixed_bytes >> 20
    );
    Some(Bound { name: "memory", connections, why })
}

/// How many there may be of whom one in a hundred stalls with a full send buffer.
pub(super) fn tcp_memory(machine: &Machine) -> Option<Bound> {
    let (most, buffer) = (machine.tcp_bytes_max?, machine.send_buffer_max?);
    let stalled = most.checked_div(buffer)?;
    let why = format!(
        "tcp_mem allows {} MiB for all buffers, {stalled} of {} KiB (tcp_wmem), if one reader in \
         {ONE_STALLS_IN} stalls",
        most >> 20,
        buffer >> 10
    );
    Some(Bound { name: "tcp memory", connections: stalled.saturating_mul(ONE_STALLS_IN), why })
}

/// The connections that a firewall follows.
pub(super) fn tracking(machine: &Machine) -> Option<Bound> {
    let connections = machine.tracked_max?;
    let why = "nf_conntrack_max is for all connections of the machine".to_owned();
    Some(Bound { name: "connection tracking", connections, why })
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(Bound { name, connections, why }) => {
                write!(f, "safe: {connections} connections, bounded by {name}: {why}")
            }
            None => f.write_str("safe: unknown; the system tells none of its bounds"),
        }
    }
}
