//! All clients of an audit and their ears: what comes goes to the oracle and into the figures.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::audit::client::{Client, State, Talk};
use crate::audit::course::Course;
use crate::audit::faults::Faults;
use crate::audit::incoming::Incoming;
use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::measure::moment::{Clock, Moment};
use crate::scenario::fanout::describe_end;
use crate::verdict::hall;
use crate::verdict::message_id::MessageId;
use crate::verdict::oracle::{Crew, Opening, Oracle};
use crate::verdict::stamp::{RunId, Stamp};

/// How many reasons for which connections ended are told apart.
const REASONS_MAX: usize = 20;

/// What is counted beside the verdict.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// Messages sent, each once.
    pub(crate) sent: u64,
    /// Messages sent again.
    pub(crate) sent_again: u64,
    /// Messages that were due, and not said because a talker's queue was full.
    pub(crate) held_back: u64,
    /// Acknowledgements.
    pub(crate) acks: u64,
    /// Messages that the server refused.
    pub(crate) refused: u64,
    /// Messages heard.
    pub(crate) deliveries: u64,
    /// Bytes of their payloads together.
    pub(crate) payload_bytes: u64,
    /// Connections that opened, the first ones included.
    pub(crate) opened: u64,
    /// Answers `recovered:true`.
    pub(crate) recovered: u64,
    /// Answers `recovered:false`.
    pub(crate) not_recovered: u64,
    /// Messages that were replayed.
    pub(crate) replayed: u64,
    /// Gaps, and what they announced.
    pub(crate) gaps: u64,
    /// Messages that gaps told of.
    pub(crate) gap_missed: u64,
    /// Announcements that a pod goes away.
    pub(crate) drains: u64,
    /// Frames that are nothing of the above.
    pub(crate) strange: u64,
    /// Why connections ended, and how often.
    pub(crate) ends: Vec<(String, u64)>,
}

/// The clients, and what they have heard.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// The clients, numbered room after room.
    pub(crate) clients: Vec<Client>,
    /// Who judges.
    pub(crate) oracle: Oracle,
    /// What goes wrong meanwhile.
    pub(crate) faults: Faults,
    /// Latency over time.
    pub(crate) course: Course,
    /// Latencies of what was due before the first fault.
    pub(crate) healthy: Histogram<u64>,
    /// The figures.
    pub(crate) counts: Counts,
    /// Clients whose connection is over since this was last emptied.
    pub(crate) ended: Vec<usize>,
    /// Clients that are connected.
    pub(crate) open: usize,
    run: RunId,
    crew: Crew,
    clock: Clock,
    /// Whether the server acknowledges.
    acks: bool,
}

impl Crowd {
    /// Nobody is connected yet.
    pub(crate) fn new(
        crew: Crew,
        oracle: Oracle,
        faults: Faults,
        course: Course,
        clock: Clock,
        targets: usize,
        acks: bool,
    ) -> Result<Self, Failure> {
        let client = |client: usize| {
            let talk = crew.talker_of(client).map(|talker| Talk::new(talker as u32, acks));
            Client::new(client % targets, talk)
        };
        Ok(Self {
            clients: (0..crew.clients()).map(client).collect(),
            oracle,
            faults,
            course,
            healthy: hall::latency_histogram()?,
            counts: Counts::default(),
            ended: Vec::new(),
            open: 0,
            run: RunId::new(fastrand::u32(..)),
            crew,
            clock,
            acks,
        })
    }

    /// The name of a client's room: one of this run alone, so that no history of another is in it.
    pub(crate) fn room_of(&self, client: usize) -> String {
        format!("audit-{}-{}", self.run, client / self.crew.members)
    }

    /// The query of a client's upgrade.
    pub(crate) fn query_of(&self, client: usize) -> String {
        let mut query = format!("room={}&events=1", self.room_of(client));
        let Client { talk, last_id, .. } = &self.clients[client];
        if talk.is_some() {
            query.push_str("&ack=1");
        }
        if let Some(last_id) = last_id {
            query.push_str("&last_id=");
            query.push_str(&last_id.text(self.run));
        }
        query
    }

