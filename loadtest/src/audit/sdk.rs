//! An audit whose clients are those of the Rust SDK: they come back, resume, drop repeats and say
//! again what nobody acknowledged, by themselves. What a program would be told is what is judged.
//!
//! One thread: the clients are tasks, and what they hear goes through one bounded queue to the notes.

use std::collections::HashMap;
use std::time::Duration;

use stentor_client::{Address, Backoff, Client as Sdk, Event, Heard as SdkHeard, Options, Token};
use stentor_client::{Happening, Message};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;
use uuid::Uuid;

use crate::audit::course::Course;
use crate::audit::faults::Faults;
use crate::audit::ledger::{Heard, Ledger, Outcome, hash};
use crate::audit::run::{ARRIVAL_MAX, REST_MAX, RETURN_MAX, SENDS_IN_A_ROW_MAX, Setting};
use crate::audit::sdk::client::{Said, Voice, Word, live};
use crate::failure::Failure;
use crate::load::schedule::Schedule;
use crate::load::target::Target;
use crate::measure::moment::{Clock, Moment};
use crate::report::progress::Progress;
use crate::verdict::message_id::MessageId;
use crate::verdict::oracle::{Opening, Oracle};
use crate::verdict::stamp::{STAMP_BYTES, Stamp};

mod client;

/// How many words of the clients may wait; a client that has more to say waits itself.
const WORDS_MAX: usize = 65_536;
/// How many words are taken in a row before what is due is done.
const WORDS_IN_A_ROW_MAX: usize = 4_096;
/// How many messages a talker may owe its client; further ones are not said at all.
const DUES_MAX: usize = 64;
/// What the route of a WebSocket adds to the address that a client is given.
const ROUTE: &str = "/ws";

/// What one client told, and when.
type Told = (usize, Moment, Word);

/// What drives the clients.
struct Drive {
    setting: Setting,
    ledger: Ledger,
    clock: Clock,
    words: mpsc::Receiver<Told>,
    /// What each talker's client is to say, in the talkers' order.
    voices: Vec<mpsc::Sender<Moment>>,
    /// Who is connected.
    is_open: Vec<bool>,
    open: usize,
    /// The messages by the ids that the clients gave them.
    ids: HashMap<Uuid, MessageId>,
    /// How many have no answer yet.
    unanswered: usize,
    /// The talker that is next, counted through all of them.
    turn: usize,
}

/// Runs the audit to its end.
///
/// # Errors
/// If an address is none for the SDK, not everybody can connect at the start, a client gives up, a
/// fault cannot be done, or nobody heard anything.
pub(crate) fn run(
    setting: Setting,
    faults: Faults,
    progress: &mut Progress,
) -> Result<Outcome, Failure> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::while_doing("the runtime of the clients"))?;
    runtime.block_on(async {
        let mut drive = Drive::begin(setting, faults)?;
        drive.arrive(progress).await?;
        let begin = drive.clock.now();
        drive.talk(begin, progress).await?;
        drive.settle(progress).await?;
        progress.clear();
        drive.ledger.close(begin, drive.clock.now(), drive.open)
    })
}

impl Drive {
    /// Every client is a task, and begins to connect.
    fn begin(setting: Setting, faults: Faults) -> Result<Self, Failure> {
        let (crew, clock) = (setting.crew, Clock);
        let oracle = Oracle::of_clients_that_hear_once(crew, setting.settle);
        let course = Course::new(clock.now(), setting.duration)?;
        let ledger = Ledger::new(crew, oracle, faults, course)?;
        let (tell, words) = mpsc::channel(WORDS_MAX);
        let mut voices = Vec::new();
        for client in 0..crew.clients() {
            let room = ledger.room_of(client);
            let target = &setting.targets[client % setting.targets.len()];
            let sdk = sdk(target, &room)?;
            let voice = crew.talker_of(client).map(|talker| {
                let (say, dues) = mpsc::channel(DUES_MAX);
                voices.push(say);
                Voice { talker: talker as u32, said: 0, run: ledger.run, room, dues }
            });
            tokio::spawn(live(client, sdk, voice, tell.clone()));
        }
        let is_open = vec![false; crew.clients()];
        let (ids, unanswered, turn, open) = (HashMap::new(), 0, 0, 0);
        Ok(Self { setting, ledger, clock, words, voices, is_open, open, ids, unanswered, turn })
    }

