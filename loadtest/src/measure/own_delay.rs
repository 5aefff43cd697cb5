//! How late a thread of the generator itself may have been: what it waited for its core, and what
//! it worked meanwhile.
//!
//! Something that came is timed when it is read. If the thread that reads was ready to run and did
//! not get its core, or was busy with others' messages, then that is no latency of the server. The
//! sum of both, from one look at the sockets to the next, is the most that it may have added.
//! What the machine's own host takes away is not in it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

#[cfg(test)]
mod tests;

/// The delays of the thread that made it.
#[derive(Debug)]
pub(crate) struct OwnDelay {
    /// Where the system keeps schedstat; without it only the work is known.
    schedstat: Option<File>,
    waited: Duration,
    worked: Duration,
}

impl OwnDelay {
    /// Begins to look at this thread.
    pub(crate) fn begin() -> Self {
        let schedstat = File::open("/proc/thread-self/schedstat").ok();
        let mut own = Self { schedstat, waited: Duration::ZERO, worked: Duration::ZERO };
        own.since_last_look();
        own
    }

    /// Whether what the thread waits for its core is known.
    pub(crate) fn knows_waiting(&self) -> bool {
        self.schedstat.is_some()
    }

    /// How long it has waited for its core and worked since this was last asked.
    pub(crate) fn since_last_look(&mut self) -> Duration {
        let waited = self.schedstat.as_ref().and_then(read_waited).unwrap_or_default();
        let worked = worked();
        let delay = waited.saturating_sub(self.waited) + worked.saturating_sub(self.worked);
        (self.waited, self.worked) = (waited, worked);
        delay
    }
}

/// The CPU time of this thread.
fn worked() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), spent.tv_nsec as u32)
}

fn read_waited(schedstat: &File) -> Option<Duration> {
    let mut text = [0; 64];
    let count = schedstat.read_at(&mut text, 0).ok()?;
    parse_waited(str::from_utf8(&text[..count]).ok()?)
}

/// The second figure: nanoseconds in the queue of a core (Documentation/scheduler/sched-stats).
fn parse_waited(text: &str) -> Option<Duration> {
    text.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}
