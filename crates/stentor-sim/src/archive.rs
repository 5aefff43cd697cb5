//! The archive: the streams that the fake Redis keeps of rooms, and what it loses of them.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use stentor_bus::channel::Audience;
use stentor_bus::stream_entry::{RECORD_FIELD, SETTLED, SETTLED_FIELD, StreamEntry};
use stentor_bus::stream_history::{Kept, sound_since};
use stentor_wire::time::millis;

/// What a stream holds beyond its size before it is trimmed, as Redis trims whole nodes.
const NODE: usize = 8;

/// What a replica lags behind at the most, in milliseconds.
const LAG_MILLIS_MAX: u64 = 2_000;

#[derive(Debug, Default)]
pub(crate) struct Archive {
    streams: BTreeMap<Audience, Stream>,
    /// When something was last lacking in a room's stream, and until when that is known.
    lacks: BTreeMap<Audience, (u64, u64)>,
    /// When the server began, in milliseconds since 1970.
    began_at: u64,
}

#[derive(Debug, Default)]
struct Stream {
    entries: Vec<Stored>,
    /// The last place that was given out.
    last: (u64, u64),
    dies_at: Option<u64>,
}

#[derive(Debug)]
struct Stored {
    at: (u64, u64),
    record: Bytes,
    is_settled: bool,
}

impl Archive {
    /// `XADD … MAXLEN ~`, at this time by the server's clock, in milliseconds since 1970.
    pub(crate) fn append(&mut self, now: u64, audience: &Audience, size: usize, entry: Appended) {
        self.bury(now);
        let stream = self.streams.entry(audience.clone()).or_default();
        let (millis, count) = stream.last;
        stream.last = if now > millis { (now, 0) } else { (millis, count + 1) };
        let Appended { record, is_settled } = entry;
        stream.entries.push(Stored { at: stream.last, record, is_settled });
        if stream.entries.len() > size + NODE {
            stream.entries.drain(..NODE);
        }
    }

    /// `PEXPIRE`.
    pub(crate) fn renew(&mut self, now: u64, audience: &Audience, lifetime: Duration) {
        self.bury(now);
        if let Some(stream) = self.streams.get_mut(audience) {
            stream.dies_at = Some(now + millis(lifetime));
        }
    }

    /// Writes down that something is lacking.
    pub(crate) fn lack(&mut self, now: u64, audience: &Audience, lifetime: Duration) {
        self.lacks.insert(audience.clone(), (now, now + millis(lifetime)));
    }

    /// The last entries of a stream, with what else a session knows of them that began at
    /// `connected_at`.
    pub(crate) fn read(
        &mut self,
        now: u64,
        audience: &Audience,
        size: usize,
        connected_at: u64,
    ) -> Kept {
        self.bury(now);
        let all = self.streams.get(audience).map_or(&[][..], |stream| &stream.entries);
        let last = &all[all.len().saturating_sub(size)..];
        let lacking = self.lacks.get(audience).filter(|(_, dies_at)| now < *dies_at);
        // Redis tells the difference of whole seconds.
        let uptime = (now / 1_000).saturating_sub(self.began_at / 1_000);
        Kept {
            entries: last.iter().filter_map(Stored::parse).collect(),
            is_whole: last.len() < size,
            sound_since: sound_since(now, uptime, connected_at),
            lacking_at: lacking.map(|(at, _)| *at),
        }
    }

    /// The server dies: it keeps what it had, or what a replica had of it, or nothing.
    pub(crate) fn die(&mut self, now: u64, random: &mut fastrand::Rng) {
        let kept_until = match random.u32(0..3) {
            0 => u64::MAX,
            1 => now.saturating_sub(random.u64(0..LAG_MILLIS_MAX)),
            _ => 0,
        };
        for stream in self.streams.values_mut() {
            stream.entries.retain(|stored| stored.at.0 <= kept_until);
            stream.last = stream.entries.last().map_or((0, 0), |stored| stored.at);
        }
        self.streams.retain(|_, stream| !stream.entries.is_empty());
        self.lacks.retain(|_, (at, _)| *at <= kept_until);
    }

    /// It begins anew.
    pub(crate) fn begin(&mut self, now: u64) {
        self.began_at = now;
    }

    fn bury(&mut self, now: u64) {
        self.streams.retain(|_, stream| stream.dies_at.is_none_or(|dies_at| now < dies_at));
    }
}

/// What is appended to a stream.
#[derive(Clone, Debug)]
pub(crate) struct Appended {
    pub(crate) record: Bytes,
    pub(crate) is_settled: bool,
}

impl Stored {
    fn parse(&self) -> Option<StreamEntry> {
        let place = format!("{}-{}", self.at.0, self.at.1);
        let record: [&[u8]; 2] = [RECORD_FIELD.as_bytes(), &self.record];
        let settled = [SETTLED_FIELD.as_bytes(), SETTLED.as_bytes()];
        let settled = settled.into_iter().filter(|_| self.is_settled);
        StreamEntry::parse(place.as_bytes(), record.into_iter().chain(settled))
    }
}
