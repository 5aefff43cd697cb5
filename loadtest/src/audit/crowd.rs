//! All raw clients of an audit and their ears: what comes is taken note of.

use std::time::Duration;

use crate::audit::client::{Client, State, Talk};
use crate::audit::incoming::Incoming;
use crate::audit::ledger::{Heard, Ledger, hash};
use crate::load::connection::{Audience, End};
use crate::measure::moment::{Clock, Moment};
use crate::scenario::fanout::describe_end;
use crate::verdict::message_id::MessageId;
use crate::verdict::oracle::Opening;
use crate::verdict::stamp::Stamp;

/// The clients, and what they have heard.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// The clients, numbered room after room.
    pub(crate) clients: Vec<Client>,
    /// What is taken note of.
    pub(crate) ledger: Ledger,
    /// Clients whose connection is over since this was last emptied.
    pub(crate) ended: Vec<usize>,
    /// Clients that are connected.
    pub(crate) open: usize,
    clock: Clock,
    /// Whether the server acknowledges.
    acks: bool,
}

impl Crowd {
    /// Nobody is connected yet; they turn to so many addresses.
    pub(crate) fn new(ledger: Ledger, clock: Clock, targets: usize, acks: bool) -> Self {
        let client = |client: usize| {
            let talk = ledger.crew.talker_of(client).map(|talker| Talk::new(talker as u32, acks));
            Client::new(client % targets, talk)
        };
        let clients = (0..ledger.crew.clients()).map(client).collect();
        Self { clients, ledger, ended: Vec::new(), open: 0, clock, acks }
    }

    /// The query of a client's upgrade.
    pub(crate) fn query_of(&self, client: usize) -> String {
        let mut query = format!("room={}&events=1", self.ledger.room_of(client));
        let Client { talk, last_id, .. } = &self.clients[client];
        if talk.is_some() {
            query.push_str("&ack=1");
        }
        if let Some(last_id) = last_id {
            query.push_str("&last_id=");
            query.push_str(&last_id.text(self.ledger.run));
        }
        query
    }

    /// A message as its talker sends it.
    pub(crate) fn message(&self, client: usize, id: MessageId, due: Moment) -> String {
        let MessageId { talker, sequence } = id;
        let stamp = Stamp { run: self.ledger.run, talker, sequence, due }.encode();
        format!(
            r#"{{"type":"chat","id":"{}","room":"{}","data":{{"content":"{}"}}}}"#,
            id.text(self.ledger.run),
            self.ledger.room_of(client),
            String::from_utf8_lossy(&stamp),
        )
    }

    /// Takes note that an attempt to connect has failed before it began.
    pub(crate) fn handle_failure(&mut self, client: usize, reason: String) {
        self.ledger.note_end(reason);
        self.ended.push(client);
    }

    fn answer(&mut self, client: usize, id: MessageId) {
        if let Some(talk) = &mut self.clients[client].talk {
            talk.handle_answer(id);
        }
    }
}

impl Audience for Crowd {
    fn handle_open(&mut self, client: usize, _: Duration) {
        let now = self.clock.now();
        let asked = self.clients[client].last_id.is_some();
        let home = hash(&(self.clients[client].target, self.ledger.faults.era));
        self.clients[client].state = State::Open(now);
        self.open += 1;
        self.ledger.counts.opened += 1;
        self.ledger.oracle.handle_open(client, Opening { home, asked }, now);
    }

    fn handle_text(&mut self, client: usize, payload: &[u8], now: Moment) {
        match Incoming::read(payload, self.ledger.run) {
            Incoming::Message { stamp, id, room } => {
                self.ledger.counts.payload_bytes += payload.len() as u64;
                let named = self.ledger.handle_message(client, &Heard { stamp, id, room }, now);
                self.clients[client].last_id = Some(named);
            }
            Incoming::Welcome(pod) => self.ledger.oracle.handle_welcome(client, hash(&pod)),
            Incoming::Ack(id) => {
                self.ledger.counts.acks += 1;
                self.ledger.oracle.handle_ack(id, now);
                self.answer(client, id);
            }
            Incoming::Refused(id, code) => {
                self.ledger.counts.refused += 1;
                self.ledger.note_end(format!("message refused: {code}"));
                if let Some(id) = id {
                    self.ledger.oracle.handle_refusal(id);
                    self.answer(client, id);
                }
            }
            Incoming::Gap { missed, ends } => self.ledger.handle_gap(client, missed, ends, now),
            Incoming::Resume { recovered, replayed } => {
                self.ledger.handle_resume(client, recovered, replayed);
            }
            Incoming::Drain => self.ledger.counts.drains += 1,
            Incoming::Strange => self.ledger.counts.strange += 1,
        }
    }

    fn handle_end(&mut self, client: usize, end: End) {
        if matches!(self.clients[client].state, State::Open(_)) {
            let now = self.clock.now();
            self.open -= 1;
            self.ledger.oracle.handle_end(client, now);
            if let Some(talker) = self.ledger.crew.talker_of(client).filter(|_| !self.acks) {
                self.ledger.oracle.handle_voice_lost(talker, now);
            }
        }
        self.ledger.note_end(describe_end(&end));
        self.ended.push(client);
    }
}
