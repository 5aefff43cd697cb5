//! The inbox: the way in, from a payload on a channel to what shards are told.
//!
//! A payload is taken apart, this pod's own echo is dropped, numbers are judged, and what is new
//! becomes a frame once for all shards. What another program published is parsed in full, stamped
//! where it lacks something, and encoded like any message.
//!
//! Knows no Redis and no shards, and has no memory of ids: a message that is said again under its
//! id through another pod is recognised where the room is, by the shard.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::draft::Draft;
use stentor_wire::encode::{envelope_frame, envelope_frame_bytes};
use stentor_wire::envelope::Envelope;
use stentor_wire::event::SERVER_NAME;
use stentor_wire::parse::Parser;
use stentor_wire::place::Place;
use stentor_wire::presence::Tale;
use stentor_wire::time::Now;
use stentor_wire::timestamp::Timestamp;
use stentor_wire::uuid_v7;
use uuid::Uuid;

use crate::channel::Audience;
use crate::counters::InboxCounters;
use crate::pod_id::PodId;
use crate::relay::{self, Record, Relayed};
use crate::seq::Seq;
use crate::sequence::{Sequence, Verdict};
use crate::stream_history::Kept;

/// What the bus tells the shards, in the order in which they are to take it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A message for members here.
    Delivery(Delivery),
    /// Messages are missing.
    Gap(Gap),
    /// Another pod tells of presence, or of what it has heard.
    Tale(Told),
    /// Everything was heard that Redis passed on before this.
    Proof(Proof),
    /// What was said on this pod waits for Redis.
    Delayed,
    /// From here on everything that other pods say to this audience arrives, or a gap in its place.
    Heard(Audience),
    /// From here on nothing need arrive, of any audience, until it is [`Arrival::Heard`] again.
    Unheard,
    /// From here on nothing need arrive of this audience alone, until it is heard again: Redis has
    /// ended its subscription, or has not confirmed it when it was asked.
    Lost(Audience),
    /// The same, because nobody here is in the room any more.
    Left(Audience),
}

/// A message from elsewhere, encoded once for all who hear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Whom it is for; the channel says so, not the message.
    pub audience: Audience,
    /// The text frame.
    pub frame: Bytes,
    /// Its id.
    pub id: Uuid,
    /// Who published it.
    pub origin: Origin,
    /// Its place in what its pod has published there; `None` for another program's.
    pub place: Option<Place>,
}

impl Delivery {
    /// The id, where a resend may carry the same: whoever delivers it remembers that it did.
    pub fn chosen_id(&self) -> Option<Uuid> {
        match self.origin {
            Origin::PodWithChosenId | Origin::Foreign => Some(self.id),
            Origin::Pod | Origin::ForeignWithoutId => None,
        }
    }
}

/// Who published a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Another pod, whose sender left the id to the server.
    Pod,
    /// Another pod, whose sender chose the id itself: a resend carries the same.
    PodWithChosenId,
    /// Another program, which chose the id itself.
    Foreign,
    /// Another program, which left the id to the server: each pod makes one of its own.
    ForeignWithoutId,
}

impl Origin {
    fn of_pod(is_id_chosen: bool) -> Origin {
        if is_id_chosen { Origin::PodWithChosenId } else { Origin::Pod }
    }
}

/// What another pod tells of presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The pod.
    pub pod: Arc<str>,
    /// Of which room; `None` for a sign of life.
    pub audience: Audience,
    /// What.
    pub tale: Tale,
}

/// A probe that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Its number; larger is later.
    pub number: u64,
    /// When it went out, in milliseconds since 1970: what was sent before it has been passed on.
    pub until_unix_millis: u64,
}

/// Messages that members of an audience should have heard and did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Whose members are to be told.
    pub audience: Audience,
    /// How many; `None` where nobody can count them.
    pub missed: Option<u64>,
}

/// The way in of one pod.
#[derive(Debug)]
pub struct Inbox {
    own: PodId,
    sequence: Sequence,
    parser: Parser,
    random: fastrand::Rng,
    /// What this pod said to itself last that has come back, and on which channel, until it is asked
    /// for.
    echo: Option<(Audience, u64)>,
    counters: InboxCounters,
}

