//! Recalling: what Redis keeps of a room, for members that missed more than their shard knows.
//!
//! A member that came back hears nothing of its rooms until the answer is there, and others are not
//! kept waiting. What is read counts only where the pod hears the room by then: what was said
//! before that is in the stream, what is said after it comes by itself. Where Redis does not answer
//! within [`READ_TIMEOUT`], the shard answers with what it has, and says that something may be
//! missing.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use stentor_bus::bus::Rooms;
use stentor_bus::histories::{Histories, READ_TIMEOUT};
use stentor_bus::stream_history::{Cut, Kept};
use stentor_bus::waiters::Release;
use stentor_shard::time::Now;
use stentor_shard::{MemberId, OfRoom, Recollection};
use stentor_wire::room_name::RoomName;
use stentor_wire::uuid_v7;
use uuid::Uuid;

use crate::driver::Driver;
use crate::pod_bus::PodBus;

/// Answers of one turn at the most.
const ANSWERS_PER_TURN_MAX: usize = 256;

/// Members for whom Redis is asked at once; past it the shard answers with what it has.
const ASKED_MAX: usize = 16_384;

/// The questions of one shard.
pub(super) struct Recalling {
    histories: Histories,
    rooms: Rooms,
    questions: FuturesUnordered<Question>,
    /// What a wait has found, for the next turn.
    found: Option<Answered>,
}

type Question = Pin<Box<dyn Future<Output = Answered> + Send>>;

struct Answered {
    member: MemberId,
    client_id: Uuid,
    found: Option<Recollection>,
}

/// A member that came back, and its rooms; `None` is for everybody.
pub(super) struct Wanted {
    pub(super) member: MemberId,
    pub(super) client_id: Uuid,
    pub(super) rooms: Vec<Option<RoomName>>,
    pub(super) last_id: Uuid,
}

impl Recalling {
    /// `None` where Redis keeps nothing.
    pub(super) fn new(bus: &PodBus) -> Option<Recalling> {
        let histories = bus.histories.clone()?;
        let (rooms, questions) = (bus.rooms.clone(), FuturesUnordered::new());
        Some(Recalling { histories, rooms, questions, found: None })
    }

    /// Returns when the next turn finds an answer; never, where nothing is asked.
    ///
    /// # Cancel safety
    /// What was found is kept for the next turn.
    pub(super) async fn answered(&mut self) {
        if self.found.is_none() {
            match self.questions.next().await {
                Some(answered) => self.found = Some(answered),
                None => pending().await,
            }
        }
    }

    fn ask(&mut self, wanted: Wanted) {
        let (histories, joined) = (self.histories.clone(), self.rooms.clone());
        self.questions.push(Box::pin(async move {
            let Wanted { member, client_id, rooms, last_id } = wanted;
            let names = rooms.iter().flatten().cloned().collect();
            let found = if hears(&joined, names).await {
                Some(recall(&histories, rooms, last_id).await)
            } else {
                None
            };
            // Nothing at all is no better than what the shard has.
            let found = found.filter(|found| !found.rooms.is_empty());
            Answered { member, client_id, found }
        }));
    }

    fn poll_answered(&mut self) -> Option<Answered> {
        if self.found.is_none() && self.questions.is_empty() {
            return None;
        }
        self.found.take().or_else(|| self.questions.next().now_or_never().flatten())
    }
}

impl Driver {
    /// Asks Redis what a member has missed, or lets its shard answer where that is of no use.
    pub(super) fn recall(&mut self, now: Now, wanted: Wanted) {
        match &mut self.recalling {
            Some(recalling) if recalling.questions.len() < ASKED_MAX => recalling.ask(wanted),
            _ => self.shard.handle_history(now, wanted.member, wanted.client_id, None),
        }
    }

    /// Lets those catch up for whom there is an answer.
    pub(super) fn take_recollections(&mut self, now: Now) {
        for _ in 0..ANSWERS_PER_TURN_MAX {
            let Some(recalling) = &mut self.recalling else { return };
            let Some(Answered { member, client_id, found }) = recalling.poll_answered() else {
                return;
            };
            self.shard.handle_history(now, member, client_id, found);
        }
    }
}

/// Waits until the pod hears these rooms; `false` where it will not within [`READ_TIMEOUT`].
async fn hears(joined: &Rooms, rooms: Vec<RoomName>) -> bool {
    let asked_at = Instant::now();
    loop {
        match joined.joined(rooms.clone()).await {
            Release::Confirmed => return true,
            Release::LinkDown => return false,
            // A handshake waits no longer than this; who is let in already may.
            Release::Overdue if asked_at.elapsed() < READ_TIMEOUT => {}
            Release::Overdue => return false,
        }
    }
}

/// Reads all rooms at once and judges what is missing of each.
async fn recall(
    histories: &Histories,
    rooms: Vec<Option<RoomName>>,
    last_id: Uuid,
) -> Recollection {
    let reads = rooms.into_iter().map(|room| async {
        let kept = histories.read(room.clone()).await;
        kept.ok().map(|kept| (room, kept))
    });
    let read: Vec<(Option<RoomName>, Arc<Kept>)> =
        join_all(reads).await.into_iter().flatten().collect();
    let heard_at_unix_millis = heard_at(&read, last_id);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let of_room = |(room, kept): (Option<RoomName>, Arc<Kept>)| {
        let has_it = kept.entries.iter().any(|entry| entry.id == last_id);
        let cut = match heard_at_unix_millis {
            Some(at) if !has_it => Cut::Time(at),
            _ => Cut::Id(last_id),
        };
        let replay = kept.replay(cut, histories.history(), now);
        OfRoom {
            room,
            frames: replay.messages.into_iter().map(|message| message.frame).collect(),
            is_whole: replay.recovered,
            oldest_id: replay.oldest_id.map(|id| id.to_string()),
        }
    };
    let rooms = read.into_iter().map(of_room).collect();
    Recollection { heard_at_unix_millis, rooms }
}

/// When a client heard this message, at the earliest: by the message itself, or what time its id
/// tells.
fn heard_at(read: &[(Option<RoomName>, Arc<Kept>)], last_id: Uuid) -> Option<u64> {
    let entries = read.iter().flat_map(|(_, kept)| &kept.entries);
    let said = entries.filter(|entry| entry.id == last_id).map(|entry| entry.heard_from()).min();
    said.or(uuid_v7::unix_millis(last_id))
}
