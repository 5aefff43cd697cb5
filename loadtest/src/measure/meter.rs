//! What a process has used, read from `/proc`: CPU time and resident memory (proc_pid_stat(5)).

use std::fs;
use std::io::ErrorKind;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::failure::Failure;

#[cfg(test)]
mod tests;

/// The server under load, as the system sees it.
#[derive(Copy, Clone, Debug)]
pub(crate) struct ServerMeter {
    pid: u32,
    /// How long a tick of the CPU times is.
    tick: Duration,
}

impl ServerMeter {
    /// A meter for the process with this id.
    ///
    /// # Errors
    /// If there is none, or it has ended, or its figures are hidden from this user.
    pub(crate) fn new(pid: u32) -> Result<Self, Failure> {
        let ticks_per_second = rustix::param::clock_ticks_per_second().max(1);
        let tick = Duration::from_secs(1) / u32::try_from(ticks_per_second).unwrap_or(100);
        let meter = Self { pid, tick };
        meter.cpu()?;
        if has_ended(&meter.read("stat")?) {
            let line = format!("the server's process {pid} has ended (its parent has yet to note)");
            return Err(Failure::new(line));
        }
        Ok(meter)
    }

    /// User and system time of all threads since the process began: to the nanosecond where the
    /// system keeps schedstat, else to a tick (10 ms).
    ///
    /// # Errors
    /// If the process is gone.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        let stat = self.read("stat")?;
        let ticks = parse_cpu_ticks(&stat).ok_or_else(|| self.gone())?;
        let ticked = self.tick * u32::try_from(ticks).unwrap_or(u32::MAX);
        // The ticks are rounded down, and the threads' sum lacks those that have ended: of two
        // figures that are never too high, the higher one is the better.
        Ok(ticked.max(self.threads_cpu()))
    }

    /// The time that the threads which are there now have run.
    fn threads_cpu(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid));
        let times = threads.into_iter().flatten().flatten().filter_map(|thread| {
            let schedstat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            schedstat.split(' ').next()?.parse().ok()
        });
        times.map(Duration::from_nanos).sum()
    }

    /// Resident memory that is the process's own and no file's, in bytes; what it shares with
    /// others as memory counts too, for some servers keep their rooms there.
    ///
    /// # Errors
    /// If the process is gone.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = self.read("status")?;
        parse_resident(&status).ok_or_else(|| self.gone())
    }

    /// The core that the process is kept on; none if it may use several.
    pub(crate) fn only_core(&self) -> Option<usize> {
        let status = self.read("status").ok()?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
        list.trim().parse().ok()
    }

    fn read(&self, file: &str) -> Result<String, Failure> {
        let path = format!("/proc/{}/{file}", self.pid);
        fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => {
                Failure::new(format!("{path} may not be read by this user: run as the server's"))
            }
            _ => self.gone(),
        })
    }

    fn gone(&self) -> Failure {
        Failure::new(format!("the server's process {} is gone", self.pid))
    }
}

/// User and system time of this process, to the nanosecond.
pub(crate) fn own_cpu() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), spent.tv_nsec as u32)
}

/// The kernel's own memory on this machine, in bytes: what sockets, of both ends, are made of.
pub(crate) fn kernel_slab_bytes() -> Option<u64> {
    parse_kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "Slab")
}

/// Whether field 3, the state, is that of a process that only its parent knows of: Z or X.
fn has_ended(stat: &str) -> bool {
    let state = stat.rsplit_once(')').map(|(_, fields)| fields.trim_start());
    state.is_some_and(|state| state.starts_with(['Z', 'X', 'x']))
}

/// Fields 14 and 15, counted behind the name, which may hold spaces and brackets itself.
fn parse_cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// Anonymous and shared memory; the latter has no line in old kernels.
fn parse_resident(status: &str) -> Option<u64> {
    let shared = parse_kibibytes(status, "RssShmem").unwrap_or(0);
    parse_kibibytes(status, "RssAnon")?.checked_add(shared)
}

/// The figure of the line `name: 123 kB`, in bytes.
fn parse_kibibytes(lines: &str, name: &str) -> Option<u64> {
    let line = lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)
}
