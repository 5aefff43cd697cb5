//! In flight: publishes that Redis has not answered yet.
//!
//! Bounded here and not by the client library, whose own bound breaks it. Each has a deadline;
//! answers come in any order, and an answer to something that is no longer here says nothing.
//!
//! On a busy machine it may be the pod that is late and not Redis. The answer lies in the socket,
//! and nobody has looked: a deadline that is looked at much too late counts from then, once. Or
//! thousands of publishes wait to be written: answers come in their order, so while they come, those
//! to the others are still on their way, and their deadlines are put off, twice at the most.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::record::{OutRecord, Ticket};

/// A deadline that is looked at so long after it passed says that nobody was here to look.
const LATE_AFTER: Duration = Duration::from_millis(100);

/// How often a deadline is put off because answers come.
const DELAYS_MAX: u32 = 2;

/// The bounds of what is in flight; at any of them nothing further is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlightLimits {
    /// Publishes.
    pub records_max: usize,
    /// Bytes of payloads, and 128 for each record. A single record may always go.
    pub bytes_max: usize,
    /// How long Redis may take to answer.
    pub timeout: Duration,
}

impl Default for InFlightLimits {
    /// 8,192 publishes, 8 MiB, five seconds. A Redis that answers nothing is found by its probe
    /// long before; where the machine is busy, the answers to thousands of publishes take their time.
    fn default() -> InFlightLimits {
        InFlightLimits {
            records_max: 8_192,
            bytes_max: 8 * 1024 * 1024,
            timeout: Duration::from_secs(5),
        }
    }
}

/// Publishes under way.
#[derive(Debug)]
pub struct InFlight {
    limits: InFlightLimits,
    flights: BTreeMap<Ticket, Flight>,
    /// In the order of the deadlines; what has been answered meanwhile is skipped.
    deadlines: VecDeque<(Instant, Ticket)>,
    bytes: usize,
    answered_at: Option<Instant>,
}

#[derive(Debug)]
struct Flight {
    record: OutRecord,
    deadline: Instant,
    was_spared: bool,
    delays: u32,
}

impl InFlight {
    /// Nothing under way.
    pub fn new(limits: InFlightLimits) -> InFlight {
        InFlight {
            limits,
            flights: BTreeMap::new(),
            deadlines: VecDeque::new(),
            bytes: 0,
            answered_at: None,
        }
    }

    /// Whether `record` may go now.
    pub fn has_room(&self, record: &OutRecord) -> bool {
        let fits = self.bytes + record.weight() <= self.limits.bytes_max;
        self.flights.is_empty() || (self.flights.len() < self.limits.records_max && fits)
    }

    /// Notes that `record` is published now.
    pub fn insert(&mut self, now: Instant, ticket: Ticket, record: OutRecord) {
        let deadline = now + self.limits.timeout;
        self.bytes += record.weight();
        self.deadlines.push_back((deadline, ticket));
        if let Some(before) =
            self.flights.insert(ticket, Flight { record, deadline, was_spared: false, delays: 0 })
        {
            self.bytes -= before.record.weight();
        }
    }

    /// Redis has taken something: it goes on.
    pub fn handle_answer(&mut self, now: Instant) {
        self.answered_at = Some(now);
    }

    /// The record that was said first.
    pub fn first(&self) -> Option<&OutRecord> {
        self.flights.first_key_value().map(|(_, flight)| &flight.record)
    }

    /// Takes out what Redis has answered.
    pub fn complete(&mut self, ticket: Ticket) -> Option<OutRecord> {
        let flight = self.flights.remove(&ticket)?;
        self.bytes -= flight.record.weight();
        self.skip_answered();
        Some(flight.record)
    }

    /// Takes out a record that was not answered in time; the caller asks until there is none.
    pub fn poll_expired(&mut self, now: Instant) -> Option<(Ticket, OutRecord)> {
        let ticket = loop {
            self.skip_answered();
            let (deadline, ticket) = *self.deadlines.front()?;
            if deadline > now {
                return None;
            }
            let flight = self.flights.get_mut(&ticket)?;
            let is_going_on = self.answered_at.is_some_and(|at| now < at + self.limits.timeout);
            if is_going_on && flight.delays < DELAYS_MAX {
                flight.delays += 1;
            } else if !flight.was_spared && now >= deadline + LATE_AFTER {
                flight.was_spared = true;
            } else {
                break ticket;
            }
            flight.deadline = now + self.limits.timeout;
            self.deadlines.push_back((flight.deadline, ticket));
        };
        let record = self.complete(ticket)?;
        Some((ticket, record))
    }

    /// Takes out the oldest, whatever its deadline: the connection is gone.
    pub fn pop(&mut self) -> Option<(Ticket, OutRecord)> {
        let ticket = self.first_ticket()?;
        Some((ticket, self.complete(ticket)?))
    }

    /// The place of the oldest.
    pub fn first_ticket(&self) -> Option<Ticket> {
        self.flights.first_key_value().map(|(ticket, _)| *ticket)
    }

    /// When the next deadline is.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.flights.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.flights.is_empty()
    }

    /// What they weigh, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn skip_answered(&mut self) {
        while let Some((deadline, ticket)) = self.deadlines.front() {
            if self.flights.get(ticket).is_some_and(|flight| flight.deadline == *deadline) {
                return;
            }
            self.deadlines.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
