//! A timer that wakes the event loop to the microsecond: `poll` itself only counts milliseconds,
//! and a message that leaves up to one late is no measure of a server that answers in 0.1.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use crate::measure::moment::Moment;

/// A timer descriptor (timerfd_create(2)) and the moment that it is set to.
#[derive(Debug)]
pub(crate) struct WakeTimer {
    descriptor: OwnedFd,
    set_to: Moment,
}

impl WakeTimer {
    /// A timer that wakes `poll` with `token`.
    ///
    /// # Errors
    /// If the system has no descriptor left.
    pub(crate) fn new(poll: &Poll, token: Token) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let source = descriptor.as_raw_fd();
        poll.registry().register(&mut SourceFd(&source), token, Interest::READABLE)?;
        Ok(Self { descriptor, set_to: Moment::NEVER })
    }

    /// Sets the timer to `due`; a moment that it is set to already costs nothing.
    ///
    /// # Errors
    /// None that this use can bring about.
    pub(crate) fn set(&mut self, due: Moment, now: Moment) -> io::Result<()> {
        if due == self.set_to {
            return Ok(());
        }
        self.set_to = due;
        // A span of zero would disarm it.
        let span = due.since(now).max(Duration::from_nanos(1));
        let it_value = Timespec {
            tv_sec: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: span.subsec_nanos().into(),
        };
        let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value };
        timerfd_settime(&self.descriptor, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }
}
