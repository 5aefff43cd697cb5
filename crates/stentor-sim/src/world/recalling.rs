//! Recalling: members that came back are told what Redis keeps, as the engine's driver has it.

use stentor_bus::channel::Audience;
use stentor_bus::histories::READ_TIMEOUT;
use stentor_bus::recall::{self, Read};
use stentor_bus::stream_history::{Replayed, StreamHistory};
use stentor_bus::waiters::Release;
use stentor_shard::{LastHeard, MemberId, OfRoom, Recollection, Remembered};
use uuid::Uuid;

use super::{Event, World};
use crate::bus::{AskId, Input};
use crate::mutation::Mutation;
use crate::pod::{Waiting, Work};
use crate::queue::Micros;

/// A member for whom Redis is asked.
#[derive(Debug)]
pub(super) struct Recall {
    pod: usize,
    shard: usize,
    member: MemberId,
    client_id: Uuid,
    last_id: Uuid,
    rooms: Vec<Audience>,
    began_at: Micros,
    /// Rooms whose answer is not there.
    left: usize,
    read: Read,
    is_done: bool,
}

/// What a shard wants to know.
pub(super) struct Wanted {
    pub(super) member: MemberId,
    pub(super) client_id: Uuid,
    pub(super) rooms: Vec<Audience>,
    pub(super) last_id: Uuid,
}

impl World {
    /// A member came back that has missed more than its shard knows.
    pub(super) fn want_history(&mut self, pod: usize, shard: usize, wanted: Wanted) {
        let Wanted { member, client_id, rooms, last_id } = wanted;
        let left = rooms.len();
        let (began_at, read) = (self.now, Vec::new());
        let recall = Recall {
            pod,
            shard,
            member,
            client_id,
            last_id,
            rooms,
            began_at,
            left,
            read,
            is_done: false,
        };
        self.recalls.push(recall);
        self.wait_to_recall(self.recalls.len() - 1);
    }

    fn wait_to_recall(&mut self, number: usize) {
        let Recall { pod, rooms, .. } = &self.recalls[number];
        let (pod, names) = (*pod, rooms.iter().flatten().cloned().collect());
        self.wait(pod, Waiting::Recall(number), names);
    }

    /// The rooms of a member are heard, or are not going to be.
    pub(super) fn recall(&mut self, number: usize, release: Release) {
        let waited = self.now - self.recalls[number].began_at;
        let patience = READ_TIMEOUT.as_micros() as Micros;
        match release {
            Release::Overdue if waited < patience => self.wait_to_recall(number),
            Release::Overdue | Release::LinkDown => self.recalled(number),
            Release::Confirmed => {
                let Recall { pod, rooms, .. } = &self.recalls[number];
                let (pod, rooms) = (*pod, rooms.clone());
                for (place, room) in rooms.into_iter().enumerate() {
                    self.tell_bus(pod, Input::Ask(ask_id(number, place), room));
                }
                self.queue.push(self.now + patience, Event::RecallOverdue(number));
            }
        }
    }

    pub(super) fn take_answer(
        &mut self,
        ask: AskId,
        found: Option<(Audience, std::sync::Arc<stentor_bus::stream_history::Kept>)>,
    ) {
        let number = (ask / ROOMS_MAX) as usize;
        let recall = &mut self.recalls[number];
        if recall.is_done {
            return;
        }
        recall.left -= 1;
        recall.read.extend(found);
        if recall.left == 0 {
            self.recalled(number);
        }
    }

    /// What has been read by now must do.
    pub(super) fn recalled(&mut self, number: usize) {
        let recall = &mut self.recalls[number];
        if std::mem::replace(&mut recall.is_done, true) {
            return;
        }
        let (pod, shard) = (recall.pod, recall.shard);
        let delay = self.delay(5, 200);
        // Behind what the other shards have put into this one's mailbox by now.
        let sides = &mut self.pods[pod].sides;
        let lanes = sides.iter_mut().map(|side| side.neighbours[shard].arrival(self.now, delay));
        let at = lanes.max().unwrap_or(self.now);
        self.queue.push(at, Event::ToShard { pod, shard, work: Work::Recalled(number) });
    }

    /// The shard judges what was read.
    pub(super) fn recollect(&mut self, number: usize) {
        let Recall { pod, shard, member, client_id, last_id, .. } = self.recalls[number];
        let read = std::mem::take(&mut self.recalls[number].read);
        let now = self.pods[pod].now(self.now);
        let Some(plan) = self.plan.history else { return };
        let shard = &mut self.pods[pod].sides[shard].shard;
        if read.is_empty() {
            return shard.handle_history(now, member, client_id, None);
        }
        let believes = self.plan.mutation == Some(Mutation::BelieveThatAllHear);
        let history =
            StreamHistory { size: plan.size, ttl: std::time::Duration::from_micros(plan.ttl) };
        let recalled =
            recall::recall(read, last_id, history, now.unix_millis, |at| match at.is_known {
                _ if believes => u64::MAX,
                true => shard.unheard_since(now, at.unix_millis, LastHeard::Known),
                false => shard.unheard_since(now, at.unix_millis, LastHeard::Unknown),
            });
        let rooms = recalled.rooms.into_iter().map(|(room, replay)| OfRoom {
            room,
            frames: replay.messages.into_iter().map(remembered).collect(),
            among: replay.among.into_iter().map(remembered).collect(),
            is_whole: replay.recovered,
            oldest_id: replay.oldest_id.map(|id| id.to_string()),
        });
        let found =
            Recollection { heard_at_unix_millis: recalled.heard_at, rooms: rooms.collect() };
        shard.handle_history(now, member, client_id, Some(found));
    }
}

/// No member is in more rooms, with that of everybody.
const ROOMS_MAX: u64 = 16;

fn ask_id(recall: usize, place: usize) -> AskId {
    recall as u64 * ROOMS_MAX + place as u64
}

fn remembered(message: Replayed) -> Remembered {
    Remembered { frame: message.frame, place: Some(message.place) }
}
