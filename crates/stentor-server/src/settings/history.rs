//! The settings of the history: what is kept for clients that come back.

use std::time::Duration;

use stentor_engine::History;

use super::read::Reader;
use super::{Arguments, BusSettings, values};

/// The most messages that a room keeps; each resume looks at all of them.
const SIZE_MAX: u64 = 16_384;

/// The longest time; a room that is heard at Redis is heard for as long after its last member left.
const TTL_MAX: Duration = Duration::from_secs(60 * 60);

/// The least that is worth keeping a history for: some messages of the largest size.
const BYTES_MIN: u64 = 1 << 20;

/// The most, in bytes: a tebibyte.
const BYTES_MAX: u64 = 1 << 40;

/// Where rooms keep their last messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryMode {
    /// Nowhere.
    Off,
    /// In each pod's memory.
    Memory,
    /// In Redis, for all pods, and in each pod's memory.
    Redis,
}

/// What is kept, and where.
#[derive(Clone, Copy, Debug)]
pub struct HistorySettings {
    /// Where.
    pub mode: HistoryMode,
    /// What, where it is kept at all.
    pub kept: History,
}

impl HistorySettings {
    /// What the engine keeps.
    pub(super) fn of_engine(&self) -> Option<History> {
        (self.mode != HistoryMode::Off).then_some(self.kept)
    }
}

/// Each setting on its own.
pub(super) fn judge(arguments: &Arguments, reader: &mut Reader) -> Option<HistorySettings> {
    let a = arguments;
    let mode = reader.read("HISTORY", &a.history, "memory", mode);
    let size = reader
        .read("HISTORY_SIZE", &a.history_size, "256", |text| values::number(text, 1, SIZE_MAX));
    let ttl = reader.read("HISTORY_TTL", &a.history_ttl, "60s", |text| {
        let ttl = values::duration(text)?;
        if ttl > TTL_MAX { Err(format!("{text:?} is more than an hour")) } else { Ok(ttl) }
    });
    let bytes = reader.read("HISTORY_BYTES", &a.history_bytes, "67108864", |text| {
        values::number(text, BYTES_MIN, BYTES_MAX)
    });
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let mode = mode?;
    let at_redis = mode == HistoryMode::Redis;
    let kept = History { size: whole(size?), ttl: ttl?, bytes_max: whole(bytes?), at_redis };
    Some(HistorySettings { mode, kept })
}

/// What contradicts another setting.
pub(super) fn contradiction(
    history: &HistorySettings,
    bus: Option<&BusSettings>,
) -> Option<&'static str> {
    (history.mode == HistoryMode::Redis && bus.is_none())
        .then_some("is redis, but there is no REDIS_URL to keep anything at")
}

/// `off`, `memory` or `redis`.
fn mode(text: &str) -> Result<HistoryMode, String> {
    match text {
        "off" => Ok(HistoryMode::Off),
        "memory" => Ok(HistoryMode::Memory),
        "redis" => Ok(HistoryMode::Redis),
        _ => Err(format!("{text:?} is none of memory, redis, off")),
    }
}

#[cfg(test)]
mod tests;
