//! What the machine is, and what this process may have of it: descriptors and a core of its own.

use std::fs;
use std::net::{IpAddr, UdpSocket};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::failure::Failure;

/// Descriptors that are no connections: the event loop, the timer, files, pipes to a child.
const DESCRIPTORS_RESERVED: u64 = 64;

/// Raises the soft descriptor limit to the hard one, which needs no privilege.
///
/// # Errors
/// If the system refuses.
pub(crate) fn raise_descriptor_limit() -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(Failure::while_doing("the descriptor limit cannot be raised"))
}

/// Makes sure that so many connections fit under the descriptor limit.
///
/// # Errors
/// If they do not.
pub(crate) fn require_descriptors(connections: usize) -> Result<(), Failure> {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return Ok(()) };
    let wanted = connections as u64 + DESCRIPTORS_RESERVED;
    if wanted <= limit {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{connections} connections need {wanted} descriptors, the limit is {limit} (ulimit -n)"
    )))
}

/// How many connections fit under the descriptor limit.
pub(crate) fn connections_max() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit.saturating_sub(DESCRIPTORS_RESERVED)).unwrap_or(usize::MAX).max(1)
}

/// Whether an address is one of this machine's: only these can be bound to.
pub(crate) fn is_local(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// Keeps this process, and the children it will have, on one core.
///
/// # Errors
/// If there is no such core, or the process may not use it.
pub(crate) fn pin_to_core(core: usize) -> Result<(), Failure> {
    let none = || Failure::new(format!("there is no core {core} that this process may use"));
    if core >= CpuSet::MAX_CPU {
        return Err(none());
    }
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).map_err(|_| none())
}

/// Kernel, cores, load and congestion control: figures without them compare to nothing.
pub(crate) fn describe() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let cores = read("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count();
    let load = read("/proc/loadavg");
    format!(
        "Linux {}, {cores} cores, load {} in the last minute, congestion control {}",
        read("/proc/sys/kernel/osrelease"),
        load.split(' ').next().unwrap_or_default(),
        read("/proc/sys/net/ipv4/tcp_congestion_control"),
    )
}
