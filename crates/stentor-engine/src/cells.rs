//! Cells: where shards leave their figures for whoever asks.
//!
//! A shard counts in plain numbers and copies them here once a turn; a reader sees figures that
//! are at most a turn old and stops nobody.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use stentor_shard::Shard;
use stentor_shard::counters::{BOUNDS_MICROS, Histogram};
use stentor_shard::time::Instant;
use stentor_wire::close::CloseCode;

use crate::figures::{Dropped, ShardFigures, Times};

const CODES: usize = CloseCode::ALL.len();

/// Why a socket never became a member.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TurnedAway {
    /// The door said no.
    Refused,
    /// There was no place at the door.
    CrowdedOut,
    /// It had not said what it wants in time.
    TimedOut,
    /// Its peer left before it had.
    GoneEarly,
    /// There is TLS here, and the two did not come to terms.
    NoTls,
}

/// One shard's figures, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Cells {
    connections: AtomicU64,
    rooms: AtomicU64,
    queued: AtomicU64,
    messages_received: AtomicU64,
    messages_sent: AtomicU64,
    dropped_ring_full: AtomicU64,
    dropped_closed: AtomicU64,
    dropped_history: AtomicU64,
    messages_refused: AtomicU64,
    connections_opened: AtomicU64,
    gaps_told: AtomicU64,
    gaps_untold: AtomicU64,
    batches_missed: AtomicU64,
    resumes_recovered: AtomicU64,
    resumes_incomplete: AtomicU64,
    messages_replayed: AtomicU64,
    history_messages: AtomicU64,
    history_bytes: AtomicU64,
    rosters: AtomicU64,
    presence_told: AtomicU64,
    leases: AtomicU64,
    leases_refused: AtomicU64,
    delivery_local: HistogramCell,
    delivery_remote: HistogramCell,
    turns: HistogramCell,
    /// When the turn began that is not over, in microseconds since the engine's start and one more;
    /// 0 between turns.
    turn_began: AtomicU64,
    closed: [AtomicU64; CODES],
    closed_abnormally: AtomicU64,
    refused: AtomicU64,
    crowded_out: AtomicU64,
    timed_out: AtomicU64,
    gone_early: AtomicU64,
    no_tls: AtomicU64,
}

impl Cells {
    /// Copies what the shard has counted.
    pub(crate) fn publish(&self, shard: &Shard, batches_missed: u64) {
        let counters = shard.counters();
        self.connections.store(shard.members_open() as u64, Relaxed);
        self.rooms.store(shard.rooms_open() as u64, Relaxed);
        self.messages_received.store(counters.messages_received, Relaxed);
        self.messages_sent.store(counters.messages_sent, Relaxed);
        self.dropped_ring_full.store(counters.dropped.ring_full, Relaxed);
        self.dropped_closed.store(counters.dropped.closed, Relaxed);
        self.dropped_history.store(counters.dropped.history, Relaxed);
        self.messages_refused.store(counters.messages_refused, Relaxed);
        self.connections_opened.store(counters.connections_opened, Relaxed);
        self.gaps_told.store(counters.gaps_told, Relaxed);
        self.gaps_untold.store(counters.gaps_untold, Relaxed);
        self.batches_missed.store(batches_missed, Relaxed);
        self.resumes_recovered.store(counters.resumes_recovered, Relaxed);
        self.resumes_incomplete.store(counters.resumes_incomplete, Relaxed);
        self.messages_replayed.store(counters.messages_replayed, Relaxed);
        self.rosters.store(shard.rosters() as u64, Relaxed);
        self.presence_told.store(counters.presence_told, Relaxed);
        let (leases, refused) = shard.leases();
        self.leases.store(leases as u64, Relaxed);
        self.leases_refused.store(refused, Relaxed);
        let (messages, bytes) = shard.kept();
        self.history_messages.store(messages as u64, Relaxed);
        self.history_bytes.store(bytes as u64, Relaxed);
        self.delivery_local.publish(&counters.delivery_local);
        self.delivery_remote.publish(&counters.delivery_remote);
    }

    /// Notes that a turn begins.
    pub(crate) fn begin_turn(&self, now: Instant) {
        self.turn_began.store(now.micros() + 1, Relaxed);
    }

    /// Notes that the turn is over; `turns` are all up to this one.
    pub(crate) fn end_turn(&self, turns: &Histogram) {
        self.turns.publish(turns);
        self.turn_began.store(0, Relaxed);
    }

