//! The pipeline: the way out, from what a shard said to what is published.
//!
//! A message gets its number and its place in the order as it comes in, before anything can go
//! wrong. Everything goes through the [`Outbox`]: with the link up it is taken out again at once,
//! so there is one way and one order, in an outage or not. What failed stands before what was
//! said later. Knows no Redis: a driver publishes what [`Pipeline::poll_publish`] gives out and
//! brings back how it ended.
//!
//! A publish without an answer may have been delivered. It is published again with the same
//! number, and receivers drop what they have had.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::counters::PipelineCounters;
use crate::in_flight::{InFlight, InFlightLimits};
use crate::numbering::Numbering;
use crate::outbox::{Dropped, Outbox, OutboxLimits};
use crate::pod_id::PodId;
use crate::publisher::Outgoing;
use crate::record::{OutRecord, Ticket};
use crate::relay;
use crate::seq::Seq;

/// After a publish that got no answer on a link that is up, nothing goes out for so long.
const PAUSE: Duration = Duration::from_millis(250);

/// After an outage what was kept waits until the other pods have subscribed again: a little longer
/// than the outage was, because their waits have grown with it.
const SETTLE_MIN: Duration = Duration::from_millis(250);

/// And no longer than this: no wait between attempts is longer than a second.
const SETTLE_MAX: Duration = Duration::from_millis(1_500);

/// What goes out so long after it was said puts off its channel's mark: a mark that overtakes it
/// would declare it lost.
const LATE_AFTER: Duration = Duration::from_millis(500);

/// Outages that nobody asked about; later ones are not told.
const HEALED_MAX: usize = 64;

/// Something to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// What [`Pipeline::handle_outcome`] is told; `None` for a base, which goes before something
    /// that is waited for.
    pub ticket: Option<Ticket>,
    /// On whose channel.
    pub audience: Audience,
    /// What.
    pub payload: Bytes,
    /// What a history is to know of it; `None` for what is no message.
    pub entry: Option<Entry>,
}

/// A message, as a history keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether all that this pod had said before on the channel had been handed to all of its
    /// members when this was said.
    pub is_settled: bool,
}

/// How a publish ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Redis has taken it.
    Published,
    /// Nobody knows: no answer, no connection, or Redis says "not now".
    Lost,
    /// Redis says "never": the channel is forbidden to this user. It is not tried again.
    Refused,
    /// The node of this channel is not there, others are: it waits without keeping what is said
    /// on other channels.
    Away,
}

/// An outage is over: everything that was kept has gone out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Healed {
    /// How long publishing did not work.
    pub lasted: Duration,
    /// What was said before the link was up again and has been published.
    pub republished: u64,
    /// What was dropped meanwhile.
    pub dropped: Dropped,
}

/// The way out of one pod.
#[derive(Debug)]
pub struct Pipeline {
    pod: PodId,
    numbering: Numbering,
    outbox: Outbox,
    /// What cannot be published while the node of its channel is away; as bounded as the outbox.
    away: Outbox,
    away_until: Instant,
    in_flight: InFlight,
    /// The mark that is next; its base may be out already.
    closing: Option<(Audience, Seq)>,
    tickets: u64,
    link_up: bool,
    held_until: Instant,
    outage: Option<Outage>,
    healed: VecDeque<Healed>,
    /// Channels on which a message was said that Redis does not get.
    unpublished: BTreeSet<Audience>,
    counters: PipelineCounters,
}

#[derive(Debug)]
struct Outage {
    began_at: Instant,
    /// It is over when everything up to this one is out.
    last: Ticket,
    republished: u64,
}

impl Pipeline {
    /// A pipeline whose link is down and was never up.
    pub fn new(pod: PodId, outbox: OutboxLimits, in_flight: InFlightLimits) -> Pipeline {
        Pipeline {
            pod,
            numbering: Numbering::default(),
            outbox: Outbox::new(outbox),
            away: Outbox::new(outbox),
            away_until: Instant::default(),
            in_flight: InFlight::new(in_flight),
            closing: None,
            tickets: 0,
            link_up: false,
            held_until: Instant::default(),
            outage: None,
            healed: VecDeque::new(),
            unpublished: BTreeSet::new(),
            counters: PipelineCounters::default(),
        }
    }

