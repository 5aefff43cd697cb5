//! Recalling: what a client has missed, judged from what was read of the streams of its rooms.
//!
//! The bad case first: a room that could not be read is left out, and whoever asked says that
//! something may be missing of it. Knows no Redis and no client.

use std::sync::Arc;

use stentor_wire::uuid_v7;
use uuid::Uuid;

use crate::channel::Audience;
use crate::stream_history::{Cut, Kept, Replay, StreamHistory};

/// When a client heard its last message, at the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeardAt {
    /// In milliseconds since 1970.
    pub unix_millis: u64,
    /// Whether the message is in a stream: else it is only the time in its id.
    pub is_known: bool,
}

/// What was read of rooms, in one go.
pub type Read = Vec<(Audience, Arc<Kept>)>;

/// What is told of a client and its rooms.
#[derive(Debug)]
pub struct Recalled {
    /// When it heard its last message, in milliseconds since 1970; `None` where nothing tells.
    pub heard_at: Option<u64>,
    /// What it missed of each room that was read.
    pub rooms: Vec<(Audience, Replay)>,
}

/// What a client has missed that heard `last_id` last. `unheard_since` says since when something may
/// have been published that it did not hear; that and `now` in milliseconds since 1970.
pub fn recall(
    read: Read,
    last_id: Uuid,
    history: StreamHistory,
    now: u64,
    unheard_since: impl FnOnce(HeardAt) -> u64,
) -> Recalled {
    let heard_at = heard_at(&read, last_id);
    let unheard_since = heard_at.map_or(0, unheard_since);
    let of_room = |(room, kept): (Audience, Arc<Kept>)| {
        let has_it = kept.entries.iter().any(|entry| entry.id == last_id);
        let cut = match heard_at {
            Some(at) if !has_it => Cut::Time(at.unix_millis),
            _ => Cut::Id(last_id),
        };
        let replay = kept.replay(cut, history, now, unheard_since);
        (room, replay)
    };
    let rooms = read.into_iter().map(of_room).collect();
    Recalled { heard_at: heard_at.map(|at| at.unix_millis), rooms }
}

/// When who resumes behind this message heard that; `None` where nothing tells.
fn heard_at(read: &Read, last_id: Uuid) -> Option<HeardAt> {
    let entries = read.iter().flat_map(|(_, kept)| &kept.entries);
    let said = entries.filter(|entry| entry.id == last_id).map(|entry| entry.heard_from()).min();
    let known = said.map(|unix_millis| HeardAt { unix_millis, is_known: true });
    let by_id = || uuid_v7::unix_millis(last_id);
    known.or_else(|| by_id().map(|unix_millis| HeardAt { unix_millis, is_known: false }))
}
