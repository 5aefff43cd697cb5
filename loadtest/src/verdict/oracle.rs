//! The oracle of an audit: it takes note of all that was sent, acknowledged, heard and announced,
//! while connections come and go, and judges each promise of the contract by it.
//!
//! Knows neither sockets nor JSON, and time only as an argument. The bad case first: where it
//! cannot tell whether something was owed, as with a message that nobody acknowledged, it accuses
//! nobody.
//! Every client is a member of one room and hears all of its talkers, itself included.

use std::collections::HashSet;
use std::time::Duration;

use crate::measure::moment::Moment;
use crate::verdict::message_id::MessageId;
use crate::verdict::oracle::span::{GapNote, Span};
use crate::verdict::promise::{Findings, Promise};

mod judge;
mod span;
#[cfg(test)]
mod tests;

/// In the cell of a message: it was not heard, and a `gap` stood in its place.
const GAPPED: u32 = u32::MAX;

/// Who is in which room: clients are numbered room after room, and the first of each talk.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Crew {
    /// How many rooms there are.
    pub(crate) rooms: usize,
    /// How many clients each has, those who talk included.
    pub(crate) members: usize,
    /// How many of them talk; talkers are numbered room after room.
    pub(crate) talkers: usize,
}

impl Crew {
    /// How many clients that makes.
    pub(crate) fn clients(self) -> usize {
        self.rooms * self.members
    }

    /// How many talkers that makes.
    pub(crate) fn talkers_total(self) -> usize {
        self.rooms * self.talkers
    }

    /// The client that a talker is.
    pub(crate) fn client_of(self, talker: usize) -> usize {
        talker / self.talkers * self.members + talker % self.talkers
    }

    /// The talker that a client is, if it talks.
    pub(crate) fn talker_of(self, client: usize) -> Option<usize> {
        let (room, place) = (client / self.members, client % self.members);
        (place < self.talkers).then_some(room * self.talkers + place)
    }
}

/// What is known of one message.
#[derive(Copy, Clone, Debug)]
struct Sent {
    first: Moment,
    acked: Moment,
    again: bool,
    refused: bool,
}

/// What one client heard.
#[derive(Debug, Default)]
struct Ear {
    spans: Vec<Span>,
    /// By the talker's place in the room and the sequence: the number, from 1, of the connection
    /// on which the message was first heard; 0 for none, or [`GAPPED`].
    heard: Vec<Vec<u32>>,
    /// What this connection repeated of what another one had brought.
    repeated: HashSet<(usize, u32)>,
}

/// How a connection begins.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Opening {
    /// The server's process, as far as the client can tell one from another.
    pub(crate) home: u64,
    /// Whether it came back with a `last_id`.
    pub(crate) asked: bool,
}

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Oracle {
    crew: Crew,
    /// Whether nothing may come to a client twice, whatever is replayed.
    hears_once: bool,
    settle: Duration,
    speeches: Vec<Vec<Sent>>,
    ears: Vec<Ear>,
    findings: Findings,
}

impl Oracle {
    /// An oracle that has seen nothing; within `settle` a delivery is not late.
    pub(crate) fn new(crew: Crew, settle: Duration) -> Self {
        let ear = || Ear { heard: vec![Vec::new(); crew.talkers], ..Ear::default() };
        Self {
            crew,
            hears_once: false,
            settle,
            speeches: vec![Vec::new(); crew.talkers_total()],
            ears: (0..crew.clients()).map(|_| ear()).collect(),
            findings: Findings::default(),
        }
    }

    /// The same for clients that drop what they have had: whatever comes twice is a fault, and so is
    /// what comes late on a connection that says to have recovered everything.
    pub(crate) fn of_clients_that_hear_once(crew: Crew, settle: Duration) -> Self {
        Self { hears_once: true, ..Self::new(crew, settle) }
    }

    /// A talker sent a message; the first time in sequence. Whether it had sent it before.
    pub(crate) fn handle_sent(&mut self, id: MessageId, now: Moment) -> bool {
        let speech = &mut self.speeches[id.talker as usize];
        if let Some(sent) = speech.get_mut(id.sequence as usize - 1) {
            sent.again = true;
            return true;
        }
        let (acked, again, refused) = (Moment::NEVER, false, false);
        speech.push(Sent { first: now, acked, again, refused });
        false
    }

    /// The server acknowledged a message to its talker.
    pub(crate) fn handle_ack(&mut self, id: MessageId, now: Moment) {
        if let Some(sent) = self.sent_mut(id) {
            sent.acked = sent.acked.min(now);
        }
    }

    /// The server told the talker that it refused a message.
    pub(crate) fn handle_refusal(&mut self, id: MessageId) {
        if let Some(sent) = self.sent_mut(id) {
            sent.refused = true;
        }
    }

    /// A talker's connection ended, and its server acknowledges nothing: whether what it sent last
    /// was taken in is not known, so it is owed to nobody.
    pub(crate) fn handle_voice_lost(&mut self, talker: usize, now: Moment) {
        let doubtful = |sent: &&mut Sent| sent.first.after(self.settle) >= now;
        for sent in self.speeches[talker].iter_mut().rev().take_while(doubtful) {
            sent.refused = true;
        }
    }