    /// A message was said here, and its sender left the id to this pod. `message` is its JSON.
    pub fn handle_message(&mut self, now: Instant, audience: Audience, message: &[u8]) {
        let seq = self.numbering.next(now, &audience);
        let payload = relay::encode(&self.pod, seq, message);
        self.keep(now, audience, seq, payload, Entry { is_settled: false });
    }

    /// A message was said here, and its sender chose the id.
    pub fn handle_message_with_chosen_id(
        &mut self,
        now: Instant,
        audience: Audience,
        message: &[u8],
    ) {
        let seq = self.numbering.next(now, &audience);
        let payload = relay::encode_chosen(&self.pod, seq, message);
        self.keep(now, audience, seq, payload, Entry { is_settled: false });
    }

    /// A message was said here, whichever of these it is.
    pub fn handle_outgoing(&mut self, now: Instant, outgoing: Outgoing) {
        let Outgoing { audience, message, is_id_chosen, is_settled, follow: _ } = outgoing;
        let seq = self.numbering.next(now, &audience);
        let encode = if is_id_chosen { relay::encode_chosen } else { relay::encode };
        let payload = encode(&self.pod, seq, &message);
        self.keep(now, audience, seq, payload, Entry { is_settled });
    }

    /// Messages were lost before they came here; receivers are to see the hole.
    pub fn handle_overflow(&mut self, now: Instant, audience: &Audience, count: u64) {
        self.numbering.skip(now, audience, count);
        self.counters.overflowed += count;
        self.unpublished.insert(audience.clone());
    }

    /// The link is proven.
    pub fn handle_link_up(&mut self, now: Instant) {
        self.link_up = true;
        if let Some(first) = self.outbox.first() {
            self.extend_outage(first.said_at);
        }
        if let Some(outage) = &self.outage {
            let lasted = now.since(outage.began_at);
            self.held_until = now + (lasted + SETTLE_MIN).min(SETTLE_MAX);
        }
        self.heal(now);
    }

    /// The link is down: what is in flight goes back to its place.
    pub fn handle_link_down(&mut self, now: Instant) {
        self.link_up = false;
        self.extend_outage(now);
        if let Some((audience, _)) = self.closing.take() {
            self.numbering.handle_mark_lost(now, &audience);
        }
        while let Some((ticket, record)) = self.in_flight.pop() {
            if record.is_mark {
                self.numbering.handle_mark_lost(now, &record.audience);
            } else {
                self.counters.lost += 1;
                let record = self.failed(record);
                self.outbox.push(ticket, record);
            }
        }
        self.numbering.handle_all_unsure();
        self.end_away();
        self.drop_excess(now);
    }

    /// Channels belong to other nodes than before: nothing goes out until what is under way to
    /// the old ones has ended, and the other pods have subscribed at the new ones.
    pub fn handle_moved(&mut self, now: Instant) {
        self.held_until = self.held_until.max(now + PAUSE);
        self.numbering.handle_all_unsure();
        self.end_away();
    }

    /// A publish has ended.
    pub fn handle_outcome(&mut self, now: Instant, ticket: Ticket, outcome: Outcome) {
        let record = self.in_flight.complete(ticket);
        match (outcome, record) {
            (Outcome::Published, record) => {
                self.in_flight.handle_answer(now);
                // An answer that came after its deadline spares a second publish.
                if let Some(record) = record.or_else(|| self.outbox.remove(ticket)) {
                    self.numbering.handle_published(&record.audience, record.seq);
                    self.counters.published += u64::from(!record.is_mark);
                }
            }
            // The next one is no more welcome: the channel is closed when it has spoken again.
            (Outcome::Refused, Some(mark)) if mark.is_mark => {
                self.numbering.handle_unsure(&mark.audience);
            }
            (Outcome::Refused, Some(record)) => {
                self.counters.refused += 1;
                let record = self.failed(record);
                self.numbering.handle_dropped(now, &record.audience, record.seq);
                self.unpublished.insert(record.audience);
            }
            (Outcome::Lost, Some(record)) => self.put_back(now, ticket, record),
            (Outcome::Away, Some(record)) => self.put_away(now, ticket, record),
            (Outcome::Refused | Outcome::Lost | Outcome::Away, None) => {}
        }
        self.heal(now);
    }