    /// Everybody connects.
    async fn arrive(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        let deadline = self.clock.now().after(ARRIVAL_MAX);
        let all = self.is_open.len();
        while self.open < all {
            if self.clock.now() > deadline {
                let reason = self.ledger.counts.ends.last().map_or("", |(reason, _)| reason);
                return Err(Failure::new(format!(
                    "{} of {all} clients connected in 20 s {reason}",
                    self.open
                )));
            }
            progress.show(|| format!("{} of {all} connected", self.open));
            self.turn_over(deadline).await?;
        }
        self.ledger.counts.ends.clear();
        Ok(())
    }

    /// Everybody talks, and what goes wrong goes wrong.
    async fn talk(&mut self, begin: Moment, progress: &mut Progress) -> Result<(), Failure> {
        let end = begin.after(self.setting.duration);
        self.ledger.course = Course::new(begin, self.setting.duration)?;
        self.ledger.faults.count_from(begin);
        let mut schedule = Schedule::new(begin, self.setting.rate);
        loop {
            let now = self.clock.now();
            for _ in 0..SENDS_IN_A_ROW_MAX {
                let Some(due) = schedule.poll_due(Moment(now.0.min(end.0 - 1))) else { break };
                self.say(due);
            }
            if now >= end {
                return Ok(());
            }
            self.ledger.faults.poll(now, self.is_open.len())?;
            progress.show(|| self.ledger.progress_line(self.open, end.since(now)));
            let due = schedule.next_due().min(self.ledger.faults.next_due()).min(end);
            self.turn_over(due).await?;
        }
    }

    /// Everybody comes back, all is acknowledged, and nothing is under way any more.
    async fn settle(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        let settle = self.setting.settle;
        let deadline = self.clock.now().after(RETURN_MAX).after(settle);
        let mut quiet_since = self.clock.now();
        loop {
            let now = self.clock.now();
            if self.open < self.is_open.len() || self.unanswered > 0 {
                quiet_since = now;
            }
            // Twice the span in which a delivery is not late, for the last one to be judged.
            if now.since(quiet_since) > settle * 2 || now > deadline {
                return Ok(());
            }
            self.ledger.faults.poll(now, self.is_open.len())?;
            progress.show(|| self.ledger.progress_line(self.open, Duration::ZERO));
            self.turn_over(now.after(REST_MAX)).await?;
        }
    }

    /// One message more is due: the rooms take turns, and in each its talkers.
    fn say(&mut self, due: Moment) {
        let crew = self.setting.crew;
        let (room, place) = (self.turn % crew.rooms, self.turn / crew.rooms % crew.talkers);
        self.turn += 1;
        if self.voices[room * crew.talkers + place].try_send(due).is_err() {
            self.ledger.counts.held_back += 1;
        }
    }

    /// Waits until `due`, and takes note of what the clients tell meanwhile.
    async fn turn_over(&mut self, due: Moment) -> Result<(), Failure> {
        let wait = due.since(self.clock.now()).min(REST_MAX);
        let Ok(Some(first)) = timeout(wait, self.words.recv()).await else { return Ok(()) };
        self.take(first)?;
        for _ in 1..WORDS_IN_A_ROW_MAX {
            let Ok(told) = self.words.try_recv() else { break };
            self.take(told)?;
        }
        Ok(())
    }

    fn take(&mut self, (client, now, word): Told) -> Result<(), Failure> {
        match word {
            Word::Said(Said { uuid, id }) => {
                self.ids.insert(uuid, id);
                self.ledger.oracle.handle_sent(id, now);
                self.ledger.counts.sent += 1;
                self.unanswered += 1;
            }
            Word::HeldBack => self.ledger.counts.held_back += 1,
            Word::GaveUp(why) => {
                return Err(Failure::new(format!("client {client} gave up: {why}")));
            }
            Word::Happened { happening, asked } => {
                self.take_happening(client, now, *happening, asked);
            }
        }
        Ok(())
    }

