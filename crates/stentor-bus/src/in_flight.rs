//! In flight: publishes that Redis has not answered yet.
//!
//! Bounded here and not by the client library, whose own bound breaks it. Each has a deadline;
//! answers come in any order, and an answer to something that is no longer here says nothing.
//!
//! On a busy machine it may be the pod that is late and not Redis: the answer lies in the socket,
//! and nobody has looked. So a deadline that is looked at much too late counts from then, once.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::record::{OutRecord, Ticket};

/// A deadline that is looked at so long after it passed says that nobody was here to look.
const LATE_AFTER: Duration = Duration::from_millis(100);

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
    /// 8,192 publishes, 8 MiB, one second.
    fn default() -> InFlightLimits {
        InFlightLimits {
            records_max: 8_192,
            bytes_max: 8 * 1024 * 1024,
            timeout: Duration::from_secs(1),
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
}

#[derive(Debug)]
struct Flight {
    record: OutRecord,
    deadline: Instant,
    was_spared: bool,
}

impl InFlight {
    /// Nothing under way.
    pub fn new(limits: InFlightLimits) -> InFlight {
        InFlight { limits, flights: BTreeMap::new(), deadlines: VecDeque::new(), bytes: 0 }
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
            self.flights.insert(ticket, Flight { record, deadline, was_spared: false })
        {
            self.bytes -= before.record.weight();
        }
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
            if flight.was_spared || now < deadline + LATE_AFTER {
                break ticket;
            }
            flight.was_spared = true;
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