    /// Deadlines, ages and memory; to be called when [`Pipeline::poll_timeout`] says so.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((ticket, record)) = self.in_flight.poll_expired(now) {
            self.put_back(now, ticket, record);
        }
        if now >= self.away_until {
            self.end_away();
        }
        self.drop_excess(now);
        self.numbering.sweep(now);
        self.heal(now);
    }

    /// The next thing to publish now, if there is one.
    pub fn poll_publish(&mut self, now: Instant) -> Option<Publish> {
        if !self.link_up || now < self.held_until {
            return None;
        }
        let Some(first) = self.outbox.first() else { return self.poll_mark(now) };
        if !self.in_flight.has_room(first) {
            return None;
        }
        if let Some(base) = self.numbering.poll_base(&first.audience, first.seq) {
            let audience = first.audience.clone();
            return Some(self.base(audience, base));
        }
        let (ticket, record) = self.outbox.pop()?;
        if let Some(outage) = self.outage.as_mut().filter(|outage| ticket <= outage.last) {
            outage.republished += 1;
        }
        if now.since(record.said_at) >= LATE_AFTER {
            self.numbering.handle_published_late(now, &record.audience);
        }
        let (audience, payload) = (record.audience.clone(), record.payload.clone());
        let entry = Some(Entry { is_settled: record.is_settled });
        self.in_flight.insert(now, ticket, record);
        Some(Publish { ticket: Some(ticket), audience, payload, entry })
    }

    /// The last message that was said here.
    pub fn newest(&self) -> Ticket {
        Ticket(self.tickets)
    }

    /// Whether nothing that was said up to this message can still be published: Redis has it, or
    /// never will.
    pub fn has_settled(&self, last: Ticket) -> bool {
        let pending =
            [self.outbox.first_ticket(), self.away.first_ticket(), self.in_flight.first_ticket()];
        pending.into_iter().flatten().all(|ticket| ticket > last)
    }

    /// When that was said which waits for Redis for longest.
    pub fn oldest_said_at(&self) -> Option<Instant> {
        let waiting = [self.outbox.first(), self.away.first(), self.in_flight.first()];
        waiting.into_iter().flatten().map(|record| record.said_at).min()
    }

    /// A channel on which a message was said that Redis does not get and no history has; each is
    /// named once for all that was lost until it is.
    pub fn poll_unpublished(&mut self) -> Option<Audience> {
        self.unpublished.pop_first()
    }

    /// An outage that is over, to be told to people.
    pub fn poll_healed(&mut self) -> Option<Healed> {
        self.healed.pop_front()
    }

    /// When something is due by itself.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waiting = self.link_up && (!self.outbox.is_empty() || self.closing.is_some());
        let held = waiting.then_some(self.held_until).filter(|until| *until != Instant::default());
        let marks = self.link_up.then(|| self.numbering.poll_timeout()).flatten();
        let marks = marks.filter(|_| self.outbox.is_empty()).map(|due| due.max(self.held_until));
        let expiry = [self.in_flight.poll_timeout(), self.outbox.poll_timeout()];
        let away = (!self.away.is_empty()).then_some(self.away_until);
        // A hold that has ended leaves what waits to the answers that make room for it.
        let held = held.filter(|_| self.in_flight.is_empty());
        expiry.into_iter().chain([held, marks, away]).flatten().min()
    }

    /// The figures.
    pub fn counters(&self) -> PipelineCounters {
        PipelineCounters {
            waiting: (self.outbox.len() + self.away.len()) as u64,
            waiting_bytes: (self.outbox.bytes() + self.away.bytes()) as u64,
            in_flight: self.in_flight.len() as u64,
            channels: self.numbering.len() as u64,
            ..self.counters
        }
    }

    fn poll_mark(&mut self, now: Instant) -> Option<Publish> {
        let (audience, seq) = self.closing.take().or_else(|| self.numbering.poll_mark(now))?;
        let payload = relay::encode_mark(&self.pod, seq);
        let mark = OutRecord {
            audience,
            seq,
            is_mark: true,
            is_settled: false,
            has_failed: false,
            payload,
            said_at: now,
        };
        let (audience, payload) = (mark.audience.clone(), mark.payload.clone());
        if !self.in_flight.has_room(&mark) {
            self.closing = Some((audience, seq));
            return None;
        }
        if let Some(base) = self.numbering.poll_base(&audience, seq) {
            self.closing = Some((audience.clone(), seq));
            return Some(self.base(audience, base));
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.in_flight.insert(now, ticket, mark);
        self.counters.marks += 1;
        Some(Publish { ticket: Some(ticket), audience, payload, entry: None })
    }

    fn base(&mut self, audience: Audience, base: Seq) -> Publish {
        self.counters.marks += 1;
        let payload = relay::encode_mark(&self.pod, base);
        Publish { ticket: None, audience, payload, entry: None }
    }

    fn put_back(&mut self, now: Instant, ticket: Ticket, record: OutRecord) {
        if record.is_mark {
            return self.numbering.handle_mark_lost(now, &record.audience);
        }
        self.numbering.handle_unsure(&record.audience);
        self.counters.lost += 1;
        self.extend_outage(now);
        self.held_until = self.held_until.max(now + PAUSE);
        let record = self.failed(record);
        self.outbox.push(ticket, record);
        self.drop_excess(now);
    }

    fn put_away(&mut self, now: Instant, ticket: Ticket, record: OutRecord) {
        if record.is_mark {
            return self.numbering.handle_mark_lost(now, &record.audience);
        }
        self.numbering.handle_unsure(&record.audience);
        self.extend_outage(record.said_at);
        if self.away.is_empty() {
            self.away_until = now + PAUSE;
        }
        let record = self.failed(record);
        self.away.push(ticket, record);
        self.drop_excess(now);
    }

    /// What was away stands at its place again, and is tried.
    fn end_away(&mut self) {
        while let Some((ticket, record)) = self.away.pop() {
            self.outbox.push(ticket, record);
        }
    }

    /// There is an outage, since `began_at` if it is new, and what was said so far belongs to it.
    fn extend_outage(&mut self, began_at: Instant) {
        let last = Ticket(self.tickets);
        let new = Outage { began_at, last, republished: 0 };
        self.outage.get_or_insert(new).last = last;
    }

    fn keep(&mut self, now: Instant, audience: Audience, seq: Seq, payload: Bytes, entry: Entry) {
        self.tickets += 1;
        let record = OutRecord {
            audience,
            seq,
            is_mark: false,
            is_settled: entry.is_settled,
            has_failed: !self.link_up,
            payload,
            said_at: now,
        };
        self.outbox.push(Ticket(self.tickets), record);
        self.counters.accepted += 1;
        self.counters.deferred += u64::from(!self.link_up);
        self.counters.failed += u64::from(!self.link_up);
        self.drop_excess(now);
    }

    /// Counts a message that Redis did not take at once; how often it fails then is all the same.
    fn failed(&mut self, record: OutRecord) -> OutRecord {
        self.counters.failed += u64::from(!record.has_failed);
        OutRecord { has_failed: true, ..record }
    }

    fn drop_excess(&mut self, now: Instant) {
        while let Some(record) =
            self.outbox.poll_dropped(now).or_else(|| self.away.poll_dropped(now))
        {
            self.counters.dropped += 1;
            self.extend_outage(now);
            self.numbering.handle_dropped(now, &record.audience, record.seq);
            self.unpublished.insert(record.audience);
        }
    }

    /// Ends the outage once everything that was said in it is out.
    fn heal(&mut self, now: Instant) {
        let Some(outage) = &self.outage else { return };
        if !self.link_up || !self.has_settled(outage.last) {
            return;
        }
        let healed = Healed {
            lasted: now.since(outage.began_at),
            republished: outage.republished,
            dropped: self.outbox.take_dropped().and(self.away.take_dropped()),
        };
        self.outage = None;
        self.healed.push_back(healed);
        self.healed.truncate(HEALED_MAX);
    }
}

#[cfg(test)]
mod tests;
