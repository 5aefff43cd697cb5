//! Echoes: what was read of a stream waits until the channel has brought what Redis had by then.
//!
//! The bad case first: a stream has the last of a burst, and the first of it is still on its way
//! here. Who is told the one hears the other behind it, and a sender's messages are out of order. So
//! when a stream was read, the pod says a number on the room's channel; what Redis has passed on there
//! before that comes before the number does. The channel's own order is all that this needs: it
//! holds in a cluster, too. A number that does not come back means that the room is not heard, and
//! then what was read is of no use. Knows no Redis.

use std::sync::Arc;

use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::histories::READ_TIMEOUT;
use crate::stream_history::Kept;

/// What was read and waits: at most as many as reads are under way.
#[derive(Debug, Default)]
pub struct Echoes {
    waiting: Vec<Waiting>,
    numbers: u64,
}

#[derive(Debug)]
struct Waiting {
    audience: Audience,
    number: u64,
    kept: Arc<Kept>,
    overdue_at: Instant,
}

impl Echoes {
    /// A stream was read; returns the number that is to be said on its channel.
    pub fn handle_read(&mut self, now: Instant, audience: Audience, kept: Arc<Kept>) -> u64 {
        self.numbers += 1;
        let (number, overdue_at) = (self.numbers, now + READ_TIMEOUT);
        self.waiting.push(Waiting { audience, number, kept, overdue_at });
        number
    }

    /// A number came back, or could not be said; returns what waited for it.
    pub fn handle_echo(&mut self, audience: &Audience, number: u64) -> Option<Arc<Kept>> {
        let is_it = |waiting: &Waiting| waiting.number == number && waiting.audience == *audience;
        let place = self.waiting.iter().position(is_it)?;
        Some(self.waiting.remove(place).kept)
    }

    /// The connection is gone, and all numbers with it.
    pub fn handle_link_down(&mut self) {
        self.waiting.clear();
    }

    /// A room whose number has not come back in time.
    pub fn poll_overdue(&mut self, now: Instant) -> Option<Audience> {
        // In the order in which they are due.
        self.waiting.first().filter(|waiting| waiting.overdue_at <= now)?;
        Some(self.waiting.remove(0).audience)
    }

    /// When [`Echoes::poll_overdue`] has something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.first().map(|waiting| waiting.overdue_at)
    }
}

#[cfg(test)]
mod tests;
