//! Those who talk in one process: each message that is due goes to its talker's socket.
//!
//! Knows who talks, whose turn it is and what was said; not when a message is due, and not who
//! hears it.

use crate::load::client_frame::ChatTemplate;
use crate::load::schedule::Schedule;
use crate::load::seating::{SeatMap, Seating};
use crate::load::share::Share;
use crate::load::swarm::Swarm;
use crate::load::turns::Turns;
use crate::measure::moment::Moment;
use crate::verdict::stamp::{RunId, Stamp};

/// How many messages are written in a row before what came is read.
const SENDS_IN_A_ROW_MAX: usize = 4_096;

/// The talkers of a share, in the order of their turns.
#[derive(Debug)]
pub(crate) struct Talkers {
    run: RunId,
    talkers: Vec<Talker>,
    turns: Turns,
    /// One a room.
    templates: Vec<ChatTemplate>,
    /// The last sequence number that each talker of all processes was given here: 0 for another's.
    said: Box<[u32]>,
    /// Messages sent so far.
    sent: u64,
    unsent: u64,
    /// Talkers with frames to write.
    eager: Vec<usize>,
}

/// One who talks.
#[derive(Debug)]
struct Talker {
    /// Its number among the talkers of all processes.
    number: u32,
    room: usize,
    connection: usize,
    /// How many of the frames are not written yet.
    waiting: u32,
    frames: Vec<u8>,
}

impl Talkers {
    /// The talkers of this share, with the template of each room.
    ///
    /// Messages go round all rooms first, so that one room's talkers are as far apart as can be.
    pub(crate) fn deal(
        seats: &SeatMap,
        share: &Share,
        run: RunId,
        templates: Vec<ChatTemplate>,
    ) -> Self {
        let Seating { rooms, talkers, .. } = seats.seating();
        let round = rooms * talkers;
        let (mut own_turns, mut own) = (Vec::new(), Vec::new());
        for turn in 0..round {
            let (room, place) = (turn % rooms, turn / rooms);
            let number = room * talkers + place;
            let Some(connection) = share.place_of(seats.connection_of(number)) else { continue };
            own_turns.push(turn as u32);
            let (number, frames) = (number as u32, Vec::new());
            own.push(Talker { number, room, connection, waiting: 0, frames });
        }
        Self {
            run,
            talkers: own,
            turns: Turns::new(own_turns.into_boxed_slice(), round),
            templates,
            said: vec![0; round].into_boxed_slice(),
            sent: 0,
            unsent: 0,
            eager: Vec::new(),
        }
    }

    /// Begins a step whose first message is turn `turn`.
    pub(crate) fn begin(&mut self, turn: u64, schedule: &mut Schedule) {
        self.turns.begin(turn);
        schedule.skip_to(self.turns.next_message());
    }

    /// The last message that each talker of all processes has said here, 0 for another's.
    pub(crate) fn said(&self) -> &[u32] {
        &self.said
    }

    /// Messages sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Messages that were due but could not be handed to a socket.
    pub(crate) fn unsent(&self) -> u64 {
        self.unsent
    }

    /// Hands what is due by `now` to the sockets, all of a talker's messages in one write.
    pub(crate) fn send_due(&mut self, schedule: &mut Schedule, now: Moment, swarm: &mut Swarm) {
        for _ in 0..SENDS_IN_A_ROW_MAX {
            let Some(due) = schedule.poll_due(now) else { break };
            let Some(place) = self.turns.take() else { break };
            schedule.skip_to(self.turns.next_message());
            let talker = &mut self.talkers[place];
            if talker.waiting == 0 {
                self.eager.push(place);
            }
            talker.waiting += 1;
            self.sent += 1;
            let said = &mut self.said[talker.number as usize];
            *said += 1;
            let stamp = Stamp { run: self.run, talker: talker.number, sequence: *said, due };
            self.templates[talker.room].append(stamp, &mut talker.frames);
        }
        for place in self.eager.drain(..) {
            let talker = &mut self.talkers[place];
            if !swarm.send(talker.connection, &talker.frames) {
                // Their numbers are given again: what was never sent is not lost.
                self.said[talker.number as usize] -= talker.waiting;
                self.sent -= u64::from(talker.waiting);
                self.unsent += u64::from(talker.waiting);
            }
            talker.waiting = 0;
            talker.frames.clear();
        }
    }
}
