//! One client as a real one is: it comes back with its `last_id`, and says again what nobody
//! acknowledged.

use std::collections::VecDeque;
use std::time::Duration;

use crate::measure::moment::Moment;
use crate::verdict::message_id::MessageId;

#[cfg(test)]
mod tests;

/// The bound of the first wait before a new attempt; each further one doubles it.
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
/// The bound of every wait.
const BACKOFF_MAX: Duration = Duration::from_secs(2);
/// How many messages a talker keeps that are not acknowledged; further ones are not said at all.
const QUEUE_MAX: usize = 1_000;

/// Where a client is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// It waits before its next attempt.
    Away,
    /// It has asked for the upgrade.
    Opening(Moment),
    /// It is connected.
    Open(Moment),
}

/// A client of one room.
#[derive(Debug)]
pub(crate) struct Client {
    /// Where it is.
    pub(crate) state: State,
    /// Which of the addresses it turns to.
    pub(crate) target: usize,
    /// The last message that it heard.
    pub(crate) last_id: Option<MessageId>,
    /// What it has to say, if it talks.
    pub(crate) talk: Option<Talk>,
    attempts: u32,
}

impl Client {
    /// A client that has not connected yet.
    pub(crate) fn new(target: usize, talk: Option<Talk>) -> Self {
        Self { state: State::Away, target, last_id: None, talk, attempts: 0 }
    }

    /// Takes note that the connection, or the attempt, is over: how long to wait for the next,
    /// with full jitter, where `jitter` is a share from 0 to 1. An attempt that failed turns to the
    /// next of so many addresses, and so does a connection that ended young.
    pub(crate) fn handle_end(&mut self, now: Moment, targets: usize, jitter: f64) -> Duration {
        let stayed = matches!(self.state, State::Open(since) if now.since(since) >= BACKOFF_MAX);
        if stayed {
            self.attempts = 0;
        } else {
            self.target = (self.target + 1) % targets;
        }
        self.state = State::Away;
        let bound = (BACKOFF_FIRST * (1 << self.attempts.min(5))).min(BACKOFF_MAX);
        self.attempts = self.attempts.saturating_add(1);
        if let Some(talk) = &mut self.talk {
            talk.begin_again();
        }
        bound.mul_f64(jitter.clamp(0.0, 1.0))
    }
}

/// What a talker has said, or wants to say, and has no answer to.
#[derive(Debug)]
pub(crate) struct Talk {
    talker: u32,
    sequence: u32,
    queue: VecDeque<Said>,
    /// How many of the queue are sent on this connection.
    sent: usize,
    /// Whether a message is kept until it is acknowledged.
    keeps: bool,
}

/// A message that waits for its answer.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    /// Which it is.
    pub(crate) id: MessageId,
    /// When it was due.
    pub(crate) due: Moment,
}

impl Talk {
    /// A talker with nothing to say yet; `keeps` if the server acknowledges.
    pub(crate) fn new(talker: u32, keeps: bool) -> Self {
        Self { talker, sequence: 0, queue: VecDeque::new(), sent: 0, keeps }
    }

    /// One more message is due; false if too many wait already.
    pub(crate) fn say(&mut self, due: Moment) -> bool {
        if self.queue.len() >= QUEUE_MAX {
            return false;
        }
        self.sequence += 1;
        let id = MessageId { talker: self.talker, sequence: self.sequence };
        self.queue.push_back(Said { id, due });
        true
    }

    /// The next message to be sent on this connection.
    pub(crate) fn next(&self) -> Option<Said> {
        self.queue.get(self.sent).copied()
    }

    /// The next message was handed to the socket.
    pub(crate) fn handle_sent(&mut self) {
        if self.keeps {
            self.sent += 1;
        } else {
            self.queue.pop_front();
        }
    }

    /// The server has answered a message: it is not sent again.
    pub(crate) fn handle_answer(&mut self, id: MessageId) {
        if let Some(place) = self.queue.iter().take(self.sent).position(|said| said.id == id) {
            self.queue.remove(place);
            self.sent -= 1;
        }
    }

    /// Whether all was sent and answered.
    pub(crate) fn is_done(&self) -> bool {
        self.queue.is_empty()
    }

    fn begin_again(&mut self) {
        self.sent = 0;
    }
}
