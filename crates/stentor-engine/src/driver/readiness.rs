//! Readiness: which sockets are read in a turn, and in which order.
//!
//! Members come first: what they say is what the others wait for. Who comes or goes waits in the
//! lines of the [strangers](super::strangers), of which a turn serves a few. All that the poll has is
//! taken in at once, because it does not know members from strangers and hands them out in order.

use std::io;
use std::time::Duration;

use mio::Events;
use mio::event::Event as SocketEvent;
use stentor_shard::MemberId;
use stentor_shard::time::{Instant, Now};

use crate::clock::Clock;
use crate::connection::Phase;
use crate::driver::{Driver, LISTENER};

/// Polls of one turn at the most, 512 events each.
const POLLS_PER_TURN_MAX: usize = 8;

/// What reading from members may come to in one turn. Its messages are bounded because a turn is
/// one write for each member of a room, and should fit into a socket's buffer.
const READS_PER_TURN_MAX: usize = 4_096;
const MESSAGES_PER_TURN_MAX: u64 = 512;
const READING_PER_TURN_MAX: Duration = Duration::from_millis(10);

/// After so many reads the clock is looked at.
const READS_PER_LOOK: usize = 32;

/// Sockets at the door that a turn reads at the most; each may be a handshake of some 25 µs.
const KNOCKS_PER_TURN_MAX: usize = 128;

/// The same where they speak TLS, whose handshake is a signature and an exchange of keys.
const TLS_KNOCKS_PER_TURN_MAX: usize = 16;

/// Sockets that leave and are seen to in a turn at the most, about 20 µs each: a goodbye to be
/// answered, a stream that has ended. Fewer where members have more to say than this turn took.
const LEAVINGS_PER_TURN_MAX: usize = 64;
const LEAVINGS_PER_BUSY_TURN_MAX: usize = 16;

impl Driver {
    /// Takes what the sockets have. Where too much waits to be written already, reading waits: the
    /// peers feel it through TCP, and nothing is lost.
    pub(super) fn take_sockets(&mut self, now: Now, events: &mut Events) -> io::Result<()> {
        let mut budget = ReadBudget::new(now, self.shard.counters().messages_received);
        self.read_on(now, &mut budget);
        for _ in 0..POLLS_PER_TURN_MAX {
            self.more_events = self.wake.poll_sockets(events)?;
            for event in &*events {
                self.take_event(now, event, &mut budget);
            }
            if !self.more_events {
                break;
            }
        }
        self.accept(now);
        self.give_up_port(now);
        self.serve_strangers(now);
        Ok(())
    }

    /// Reads on where more waits than an earlier turn took. Those that waited longest come first,
    /// and leave half of the turn to the others.
    fn read_on(&mut self, now: Now, budget: &mut ReadBudget) {
        for _ in 0..self.unread.len().min(READS_PER_TURN_MAX / 2) {
            let Some(id) = self.unread.pop_front() else { break };
            let Some(connection) = self.connections.get_mut(id) else { continue };
            connection.unread = false;
            self.read_or_postpone(now, id, budget);
            if budget.is_half_spent() {
                break;
            }
        }
    }

    fn take_event(&mut self, now: Now, event: &SocketEvent, budget: &mut ReadBudget) {
        if event.token() == LISTENER {
            if let Some(entrance) = &mut self.entrance {
                entrance.note_ready();
            }
            return;
        }
        let id = MemberId(event.token().0 as u32);
        let Some(connection) = self.connections.get_mut(id) else { return };
        if event.is_writable() {
            if let Some(socket) = &mut connection.socket {
                socket.handle_writable();
            }
            self.shard.handle_writable(id);
        }
        let ended = event.is_read_closed() || event.is_error();
        // A number that was released this turn must not pass the mark on to its next owner.
        if ended && !matches!(connection.phase, Phase::Vacant) {
            connection.ended = true;
        }
        match connection.phase {
            Phase::Open if !connection.ended && event.is_readable() => {
                self.read_or_postpone(now, id, budget);
            }
            _ if ended || event.is_readable() => self.postpone(id),
            _ => {}
        }
    }

    fn read_or_postpone(&mut self, now: Now, id: MemberId, budget: &mut ReadBudget) {
        if budget.is_spent() || self.shard.is_congested() || self.fan_out.is_backed_up() {
            self.postpone(id);
        } else {
            self.read(now, id);
            budget.note_read(&self.clock, self.shard.counters().messages_received);
        }
    }

    /// Puts a socket into the line of those like it with more to read.
    pub(super) fn postpone(&mut self, id: MemberId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if matches!(connection.phase, Phase::Vacant)
            || std::mem::replace(&mut connection.unread, true)
        {
            return;
        }
        match &connection.phase {
            Phase::AtTheDoor(waiting) => {
                self.strangers.push_at_the_door(waiting.peer.ip(), id);
            }
            Phase::Open if !connection.ended && connection.goodbye.is_none() => {
                self.unread.push_back(id);
            }
            Phase::Open | Phase::Lingering | Phase::Vacant => self.strangers.push_leaving(id),
        }
    }

    /// Reads from a few of those that come or go.
    fn serve_strangers(&mut self, now: Now) {
        // Chosen before any is read, so that none is read twice: between its request and the end of
        // its stream stands the answer, which this turn's flush writes.
        let mut chosen = std::mem::take(&mut self.strangers_chosen);
        let knocks = match self.pod.config.tls {
            None => KNOCKS_PER_TURN_MAX,
            Some(_) => TLS_KNOCKS_PER_TURN_MAX,
        };
        chosen.extend(std::iter::from_fn(|| self.strangers.pop_at_the_door()).take(knocks));
        let is_busy = self.more_events || !self.unread.is_empty();
        let leavings = if is_busy { LEAVINGS_PER_BUSY_TURN_MAX } else { LEAVINGS_PER_TURN_MAX };
        chosen.extend(std::iter::from_fn(|| self.strangers.pop_leaving()).take(leavings));
        for id in chosen.drain(..) {
            self.read_stranger(now, id);
        }
        self.strangers_chosen = chosen;
        self.strangers.shrink();
    }

    fn read_stranger(&mut self, now: Now, id: MemberId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.unread = false;
        if self.shard.is_congested() || self.fan_out.is_backed_up() {
            self.postpone(id);
        } else {
            self.read(now, id);
        }
    }
}

/// What reading from members may still cost this turn.
struct ReadBudget {
    ends_at: Instant,
    reads: usize,
    /// How many messages the shard had been given when the turn began, and has now.
    messages_before: u64,
    messages: u64,
    is_late: bool,
}

impl ReadBudget {
    fn new(now: Now, messages: u64) -> ReadBudget {
        let ends_at = now.instant + READING_PER_TURN_MAX;
        ReadBudget { ends_at, reads: 0, messages_before: messages, messages, is_late: false }
    }

    /// Notes one read, and how many messages the shard has been given by now.
    fn note_read(&mut self, clock: &Clock, messages: u64) {
        self.reads += 1;
        self.messages = messages;
        if self.reads.is_multiple_of(READS_PER_LOOK) {
            self.is_late = clock.instant() >= self.ends_at;
        }
    }

    fn is_spent(&self) -> bool {
        self.is_late
            || self.reads >= READS_PER_TURN_MAX
            || self.messages - self.messages_before >= MESSAGES_PER_TURN_MAX
    }

    fn is_half_spent(&self) -> bool {
        self.reads >= READS_PER_TURN_MAX / 2
            || self.messages - self.messages_before >= MESSAGES_PER_TURN_MAX / 2
    }
}