impl Inbox {
    /// The inbox of the pod `own`; `seed` makes the ids of messages that come without one.
    pub fn new(own: PodId, seed: u64) -> Inbox {
        Inbox {
            own,
            sequence: Sequence::default(),
            parser: Parser::new(),
            random: fastrand::Rng::with_seed(seed),
            echo: None,
            counters: InboxCounters::default(),
        }
    }

    /// Takes what a channel carried and appends what follows from it: nothing, a message, a gap,
    /// or a gap and the message behind it.
    pub fn handle_payload(
        &mut self,
        now: Now,
        audience: &Audience,
        payload: &[u8],
        out: &mut Vec<Arrival>,
    ) {
        match relay::decode(payload) {
            Ok(Record::Message(relayed)) if relayed.pod == self.own.as_str() => {
                self.counters.echoes += 1;
            }
            Ok(Record::Mark { pod, .. }) if pod == self.own.as_str() => self.counters.echoes += 1,
            Ok(Record::Message(relayed)) => self.take_relayed(now, audience, &relayed, out),
            Ok(Record::Mark { pod, seq }) => {
                self.counters.marks += 1;
                let missed = self.sequence.handle_mark(now.instant, pod, audience, seq);
                self.tell_missed(audience, missed, out);
            }
            Ok(Record::Tale { pod, tale }) if pod == self.own.as_str() => {
                // What it tells of presence is long, and nothing to itself.
                if tale.starts_with(Tale::ECHO_BEGINS)
                    && let Some(Tale::Echo(number)) = Tale::from_json(tale)
                {
                    self.echo = Some((audience.clone(), number));
                }
            }
            Ok(Record::Tale { pod, tale }) => match Tale::from_json(tale) {
                // It is for its pod alone.
                Some(Tale::Echo(_)) => {}
                Some(tale) => {
                    self.counters.tales += 1;
                    let audience = audience.clone();
                    out.push(Arrival::Tale(Told { pod: pod.into(), audience, tale }));
                }
                None => self.counters.rubbish += 1,
            },
            Ok(Record::Foreign(text)) => self.take_foreign(now, audience, text, out),
            Err(_) => self.counters.rubbish += 1,
        }
    }

    /// What this pod said to itself that has come back: behind it comes nothing that Redis passed on
    /// before it. To be asked for behind each payload.
    pub fn poll_echo(&mut self) -> Option<(Audience, u64)> {
        self.echo.take()
    }

    /// Takes in what a stream has of a channel, once everything was heard that Redis passed on before
    /// that was read: whoever is told it hears what comes later behind it, and nothing that was said
    /// before it.
    ///
    /// What a pod that was heard has said since, and is not there, is delivered from the stream. Of
    /// a pod that was not, nobody here was owed anything, and what it publishes again is passed over.
    pub fn handle_kept(
        &mut self,
        now: Now,
        audience: &Audience,
        kept: &Kept,
        out: &mut Vec<Arrival>,
    ) {
        let mut bygone: HashMap<&str, Seq> = HashMap::new();
        for entry in kept.in_order() {
            if *entry.pod == *self.own.as_str() {
                continue;
            }
            match self.sequence.last_heard(&entry.pod, audience) {
                None => {
                    let last = bygone.entry(&entry.pod).or_insert(entry.seq);
                    *last = entry.seq.max(*last);
                }
                Some(last) if last >= entry.seq => {}
                Some(_) => {
                    let sequence = &mut self.sequence;
                    let verdict =
                        sequence.handle_message(now.instant, &entry.pod, audience, entry.seq);
                    self.take_judged(audience, verdict, out, || Delivery {
                        audience: audience.clone(),
                        frame: entry.frame.clone(),
                        id: entry.id,
                        origin: Origin::of_pod(entry.is_id_chosen),
                        place: Some(entry.place()),
                    });
                }
            }
        }
        for (pod, seq) in bygone {
            let missed = self.sequence.handle_bygone(now.instant, pod, audience, seq);
            self.tell_missed(audience, missed, out);
        }
    }