    fn take_happening(&mut self, client: usize, now: Moment, happening: Happening, asked: bool) {
        match happening {
            Happening::Connected => {
                self.is_open[client] = true;
                self.open += 1;
                self.ledger.counts.opened += 1;
                let opening = Opening { home: self.ledger.faults.era, asked };
                self.ledger.oracle.handle_open(client, opening, now);
            }
            Happening::Disconnected { failure, .. } => {
                if std::mem::take(&mut self.is_open[client]) {
                    self.open -= 1;
                    self.ledger.oracle.handle_end(client, now);
                }
                self.ledger.note_end(failure.to_string());
            }
            Happening::Acked { id, .. } => {
                self.ledger.counts.acks += 1;
                self.unanswered -= 1;
                if let Some(id) = self.ids.get(&id) {
                    self.ledger.oracle.handle_ack(*id, now);
                }
            }
            Happening::Refused { id, reply } => {
                self.ledger.counts.refused += 1;
                self.unanswered -= 1;
                self.ledger.note_end(format!("message refused: {}", reply.code));
                if let Some(id) = self.ids.get(&id) {
                    self.ledger.oracle.handle_refusal(*id);
                }
            }
            Happening::Heard(heard) => self.take_heard(client, now, heard),
        }
    }

    fn take_heard(&mut self, client: usize, now: Moment, heard: SdkHeard) {
        let known =
            |text: Option<String>| self.ids.get(&Uuid::try_parse(text?.as_str()).ok()?).copied();
        match heard {
            SdkHeard::Message(message) => match self.read(&message) {
                Some(stamp) => {
                    self.ledger.counts.payload_bytes += payload_bytes(&message);
                    let id = self.ids.get(&message.id).copied();
                    let heard = Heard { stamp, id, room: message.room };
                    self.ledger.handle_message(client, &heard, now);
                }
                None => self.ledger.counts.strange += 1,
            },
            SdkHeard::Event(Event::Welcome { pod, .. }, _) => {
                self.ledger.oracle.handle_welcome(client, hash(&pod));
            }
            SdkHeard::Event(Event::Gap { missed, from_id, to_id }, _) => {
                let ends = [known(from_id), known(to_id)];
                self.ledger.handle_gap(client, missed, ends, now);
            }
            SdkHeard::Event(Event::Resume { recovered, replayed, .. }, _) => {
                self.ledger.handle_resume(client, recovered, replayed);
            }
            SdkHeard::Event(Event::Drain { .. }, _) => self.ledger.counts.drains += 1,
            _ => self.ledger.counts.strange += 1,
        }
    }

    /// The stamp of a message, if it is one of this run.
    fn read(&self, message: &Message) -> Option<Stamp> {
        let content: String = message.data().ok()?;
        let stamp = content.as_bytes().first_chunk::<STAMP_BYTES>().map(Stamp::decode);
        stamp.filter(|stamp| stamp.run == self.ledger.run)
    }
}

/// A client of a room at a target.
fn sdk(target: &Target, room: &str) -> Result<Sdk, Failure> {
    let url = target.url();
    let what = format!("{url} for a client of the SDK");
    let base = url.strip_suffix(ROUTE).ok_or_else(|| {
        Failure::new(format!("{url} does not end with {ROUTE}: the SDK asks for that route"))
    })?;
    let options = Options::new(Address::parse(base).map_err(Failure::while_doing(&what))?);
    let options = options.room(room).map_err(Failure::while_doing(&what))?.events().ack();
    let token =
        target.token().map(Token::parse).transpose().map_err(Failure::while_doing(&what))?;
    let options = match token {
        Some(token) => options.token(token),
        None => options,
    };
    // As eager as the raw clients: an audit has many faults in a short time.
    let (base, cap) = (Duration::from_millis(100), Duration::from_secs(2));
    Ok(Sdk::new(options, Backoff { base, cap, ..Backoff::default() }))
}

/// How long a message was on the wire, in bytes: the JSON that it came as, fields and all.
fn payload_bytes(message: &Message) -> u64 {
    let Message { id, kind, room, from, data, timestamp } = message;
    let mut whole = serde_json::json!({
        "id": id.to_string(), "type": kind, "from": from, "data": null, "timestamp": timestamp,
    });
    if let Some(room) = room {
        whole["room"] = room.as_str().into();
    }
    (whole.to_string().len() - "null".len() + data.get().len()) as u64
}