    /// A client's connection stands: the server has answered 101.
    pub(crate) fn handle_open(&mut self, client: usize, opening: Opening, now: Moment) {
        let talkers = self.crew.talkers;
        self.ears[client].spans.push(Span::new(opening, talkers, now));
        self.ears[client].repeated.clear();
    }

    /// The server told its name, which tells processes behind one address apart.
    pub(crate) fn handle_welcome(&mut self, client: usize, pod: u64) {
        if let Some(span) = self.ears[client].spans.last_mut() {
            span.home ^= pod;
        }
    }

    /// The server answered a client's `last_id`.
    pub(crate) fn handle_resume(&mut self, client: usize, recovered: bool, replayed: u64) {
        if let Some(span) = self.ears[client].spans.last_mut() {
            span.recovered = Some(recovered);
            span.replay_left = replayed;
            if span.heard > 0 {
                let number = self.ears[client].spans.len();
                let place = client % self.crew.members;
                let room = client / self.crew.members;
                self.findings.accuse(Promise::Answered, || {
                    format!("room {room} client {place}: messages before the resume of {number}")
                });
            }
        }
    }

    /// The server announced a gap to a client; of how many, where it knows.
    pub(crate) fn handle_gap(
        &mut self,
        client: usize,
        missed: Option<u64>,
        ends: [Option<MessageId>; 2],
        now: Moment,
    ) {
        if let Some(span) = self.ears[client].spans.last_mut() {
            span.gaps.push(GapNote::new(missed, ends, now));
        }
    }

    /// A client heard a message; `intact` if with its own id, from its own room.
    pub(crate) fn handle_delivery(
        &mut self,
        client: usize,
        id: MessageId,
        intact: bool,
        now: Moment,
    ) {
        self.findings.judge(Promise::Unaltered);
        let Crew { members, talkers, .. } = self.crew;
        let talker = id.talker as usize;
        let at_home = talker / talkers == client / members;
        let Some(sent) = self.sent_mut(id).map(|sent| *sent).filter(|_| at_home && intact) else {
            let fault = || format!("{}, which came altered or astray", self.crew.name(client, id));
            return self.findings.accuse(Promise::Unaltered, fault);
        };
        let (place, ear) = (talker % talkers, &mut self.ears[client]);
        let number = ear.spans.len() as u32;
        let Some((span, former)) = ear.spans.split_last_mut() else { return };
        span.heard += 1;
        let replayed = span.replay_left > 0;
        span.replay_left -= u64::from(replayed);

        let cells = &mut ear.heard[place];
        if cells.len() < id.sequence as usize {
            cells.resize(id.sequence as usize, 0);
        }
        let cell = cells[id.sequence as usize - 1];
        let fault = |what: &str| {
            let name = self.crew.name(client, id);
            format!("{name}, {what} at {} on connection {number}", seconds(now))
        };
        self.findings.judge(Promise::Once);
        if cell == number || ear.repeated.contains(&(place, id.sequence)) {
            return self.findings.accuse(Promise::Once, || fault("twice on one connection,"));
        }
        if cell == 0 || cell == GAPPED {
            cells[id.sequence as usize - 1] = number;
        } else {
            ear.repeated.insert((place, id.sequence));
            let forgotten = sent.again && former[cell as usize - 1].home != span.home;
            if !self.hears_once && (replayed || forgotten) {
                self.findings.announce(Promise::Once);
            } else {
                self.findings.accuse(Promise::Once, || fault("again without a replay,"));
            }
        }
        let highest = if self.hears_once && span.continues(former) {
            let former = former.iter().map(|span| span.highest[place]).max().unwrap_or(0);
            former.max(span.highest[place])
        } else {
            span.highest[place]
        };
        if highest > 0 {
            self.findings.judge(Promise::Ordered);
            if id.sequence < highest {
                let late = || fault(&format!("after message {highest},"));
                return self.findings.accuse(Promise::Ordered, late);
            }
        }
        let speech = &self.speeches[talker];
        span.advance(place, id.sequence, &mut ear.heard[place], speech);
    }

    /// A client's connection is over.
    pub(crate) fn handle_end(&mut self, client: usize, now: Moment) {
        if let Some(span) = self.ears[client].spans.last_mut() {
            span.end(now);
        }
    }

    /// Whether a client has heard anything at all.
    pub(crate) fn has_heard(&self) -> bool {
        self.findings.on(Promise::Once).judged > 0
    }

    fn sent_mut(&mut self, id: MessageId) -> Option<&mut Sent> {
        let speech = self.speeches.get_mut(id.talker as usize)?;
        speech.get_mut((id.sequence as usize).checked_sub(1)?)
    }
}

impl Crew {
    /// A message and who should have heard it, in words.
    fn name(self, client: usize, id: MessageId) -> String {
        let MessageId { talker, sequence } = id;
        let (room, client) = (client / self.members, client % self.members);
        let (home, place) = (talker as usize / self.talkers, talker as usize % self.talkers);
        format!("room {room} client {client}: message {sequence} of talker {place} in room {home}")
    }
}

/// A moment in words.
fn seconds(moment: Moment) -> String {
    if moment == Moment::NEVER {
        return "no time".to_owned();
    }
    format!("{:.3} s", moment.0 as f64 / 1e9)
}
