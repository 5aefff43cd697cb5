//! What the kernel says of this machine, read from its files below any root.
//!
//! Judges nothing. What cannot be read is `None`.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// No file that is read here is larger, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// How many folders of cgroups stand above each other at most.
const CGROUP_DEPTH_MAX: usize = 32;

/// The figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Machine {
    pub(super) descriptors: Option<Descriptors>,
    /// The longest queue of connections that wait to be accepted.
    pub(super) accept_queue_max: Option<u64>,
    /// First and last port of outgoing connections.
    pub(super) outgoing_ports: Option<(u64, u64)>,
    /// Bytes of all buffers of TCP together, at which the kernel allows no more.
    pub(super) tcp_bytes_max: Option<u64>,
    /// Bytes of what one slow reader has not taken, at most.
    pub(super) send_buffer_max: Option<u64>,
    /// Bytes that can be had without swapping.
    pub(super) memory_available: Option<u64>,
    /// Bytes that the cgroups of this process leave.
    pub(super) memory_left_by_cgroup: Option<u64>,
    /// Connections that the firewall follows at most; `None` where it follows none.
    pub(super) tracked_max: Option<u64>,
}

/// How many files this process may have open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Descriptors {
    /// Until it raises this, which the server does.
    pub(super) soft: u64,
    pub(super) hard: u64,
}

impl Machine {
    /// Reads below this root, which is `/` but in tests.
    pub(super) fn read(root: &Path, page_bytes: u64) -> Machine {
        let files = Files { root };
        let tcp_pages: Option<[u64; 3]> = files.numbers("proc/sys/net/ipv4/tcp_mem");
        let send_buffer: Option<[u64; 3]> = files.numbers("proc/sys/net/ipv4/tcp_wmem");
        let ports = files.numbers("proc/sys/net/ipv4/ip_local_port_range");
        Machine {
            descriptors: files.descriptors(),
            accept_queue_max: files.number("proc/sys/net/core/somaxconn"),
            outgoing_ports: ports.map(|[first, last]: [u64; 2]| (first, last)),
            tcp_bytes_max: tcp_pages.map(|[_, _, most]| most.saturating_mul(page_bytes)),
            send_buffer_max: send_buffer.map(|[_, _, most]| most),
            memory_available: files.memory_available(),
            memory_left_by_cgroup: files.memory_left_by_cgroup(),
            tracked_max: files.number("proc/sys/net/netfilter/nf_conntrack_max"),
        }
    }
}

struct Files<'a> {
    root: &'a Path,
}

impl Files<'_> {
    fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        use std::io::Read;
        let mut text = String::new();
        let file = fs::File::open(self.root.join(path)).ok()?;
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn number(&self, path: impl AsRef<Path>) -> Option<u64> {
        self.text(path)?.trim().parse().ok()
    }

    fn numbers<const COUNT: usize>(&self, path: &str) -> Option<[u64; COUNT]> {
        let text = self.text(path)?;
        let numbers: Result<Vec<u64>, _> = text.split_whitespace().map(u64::from_str).collect();
        numbers.ok()?.try_into().ok()
    }

    /// `Max open files            1024                 524288               files`
    fn descriptors(&self) -> Option<Descriptors> {
        let limits = self.text("proc/self/limits")?;
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        let mut words = line.split_whitespace();
        let mut next = || match words.next()? {
            "unlimited" => Some(u64::MAX),
            number => number.parse().ok(),
        };
        Some(Descriptors { soft: next()?, hard: next()? })
    }

    /// `MemAvailable:   23456789 kB`
    fn memory_available(&self) -> Option<u64> {
        let text = self.text("proc/meminfo")?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        kibibytes.checked_mul(1024)
    }

    /// The least that any cgroup leaves on the way up, of version 2 or of 1.
    fn memory_left_by_cgroup(&self) -> Option<u64> {
        let groups = self.text("proc/self/cgroup")?;
        let left = groups.lines().filter_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            if controllers.is_empty() {
                return self.least_left("sys/fs/cgroup", path, "memory.max", "memory.current");
            }
            let is_of_memory = controllers.split(',').any(|controller| controller == "memory");
            let (most, used) = ("memory.limit_in_bytes", "memory.usage_in_bytes");
            is_of_memory.then(|| self.least_left("sys/fs/cgroup/memory", path, most, used))?
        });
        left.min()
    }

    /// A container sees its own cgroup at the top, wherever the host has it: where the path leads
    /// nowhere the top counts.
    fn least_left(&self, top: &str, path: &str, most: &str, used: &str) -> Option<u64> {
        let below = PathBuf::from(path.trim_start_matches('/'));
        let folders = below.ancestors().take(CGROUP_DEPTH_MAX).map(|at| Path::new(top).join(at));
        let left = folders.filter_map(|folder| {
            // `max` is no number, and no limit.
            let most = self.number(folder.join(most))?;
            Some(most.saturating_sub(self.number(folder.join(used))?))
        });
        left.min()
    }
}