    /// Payloads were lost before anybody could look at them: `audience` may have been meant.
    pub fn handle_lag(&mut self, audience: &Audience, out: &mut Vec<Arrival>) {
        self.counters.gaps += 1;
        out.push(Arrival::Gap(Gap { audience: audience.clone(), missed: None }));
    }

    /// The channel was not heard for a while, though there were members of it, and is asked for
    /// again.
    pub fn handle_interrupted(&mut self, now: Now, audience: &Audience) {
        self.sequence.handle_interrupted(now.instant, audience);
    }

    /// The channel is not heard from now on.
    pub fn handle_unsubscribed(&mut self, audience: &Audience) {
        self.sequence.forget(audience);
    }

    /// Forgets what is old; once a minute at the most it has something to do.
    pub fn handle_timeout(&mut self, now: Now) {
        self.sequence.sweep(now.instant);
    }

    /// The figures.
    pub fn counters(&self) -> InboxCounters {
        InboxCounters { pairs: self.sequence.len() as u64, ..self.counters }
    }

    fn take_relayed(
        &mut self,
        now: Now,
        audience: &Audience,
        relayed: &Relayed<'_>,
        out: &mut Vec<Arrival>,
    ) {
        let verdict = self.sequence.handle_message(now.instant, relayed.pod, audience, relayed.seq);
        self.take_judged(audience, verdict, out, || Delivery {
            audience: audience.clone(),
            frame: relayed.frame(),
            id: relayed.id,
            origin: Origin::of_pod(relayed.is_id_chosen),
            place: Some(Place::new(relayed.pod, relayed.seq.value())),
        });
    }

    /// Delivers what is new, and tells of what is missing.
    fn take_judged(
        &mut self,
        audience: &Audience,
        verdict: Verdict,
        out: &mut Vec<Arrival>,
        delivery: impl FnOnce() -> Delivery,
    ) {
        match verdict {
            Verdict::New { missed } => {
                self.tell_missed(audience, missed, out);
                self.counters.delivered += 1;
                out.push(Arrival::Delivery(delivery()));
            }
            Verdict::Duplicate => self.counters.duplicates += 1,
            Verdict::Late { announced } => {
                self.counters.late += 1;
                self.tell_missed(audience, Some(u64::from(!announced)), out);
            }
        }
    }

    fn take_foreign(&mut self, now: Now, audience: &Audience, text: &[u8], out: &mut Vec<Arrival>) {
        if text.len() > MESSAGE_BYTES_MAX_DEFAULT {
            self.counters.rubbish += 1;
            return;
        }
        let Ok(draft) = self.parser.parse_backend(text) else {
            self.counters.rubbish += 1;
            return;
        };
        self.counters.foreign += 1;
        out.push(Arrival::Delivery(stamp(now, audience, &draft, &mut self.random)));
    }

    fn tell_missed(&mut self, audience: &Audience, missed: Option<u64>, out: &mut Vec<Arrival>) {
        if missed != Some(0) {
            self.counters.missed += missed.unwrap_or(0);
            self.counters.gaps += 1;
            out.push(Arrival::Gap(Gap { audience: audience.clone(), missed }));
        }
    }
}

/// Another program's message with what it lacks, encoded.
fn stamp(now: Now, audience: &Audience, draft: &Draft<'_>, random: &mut fastrand::Rng) -> Delivery {
    let origin = if draft.id.is_some() { Origin::Foreign } else { Origin::ForeignWithoutId };
    let id = draft
        .id
        .unwrap_or_else(|| uuid_v7::made_at(now.unix_millis, random.u128(..).to_be_bytes()));
    let envelope = Envelope {
        id,
        kind: draft.kind,
        room: audience.as_ref().map(|room| room.as_str()),
        from: draft.from.as_deref().unwrap_or(SERVER_NAME),
        data: draft.data,
        timestamp: draft.timestamp.unwrap_or_else(|| Timestamp::from_unix_millis(now.unix_millis)),
    };
    let mut frame = Vec::with_capacity(envelope_frame_bytes(&envelope));
    envelope_frame(&envelope, &mut frame);
    Delivery { audience: audience.clone(), frame: Bytes::from(frame), id, origin, place: None }
}

#[cfg(test)]
mod tests;