    /// Notes how many frames wait in rings.
    pub(crate) fn publish_queued(&self, queued: usize) {
        self.queued.store(queued as u64, Relaxed);
    }

    /// Counts the end of a connection that was a member.
    pub(crate) fn count_closed(&self, code: Option<CloseCode>) {
        let position = code.and_then(|code| CloseCode::ALL.iter().position(|one| *one == code));
        let cell = position.map_or(&self.closed_abnormally, |position| &self.closed[position]);
        cell.fetch_add(1, Relaxed);
    }

    /// Counts a socket that never became a member.
    pub(crate) fn count_turned_away(&self, why: TurnedAway) {
        self.turned_away(why).fetch_add(1, Relaxed);
    }

    /// The figures as they are; `now` is the time since the engine's start.
    pub(crate) fn read(&self, now: Duration) -> ShardFigures {
        let began = self.turn_began.load(Relaxed).checked_sub(1).map(Duration::from_micros);
        ShardFigures {
            busy: self.turns.sum(),
            turn_age: began.map_or(Duration::ZERO, |began| now.saturating_sub(began)),
            connections: self.connections.load(Relaxed),
            rooms: self.rooms.load(Relaxed),
            queued: self.queued.load(Relaxed),
            messages_received: self.messages_received.load(Relaxed),
            messages_sent: self.messages_sent.load(Relaxed),
            dropped: Dropped {
                ring_full: self.dropped_ring_full.load(Relaxed),
                closed: self.dropped_closed.load(Relaxed),
                history: self.dropped_history.load(Relaxed),
            },
            messages_refused: self.messages_refused.load(Relaxed),
            connections_opened: self.connections_opened.load(Relaxed),
            gaps_told: self.gaps_told.load(Relaxed),
            gaps_untold: self.gaps_untold.load(Relaxed),
            batches_missed: self.batches_missed.load(Relaxed),
            resumes_recovered: self.resumes_recovered.load(Relaxed),
            resumes_incomplete: self.resumes_incomplete.load(Relaxed),
            messages_replayed: self.messages_replayed.load(Relaxed),
            history_messages: self.history_messages.load(Relaxed),
            history_bytes: self.history_bytes.load(Relaxed),
            rosters: self.rosters.load(Relaxed),
            presence_told: self.presence_told.load(Relaxed),
            leases: self.leases.load(Relaxed),
            leases_refused: self.leases_refused.load(Relaxed),
            refused: self.refused.load(Relaxed),
            crowded_out: self.crowded_out.load(Relaxed),
            timed_out: self.timed_out.load(Relaxed),
            gone_early: self.gone_early.load(Relaxed),
            no_tls: self.no_tls.load(Relaxed),
        }
    }

    pub(crate) fn closed(&self, position: usize) -> u64 {
        self.closed[position].load(Relaxed)
    }

    pub(crate) fn closed_abnormally(&self) -> u64 {
        self.closed_abnormally.load(Relaxed)
    }

    /// Adds these times to those of other shards: deliveries here, from elsewhere, and turns.
    pub(crate) fn add_times(&self, local: &mut Times, remote: &mut Times, turns: &mut Times) {
        self.delivery_local.add_to(local);
        self.delivery_remote.add_to(remote);
        self.turns.add_to(turns);
    }

    fn turned_away(&self, why: TurnedAway) -> &AtomicU64 {
        match why {
            TurnedAway::Refused => &self.refused,
            TurnedAway::CrowdedOut => &self.crowded_out,
            TurnedAway::TimedOut => &self.timed_out,
            TurnedAway::GoneEarly => &self.gone_early,
            TurnedAway::NoTls => &self.no_tls,
        }
    }
}

/// A histogram that others may read.
#[derive(Debug, Default)]
struct HistogramCell {
    buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
    sum_micros: AtomicU64,
}

impl HistogramCell {
    fn publish(&self, histogram: &Histogram) {
        for (cell, count) in self.buckets.iter().zip(histogram.buckets) {
            cell.store(count, Relaxed);
        }
        self.sum_micros.store(histogram.sum_micros, Relaxed);
    }

    fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros.load(Relaxed))
    }

    fn add_to(&self, times: &mut Times) {
        for (bucket, cell) in times.buckets.iter_mut().zip(&self.buckets) {
            bucket.1 += cell.load(Relaxed);
        }
        times.sum += self.sum();
    }
}
