//! What an audit takes note of, whoever its clients are: what comes goes to the oracle and into the
//! figures.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::audit::course::Course;
use crate::audit::faults::{FaultStory, Faults};
use crate::failure::Failure;
use crate::measure::moment::Moment;
use crate::verdict::hall;
use crate::verdict::message_id::MessageId;
use crate::verdict::oracle::{Crew, Oracle};
use crate::verdict::promise::Findings;
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

/// What an audit found.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The verdicts.
    pub(crate) findings: Findings,
    /// Deliveries of acknowledged messages that some client never heard, told or not.
    pub(crate) missing: u64,
    /// The figures.
    pub(crate) counts: Counts,
    /// Latency over time.
    pub(crate) course: Course,
    /// Latencies of what was due before the first fault.
    pub(crate) healthy: Histogram<u64>,
    /// What went wrong by plan.
    pub(crate) stories: Vec<FaultStory>,
    /// Processes that ended without a plan.
    pub(crate) unasked_ends: Vec<String>,
    /// When the first message was due.
    pub(crate) begin: Moment,
    /// When it was over.
    pub(crate) end: Moment,
    /// Clients that were connected at the end.
    pub(crate) open: usize,
    /// Clients that were not.
    pub(crate) away: usize,
}

/// A message of the run that a client heard.
#[derive(Debug)]
pub(crate) struct Heard {
    /// What it says of itself.
    pub(crate) stamp: Stamp,
    /// The message that its id stands for, where it is one of the run.
    pub(crate) id: Option<MessageId>,
    /// Its room.
    pub(crate) room: Option<String>,
}

/// The notes.
#[derive(Debug)]
pub(crate) struct Ledger {
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
    /// Which run it is.
    pub(crate) run: RunId,
    /// Who is in which room.
    pub(crate) crew: Crew,
    /// When each client heard something last.
    heard_last: Vec<Moment>,
}

impl Ledger {
    /// Nothing has happened yet.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(crate) fn new(
        crew: Crew,
        oracle: Oracle,
        faults: Faults,
        course: Course,
    ) -> Result<Self, Failure> {
        Ok(Self {
            oracle,
            faults,
            course,
            healthy: hall::latency_histogram()?,
            counts: Counts::default(),
            run: RunId::new(fastrand::u32(..)),
            crew,
            heard_last: vec![Moment::default(); crew.clients()],
        })
    }

    /// The name of a client's room: one of this run alone, so that no history of another is in it.
    pub(crate) fn room_of(&self, client: usize) -> String {
        format!("audit-{}-{}", self.run, client / self.crew.members)
    }

    /// A client heard a message; which it says it is.
    pub(crate) fn handle_message(
        &mut self,
        client: usize,
        heard: &Heard,
        now: Moment,
    ) -> MessageId {
        let Heard { stamp, id, room } = heard;
        let named = MessageId { talker: stamp.talker, sequence: stamp.sequence };
        let intact = *id == Some(named) && room.as_deref() == Some(&self.room_of(client));
        self.counts.deliveries += 1;
        let heard_last = std::mem::replace(&mut self.heard_last[client], now);
        self.oracle.handle_delivery(client, named, intact, now);
        self.course.handle_delivery(stamp.due, now);
        if self.faults.stories.is_empty() {
            self.healthy.saturating_record(now.since(stamp.due).as_nanos() as u64);
        }
        self.faults.handle_delivery(client, stamp.due, heard_last, now);
        named
    }

    /// A client was told of messages that were dropped, of so many where that is known.
    pub(crate) fn handle_gap(
        &mut self,
        client: usize,
        missed: Option<u64>,
        ends: [Option<MessageId>; 2],
        now: Moment,
    ) {
        self.counts.gaps += 1;
        self.counts.gap_missed = self.counts.gap_missed.saturating_add(missed.unwrap_or(0));
        self.oracle.handle_gap(client, missed, ends, now);
    }

    /// A client's `last_id` was answered.
    pub(crate) fn handle_resume(&mut self, client: usize, recovered: bool, replayed: u64) {
        self.counts.recovered += u64::from(recovered);
        self.counts.not_recovered += u64::from(!recovered);
        self.counts.replayed = self.counts.replayed.saturating_add(replayed);
        self.oracle.handle_resume(client, recovered, replayed);
    }

    /// Counts a connection's end by its reason.
    pub(crate) fn note_end(&mut self, reason: String) {
        let ends = &mut self.counts.ends;
        let place = ends.iter().position(|(known, _)| *known == reason);
        match place {
            Some(place) => ends[place].1 += 1,
            None if ends.len() < REASONS_MAX => ends.push((reason, 1)),
            None => {}
        }
    }

    /// Judges; so many clients are connected at the end.
    ///
    /// # Errors
    /// If nobody heard anything.
    pub(crate) fn close(self, begin: Moment, end: Moment, open: usize) -> Result<Outcome, Failure> {
        let Self { oracle, mut faults, course, healthy, counts, crew, .. } = self;
        if !oracle.has_heard() {
            return Err(Failure::new("nobody heard anything: a verdict about nothing"));
        }
        Ok(Outcome {
            missing: oracle.missing(),
            findings: oracle.close(end),
            counts,
            course,
            healthy,
            stories: std::mem::take(&mut faults.stories),
            unasked_ends: std::mem::take(&mut faults.unasked_ends),
            begin,
            end,
            open,
            away: crew.clients() - open,
        })
    }

    /// How it goes, in a line.
    pub(crate) fn progress_line(&self, open: usize, left: Duration) -> String {
        let Self { counts, faults, crew, .. } = self;
        format!(
            "{open} of {} connected, {} sent, {} heard, {} back, {:.0} s left{}{}",
            crew.clients(),
            counts.sent,
            counts.deliveries,
            counts.opened.saturating_sub(crew.clients() as u64),
            left.as_secs_f64(),
            if faults.current().is_some() { ", fault: " } else { "" },
            faults.current().unwrap_or_default(),
        )
    }
}

/// A number for something that is only to be told from others.
pub(crate) fn hash(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}
