//! Outbox: what is to be published and could not be yet.
//!
//! In the order in which it was said. What comes back from a failed publish stands at its old
//! place again, before everything that was said later, so order per channel is kept. Full, it
//! drops the oldest: its number is given out already, so receivers see the hole when they hear
//! the next one.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::record::{OutRecord, Ticket};

/// The bounds of an outbox; past any of them the oldest is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimits {
    /// Records.
    pub records_max: usize,
    /// Bytes of payloads, and 128 for each record.
    pub bytes_max: usize,
    /// The time since a record was said.
    pub age_max: Duration,
}

impl Default for OutboxLimits {
    /// 65,536 records, 32 MiB, one minute.
    fn default() -> OutboxLimits {
        OutboxLimits {
            records_max: 65_536,
            bytes_max: 32 * 1024 * 1024,
            age_max: Duration::from_secs(60),
        }
    }
}

/// What was dropped since somebody asked last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// All together.
    pub records: u64,
    /// By channel; at most [`CHANNELS_TOLD_MAX`] of them.
    pub by_channel: HashMap<Audience, u64>,
    /// Of channels that found no place in `by_channel`.
    pub elsewhere: u64,
}

/// The most channels whose drops are told one by one.
pub const CHANNELS_TOLD_MAX: usize = 1_024;

/// Records that wait.
#[derive(Debug)]
pub struct Outbox {
    limits: OutboxLimits,
    records: BTreeMap<Ticket, OutRecord>,
    bytes: usize,
    dropped: Dropped,
}

impl Outbox {
    /// An empty one.
    pub fn new(limits: OutboxLimits) -> Outbox {
        Outbox { limits, records: BTreeMap::new(), bytes: 0, dropped: Dropped::default() }
    }

    /// Takes a record in at its place.
    pub fn push(&mut self, ticket: Ticket, record: OutRecord) {
        self.bytes += record.weight();
        if let Some(before) = self.records.insert(ticket, record) {
            self.bytes -= before.weight();
        }
    }

    /// Drops the oldest record that is past a bound; the caller asks until there is none.
    pub fn poll_dropped(&mut self, now: Instant) -> Option<OutRecord> {
        let (_, oldest) = self.records.first_key_value()?;
        let full =
            self.records.len() > self.limits.records_max || self.bytes > self.limits.bytes_max;
        if !full && oldest.said_at + self.limits.age_max >= now {
            return None;
        }
        let (_, record) = self.pop()?;
        self.dropped.note(&record.audience);
        Some(record)
    }

    /// The record that is next, without taking it.
    pub fn first(&self) -> Option<&OutRecord> {
        self.records.first_key_value().map(|(_, record)| record)
    }

    /// The place of the record that is next.
    pub fn first_ticket(&self) -> Option<Ticket> {
        self.records.first_key_value().map(|(ticket, _)| *ticket)
    }

    /// Takes the record that is next.
    pub fn pop(&mut self) -> Option<(Ticket, OutRecord)> {
        let (ticket, record) = self.records.pop_first()?;
        self.bytes -= record.weight();
        Some((ticket, record))
    }

    /// Takes out a record that turned out to be published after all.
    pub fn remove(&mut self, ticket: Ticket) -> Option<OutRecord> {
        let record = self.records.remove(&ticket)?;
        self.bytes -= record.weight();
        Some(record)
    }

    /// When the next record is too old.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.first().map(|record| record.said_at + self.limits.age_max + Duration::from_micros(1))
    }

    /// What was dropped since this was asked last.
    pub fn take_dropped(&mut self) -> Dropped {
        std::mem::take(&mut self.dropped)
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// What they weigh, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Dropped {
    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Dropped) -> Dropped {
        self.records += other.records;
        self.elsewhere += other.elsewhere;
        for (audience, count) in other.by_channel {
            if self.by_channel.len() < CHANNELS_TOLD_MAX || self.by_channel.contains_key(&audience)
            {
                *self.by_channel.entry(audience).or_default() += count;
            } else {
                self.elsewhere += count;
            }
        }
        self
    }

    fn note(&mut self, audience: &Audience) {
        self.records += 1;
        if let Some(count) = self.by_channel.get_mut(audience) {
            *count += 1;
        } else if self.by_channel.len() < CHANNELS_TOLD_MAX {
            self.by_channel.insert(audience.clone(), 1);
        } else {
            self.elsewhere += 1;
        }
    }
}

#[cfg(test)]
mod tests;