    /// A message as its talker sends it.
    pub(crate) fn message(&self, client: usize, id: MessageId, due: Moment) -> String {
        let MessageId { talker, sequence } = id;
        let stamp = Stamp { run: self.run, talker, sequence, due }.encode();
        format!(
            r#"{{"type":"chat","id":"{}","room":"{}","data":{{"content":"{}"}}}}"#,
            id.text(self.run),
            self.room_of(client),
            String::from_utf8_lossy(&stamp),
        )
    }

    /// Takes note that an attempt to connect has failed before it began.
    pub(crate) fn handle_failure(&mut self, client: usize, reason: String) {
        self.note_end(reason);
        self.ended.push(client);
    }

    fn handle_message(&mut self, client: usize, heard: Heard, now: Moment) {
        let Heard { stamp, id, room } = heard;
        let named = MessageId { talker: stamp.talker, sequence: stamp.sequence };
        let intact = id == Some(named) && room.as_deref() == Some(&self.room_of(client));
        self.counts.deliveries += 1;
        self.clients[client].last_id = Some(named);
        let heard_last = std::mem::replace(&mut self.clients[client].heard_last, now);
        self.oracle.handle_delivery(client, named, intact, now);
        self.course.handle_delivery(stamp.due, now);
        if self.faults.stories.is_empty() {
            self.healthy.saturating_record(now.since(stamp.due).as_nanos() as u64);
        }
        self.faults.handle_delivery(client, stamp.due, heard_last, now);
    }

    fn note_end(&mut self, reason: String) {
        let ends = &mut self.counts.ends;
        let place = ends.iter().position(|(known, _)| *known == reason);
        match place {
            Some(place) => ends[place].1 += 1,
            None if ends.len() < REASONS_MAX => ends.push((reason, 1)),
            None => {}
        }
    }

    fn answer(&mut self, client: usize, id: MessageId) {
        if let Some(talk) = &mut self.clients[client].talk {
            talk.handle_answer(id);
        }
    }
}

/// A message of the run.
struct Heard {
    stamp: Stamp,
    id: Option<MessageId>,
    room: Option<String>,
}

impl Audience for Crowd {
    fn handle_open(&mut self, client: usize, _: Duration) {
        let now = self.clock.now();
        let asked = self.clients[client].last_id.is_some();
        let home = hash(&(self.clients[client].target, self.faults.era));
        self.clients[client].state = State::Open(now);
        self.open += 1;
        self.counts.opened += 1;
        self.oracle.handle_open(client, Opening { home, asked }, now);
    }

    fn handle_text(&mut self, client: usize, payload: &[u8], now: Moment) {
        match Incoming::read(payload, self.run) {
            Incoming::Message { stamp, id, room } => {
                self.counts.payload_bytes += payload.len() as u64;
                self.handle_message(client, Heard { stamp, id, room }, now);
            }
            Incoming::Welcome(pod) => self.oracle.handle_welcome(client, hash(&pod)),
            Incoming::Ack(id) => {
                self.counts.acks += 1;
                self.oracle.handle_ack(id, now);
                self.answer(client, id);
            }
            Incoming::Refused(id, code) => {
                self.counts.refused += 1;
                self.note_end(format!("message refused: {code}"));
                if let Some(id) = id {
                    self.oracle.handle_refusal(id);
                    self.answer(client, id);
                }
            }
            Incoming::Gap { missed, ends } => {
                self.counts.gaps += 1;
                self.counts.gap_missed = self.counts.gap_missed.saturating_add(missed);
                self.oracle.handle_gap(client, missed, ends, now);
            }
            Incoming::Resume { recovered, replayed } => {
                self.counts.recovered += u64::from(recovered);
                self.counts.not_recovered += u64::from(!recovered);
                self.counts.replayed = self.counts.replayed.saturating_add(replayed);
                self.oracle.handle_resume(client, recovered, replayed);
            }
            Incoming::Drain => self.counts.drains += 1,
            Incoming::Strange => self.counts.strange += 1,
        }
    }

    fn handle_end(&mut self, client: usize, end: End) {
        if matches!(self.clients[client].state, State::Open(_)) {
            let now = self.clock.now();
            self.open -= 1;
            self.oracle.handle_end(client, now);
            if let Some(talker) = self.crew.talker_of(client).filter(|_| !self.acks) {
                self.oracle.handle_voice_lost(talker, now);
            }
        }
        self.note_end(describe_end(&end));
        self.ended.push(client);
    }
}

fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
