//! Recalling: what Redis keeps of a room, for members that missed more than their shard knows.
//!
//! A member that came back hears nothing of its rooms until the answer is there, and others are not
//! kept waiting. What is read counts only where the pod hears the room by then: what was said
//! before that is in the stream, what is said after it comes by itself. Where Redis does not answer
//! within [`READ_TIMEOUT`], the shard answers with what it has, and says that something may be
//! missing.
//!
//! What was read holds for what the pod has heard, so it counts only once the shard has taken what it
//! was given before: of the bus, and of the other shards. Where one of those has no room in this
//! shard's mailbox and keeps what it owes, that may come behind it.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::Pin;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use stentor_bus::bus::Rooms;
use stentor_bus::histories::{Histories, READ_TIMEOUT};
use stentor_bus::recall::{self, Read};
use stentor_bus::stream_history::{Replay, Replayed, StreamHistory};
use stentor_bus::waiters::Release;
use stentor_shard::time::Now;
use stentor_shard::{LastHeard, MemberId, OfRoom, Recollection, Remembered};
use stentor_wire::room_name::RoomName;
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
    /// What has been found and does not count yet.
    behind: VecDeque<Behind>,
}

/// An answer, and what is to be taken before it.
struct Behind {
    answered: Answered,
    /// So many commands from the mailbox, counted from the shard's beginning.
    commands: u64,
    /// So many batches of the bus.
    batches: u64,
}

type Question = Pin<Box<dyn Future<Output = Answered> + Send>>;

struct Answered {
    member: MemberId,
    client_id: Uuid,
    last_id: Uuid,
    read: Read,
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
        Some(Recalling { histories, rooms, questions, found: None, behind: VecDeque::new() })
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

    fn len(&self) -> usize {
        self.questions.len() + self.behind.len()
    }

    fn ask(&mut self, wanted: Wanted) {
        let (histories, joined) = (self.histories.clone(), self.rooms.clone());
        self.questions.push(Box::pin(async move {
            let Wanted { member, client_id, rooms, last_id } = wanted;
            let names = rooms.iter().flatten().cloned().collect();
            let is_heard = hears(&joined, names).await;
            let read = if is_heard { read(&histories, rooms).await } else { Vec::new() };
            Answered { member, client_id, last_id, read }
        }));
    }

    fn poll_answered(&mut self) -> Option<Answered> {
        if self.found.is_none() && self.questions.is_empty() {
            return None;
        }
        self.found.take().or_else(|| self.questions.next().now_or_never().flatten())
    }

    /// The next answer that counts when so much has been taken.
    fn poll_behind(&mut self, commands: u64, batches: u64) -> Option<Answered> {
        let behind = self.behind.front()?;
        if behind.commands > commands || behind.batches > batches {
            return None;
        }
        self.behind.pop_front().map(|behind| behind.answered)
    }
}

impl Driver {
    /// Asks Redis what a member has missed, or lets its shard answer where that is of no use.
    pub(super) fn recall(&mut self, now: Now, wanted: Wanted) {
        match &mut self.recalling {
            Some(recalling) if recalling.len() < ASKED_MAX => recalling.ask(wanted),
            _ => self.shard.handle_history(now, wanted.member, wanted.client_id, None),
        }
    }

    /// Lets those catch up for whom there is an answer.
    pub(super) fn take_recollections(&mut self, now: Now) {
        let Some(recalling) = &mut self.recalling else { return };
        for _ in 0..ANSWERS_PER_TURN_MAX {
            let Some(answered) = recalling.poll_answered() else { break };
            // Counted behind the answer: what came before it lies there by now.
            let commands = self.commands_taken + self.mailbox.len() as u64;
            let batches = self.arrivals.come();
            recalling.behind.push_back(Behind { answered, commands, batches });
        }
        for _ in 0..ANSWERS_PER_TURN_MAX {
            let Some(recalling) = &mut self.recalling else { return };
            let (commands, batches) = (self.commands_taken, self.arrivals.gone());
            let Some(answered) = recalling.poll_behind(commands, batches) else { return };
            let history = recalling.histories.history();
            let Answered { member, client_id, last_id, read } = answered;
            // Nothing at all is no better than what the shard has.
            let found = (!read.is_empty()).then(|| self.recollect(now, read, last_id, history));
            self.shard.handle_history(now, member, client_id, found);
        }
    }

    /// Judges what was read, by what is known here of the hearing of pods.
    fn recollect(
        &self,
        now: Now,
        read: Read,
        last_id: Uuid,
        history: StreamHistory,
    ) -> Recollection {
        let recalled = recall::recall(read, last_id, history, now.unix_millis, |heard_at| {
            let last = if heard_at.is_known { LastHeard::Known } else { LastHeard::Unknown };
            self.shard.unheard_since(now, heard_at.unix_millis, last)
        });
        Recollection {
            heard_at_unix_millis: recalled.heard_at,
            rooms: recalled.rooms.into_iter().map(of_room).collect(),
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

/// Reads all rooms at once.
async fn read(histories: &Histories, rooms: Vec<Option<RoomName>>) -> Read {
    let reads = rooms.into_iter().map(|room| async {
        let kept = histories.read(room.clone()).await;
        kept.ok().map(|kept| (room, kept))
    });
    join_all(reads).await.into_iter().flatten().collect()
}

/// What a room's stream has for a client, as its shard takes it.
fn of_room((room, replay): (Option<RoomName>, Replay)) -> OfRoom {
    OfRoom {
        room,
        frames: replay.messages.into_iter().map(remembered).collect(),
        among: replay.among.into_iter().map(remembered).collect(),
        is_whole: replay.recovered,
        oldest_id: replay.oldest_id.map(|id| id.to_string()),
    }
}

fn remembered(message: Replayed) -> Remembered {
    Remembered { frame: message.frame, place: Some(message.place) }
}
