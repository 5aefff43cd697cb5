//! Recollections: what an archive knows of the rooms of a client that came back.
//!
//! An archive keeps what is said for all pods, so it may know what this shard does not. Who asked
//! it for what is the driver's business.

mod weave;

use std::collections::HashSet;

use bytes::Bytes;
use stentor_wire::encode::{frame_id, frame_timestamp};
use stentor_wire::place::Place;
use stentor_wire::room_name::RoomName;

/// What an archive knows.
#[derive(Clone, Debug, Default)]
pub struct Recollection {
    /// When the client heard its last message, in milliseconds since 1970, as far as that is known.
    pub heard_at_unix_millis: Option<u64>,
    /// One for each room that was asked for and answered.
    pub rooms: Vec<OfRoom>,
}

/// What it knows of one room.
#[derive(Clone, Debug)]
pub struct OfRoom {
    /// Which; `None` is for everybody.
    pub room: Option<RoomName>,
    /// The frames that the client has missed, in order; all that are kept, where that is not known.
    pub frames: Vec<Remembered>,
    /// The same among what the client has heard for certain, in one order; empty where not all is
    /// whole.
    pub among: Vec<Remembered>,
    /// Nothing is missing in them.
    pub is_whole: bool,
    /// The id of the oldest message that is kept.
    pub oldest_id: Option<String>,
}

/// A message that is kept.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// Its frame.
    pub frame: Bytes,
    /// Its place in what its pod has published in the room; `None` where that is not known.
    pub place: Option<Place>,
}

impl OfRoom {
    /// All that the archive has and that was `kept` elsewhere, each where its sender said it.
    pub(crate) fn weave(&mut self, kept: impl Iterator<Item = Remembered>) {
        let archived = if self.among.is_empty() { &self.frames } else { &self.among };
        self.frames = weave::weave(archived, &kept.collect::<Vec<_>>());
    }

    /// Adds to its frames those that `came` here since the client did and that the archive has: what
    /// comes to it all the same is told in its place.
    pub(crate) fn take_up<'a>(&mut self, came: impl Iterator<Item = &'a Bytes>) {
        let missed = std::mem::take(&mut self.frames);
        let mut wanted: HashSet<&str> = missed.iter().filter_map(Remembered::id).collect();
        wanted.extend(came.filter_map(|frame| frame_id(frame)));
        let is_wanted = |one: &&Remembered| one.id().is_some_and(|id| wanted.contains(id));
        self.frames = self.among.iter().filter(is_wanted).cloned().collect();
    }
}

impl Remembered {
    fn id(&self) -> Option<&str> {
        frame_id(&self.frame)
    }
}

/// The frames of all rooms, by their stamps as far as the order within each room allows. A message
/// that pods which did not hear each other have both said to a room is there once.
pub(crate) fn merge(rooms: impl Iterator<Item = OfRoom>) -> Vec<Bytes> {
    let mut all: Vec<(u64, Bytes)> = Vec::new();
    for room in rooms {
        let mut latest = 0;
        let mut ids = HashSet::with_capacity(room.frames.len());
        for Remembered { frame, .. } in room.frames {
            if frame_id(&frame).is_some_and(|id| !ids.insert(id.to_owned())) {
                continue;
            }
            let stamp = frame_timestamp(&frame).map_or(0, |timestamp| timestamp.unix_millis());
            latest = latest.max(stamp);
            all.push((latest, frame));
        }
    }
    // Stable: what has the same stamp stays in the order of its room.
    all.sort_by_key(|(stamp, _)| *stamp);
    all.into_iter().map(|(_, frame)| frame).collect()
}
