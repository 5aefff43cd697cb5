//! Remembering: what is said goes into the streams of its rooms, and is read from them.
//!
//! The bad case first: who asks has what comes from here on, and the stream is to have everything
//! before. What this pod has said and Redis has not taken yet is in neither: such a read waits for
//! it, in an outage too, and whoever waits too long is told that something may be missing. What
//! others have said, and Redis has taken, may not have come here yet: what was read waits until it
//! has ([`Echoes`]).
//!
//! Where no history is kept on Redis none of this does anything.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use fred::error::Error;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use stentor_wire::presence::Tale;
use stentor_wire::time::Instant;
use tokio::sync::{mpsc, oneshot};

use super::{AT_ONCE_MAX, Driver, Errand};
use crate::channel::Audience;
use crate::counters::HistoryCounters;
use crate::echoes::Echoes;
use crate::histories::{Ask, ReadError, ReadResult};
use crate::inbox::{Arrival, Origin};
use crate::link::LinkState;
use crate::pipeline::Entry;
use crate::record::Ticket;
use crate::session::{Append, Found};
use crate::stream_history::{Kept, StreamHistory};
use crate::stream_reads::{StreamReads, WAITING_MAX};
use crate::stream_upkeep::{StreamUpkeep, Upkeep};

/// What a bus with history on Redis has beside the rest.
pub(super) struct Memory {
    pub(super) asks: mpsc::Receiver<Ask>,
    pub(super) upkeep: StreamUpkeep,
    pub(super) reading: FuturesUnordered<Reading>,
    /// Who has asked, and what must be published before that is read, in that order.
    gate: VecDeque<(Ticket, Ask)>,
    reads: StreamReads<oneshot::Sender<ReadResult>>,
    echoes: Echoes,
    /// What is to be answered once the shards have what came before it.
    answers: Vec<(Audience, ReadResult)>,
    /// Rooms whose messages are on their way into their streams, and how many of each.
    appending: HashMap<Audience, usize>,
    counters: HistoryCounters,
}

/// A read that is under way.
pub(super) type Reading = Pin<Box<dyn Future<Output = (Audience, Result<Found, Error>)> + Send>>;

impl Memory {
    pub(super) fn new(history: StreamHistory, asks: mpsc::Receiver<Ask>) -> Memory {
        Memory {
            asks,
            upkeep: StreamUpkeep::new(history.ttl),
            reading: FuturesUnordered::new(),
            gate: VecDeque::new(),
            reads: StreamReads::default(),
            echoes: Echoes::default(),
            answers: Vec::new(),
            appending: HashMap::new(),
            counters: HistoryCounters::default(),
        }
    }

    pub(super) fn counters(&self) -> HistoryCounters {
        HistoryCounters { waiting: (self.reads.len() + self.gate.len()) as u64, ..self.counters }
    }

    /// When a read is given up.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.echoes.poll_timeout()
    }

    fn refuse(&mut self, answer: oneshot::Sender<ReadResult>, why: ReadError) {
        self.counters.unanswered += 1;
        // Who asked may have given up.
        let _ = answer.send(Err(why));
    }

    /// Everybody who waits is told that nothing can be read.
    fn release(&mut self) {
        self.reading.clear();
        self.echoes.handle_link_down();
        self.answers.clear();
        let mut waiters = self.reads.handle_link_down();
        waiters.extend(self.gate.drain(..).map(|(_, ask)| ask.answer));
        waiters.into_iter().for_each(|waiter| self.refuse(waiter, ReadError::LinkDown));
    }
}

impl Driver {
    /// A message is published next: it goes into its room's stream first.
    pub(super) fn append(&mut self, audience: &Audience, entry: Entry, record: Bytes) {
        let now = self.clock.now().instant;
        let (Some(memory), Some(session)) = (&mut self.memory, &self.session) else { return };
        let key = self.settings.names.history(audience);
        let append = Append { key: key.clone(), record, is_settled: entry.is_settled };
        let Some(appending) = session.append(append) else {
            memory.counters.errors += 1;
            return memory.upkeep.handle_lack(now, audience);
        };
        let renewing = if memory.upkeep.handle_message(now, audience) {
            session.renew(key, memory.upkeep.lifetime())
        } else {
            None
        };
        if session.appends_apart() {
            *memory.appending.entry(audience.clone()).or_default() += 1;
        }
        self.start(Errand::Append(audience.clone()), appending);
        if let Some(renewing) = renewing {
            self.start(Errand::Renew(audience.clone()), renewing);
        }
    }

    pub(super) fn take_appended(&mut self, audience: &Audience, result: Result<(), Error>) {
        let now = self.clock.now().instant;
        let Some(memory) = &mut self.memory else { return };
        if let Some(count) = memory.appending.get_mut(audience) {
            *count -= 1;
            if *count == 0 {
                memory.appending.remove(audience);
            }
        }
        match result {
            Ok(()) => memory.counters.appended += 1,
            Err(error) => {
                memory.counters.errors += 1;
                memory.upkeep.handle_lack(now, audience);
                self.telling.failed(error.details());
            }
        }
    }

    pub(super) fn take_renewed(&mut self, audience: &Audience, result: &Result<(), Error>) {
        let Some(memory) = &mut self.memory else { return };
        if result.is_err() {
            memory.counters.errors += 1;
            memory.upkeep.handle_not_renewed(audience);
        }
    }

    pub(super) fn take_lack_written(&mut self, audience: &Audience, result: &Result<(), Error>) {
        let now = self.clock.now().instant;
        let Some(memory) = &mut self.memory else { return };
        if result.is_ok() {
            memory.upkeep.handle_lack_written(now, audience);
        } else {
            memory.counters.errors += 1;
            memory.upkeep.handle_lack_not_written(now, audience);
        }
    }

    /// The messages of other programs are in no stream.
    pub(super) fn look_for_foreign(&mut self, new_from: usize) {
        let now = self.clock.now().instant;
        let Some(memory) = &mut self.memory else { return };
        for arrival in &self.arrivals[new_from..] {
            let Arrival::Delivery(delivery) = arrival else { continue };
            if matches!(delivery.origin, Origin::Foreign | Origin::ForeignWithoutId) {
                memory.upkeep.handle_lack(now, &delivery.audience);
            }
        }
    }

    /// When a stream is due to be kept up, while that can be done.
    pub(super) fn upkeep_due(&self) -> Option<stentor_wire::time::Instant> {
        let memory = self.memory.as_ref().filter(|_| self.link.state() == LinkState::Up);
        memory.and_then(|memory| memory.upkeep.poll_timeout())
    }

    /// Writes down what is lacking and lets streams live on; before anything is published, so that
    /// who reads what is said after a loss finds the loss.
    pub(super) fn keep_up(&mut self) {
        let now = self.clock.now().instant;
        while let Some(audience) = self.pipeline.poll_unpublished() {
            if let Some(memory) = &mut self.memory {
                memory.upkeep.handle_lack(now, &audience);
            }
        }
        if self.link.state() != LinkState::Up {
            return;
        }
        for _ in 0..AT_ONCE_MAX {
            let (Some(memory), Some(session)) = (&mut self.memory, &self.session) else { return };
            let lifetime = memory.upkeep.lifetime();
            match memory.upkeep.poll_upkeep(now) {
                Some(Upkeep::Renew(audience)) => {
                    match session.renew(self.settings.names.history(&audience), lifetime) {
                        Some(renewing) => self.start(Errand::Renew(audience), renewing),
                        None => memory.upkeep.handle_not_renewed(&audience),
                    }
                }
                Some(Upkeep::Lack(audience)) => {
                    match session.lack(self.settings.names.lacking(&audience), lifetime) {
                        Some(writing) => self.start(Errand::Lack(audience), writing),
                        None => memory.upkeep.handle_lack_not_written(now, &audience),
                    }
                }
                None => return,
            }
        }
    }

    pub(super) fn handle_ask(&mut self, first: Ask) {
        // What was said before it was asked waits in the other queue.
        self.take_what_was_said();
        self.take_ask(first);
        for _ in 1..AT_ONCE_MAX {
            let next = self.memory.as_mut().and_then(|memory| memory.asks.try_recv().ok());
            let Some(ask) = next else { return };
            self.take_ask(ask);
        }
    }

    fn take_ask(&mut self, ask: Ask) {
        let Some(memory) = &mut self.memory else { return };
        if self.link.state() != LinkState::Up {
            memory.refuse(ask.answer, ReadError::LinkDown);
        } else if memory.gate.len() >= WAITING_MAX {
            memory.refuse(ask.answer, ReadError::Busy);
        } else {
            memory.gate.push_back((self.pipeline.newest(), ask));
        }
    }

    /// Begins the reads whose turn it is.
    pub(super) fn read(&mut self) {
        if let Some(memory) = &mut self.memory {
            while memory.gate.front().is_some_and(|(last, _)| self.pipeline.has_settled(*last))
                && let Some((_, ask)) = memory.gate.pop_front()
            {
                if let Err(answer) = memory.reads.handle_asked(ask.audience, ask.answer) {
                    memory.refuse(answer, ReadError::Busy);
                }
            }
        }
        while let (Some(memory), Some(session)) = (&mut self.memory, &self.session) {
            let Some(audience) = memory.reads.poll_read() else { return };
            let names = &self.settings.names;
            let Some(reading) = session.read(names.history(&audience), names.lacking(&audience))
            else {
                return memory.release();
            };
            memory.counters.reads += 1;
            memory.reading.push(Box::pin(async move { (audience, reading.await) }));
        }
    }

    /// A read has ended: what it found waits until this pod has heard all that Redis has passed on by
    /// now.
    pub(super) fn handle_read(&mut self, audience: Audience, result: Result<Found, Error>) {
        let now = self.clock.now().instant;
        let Some(memory) = &mut self.memory else { return };
        match result {
            Ok(mut found) => {
                memory.counters.rubbish += found.rubbish;
                if memory.upkeep.is_lacking(&audience) {
                    found.kept.lacking_at = Some(u64::MAX);
                }
                let number = memory.echoes.handle_read(now, audience.clone(), found.kept.into());
                let errand = Errand::Echo(audience.clone(), number);
                let is_heard = self.subscriptions.is_heard(&audience);
                if !is_heard || !self.tell_as(errand, &audience, &Tale::Echo(number)) {
                    self.handle_unsaid(&audience, number);
                }
            }
            Err(error) => {
                memory.answers.push((audience, Err(ReadError::Refused)));
                self.telling.failed(error.details());
            }
        }
    }

    /// What this pod said to itself has come back: everything is here that Redis passed on before.
    pub(super) fn take_echoes(&mut self) {
        let now = self.clock.now();
        while let Some((audience, number)) = self.inbox.poll_echo() {
            let Some(kept) = self.take_kept(&audience, number) else { continue };
            self.inbox.handle_kept(now, &audience, &kept, &mut self.arrivals);
        }
    }

    /// It cannot be said, or not be heard: what was read must do as it is.
    pub(super) fn handle_unsaid(&mut self, audience: &Audience, number: u64) {
        self.take_kept(audience, number);
    }

    fn take_kept(&mut self, audience: &Audience, number: u64) -> Option<Arc<Kept>> {
        let memory = self.memory.as_mut()?;
        let kept = memory.echoes.handle_echo(audience, number)?;
        memory.answers.push((audience.clone(), Ok(Arc::clone(&kept))));
        Some(kept)
    }

    /// What has not come back by now is not heard.
    pub(super) fn give_up_on_echoes(&mut self, now: Instant) {
        let Some(memory) = &mut self.memory else { return };
        while let Some(audience) = memory.echoes.poll_overdue(now) {
            memory.answers.push((audience, Err(ReadError::Late)));
        }
    }

    /// Answers those who asked; behind what the shards are given.
    pub(super) fn answer(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        for (audience, answer) in std::mem::take(&mut memory.answers) {
            for waiter in memory.reads.handle_read(&audience) {
                // Who waited may have given up.
                let is_answered = waiter.send(answer.clone()).is_ok() && answer.is_ok();
                memory.counters.answered += u64::from(is_answered);
                memory.counters.unanswered += u64::from(!is_answered);
            }
        }
    }

    /// The session is dropped, and with it all that was on its way.
    pub(super) fn forget_session(&mut self) {
        let now = self.clock.now().instant;
        let Some(memory) = &mut self.memory else { return };
        memory.release();
        // What goes into a stream another way than out may have been taken there and not here.
        for (audience, _) in memory.appending.drain() {
            memory.upkeep.handle_lack(now, &audience);
        }
        memory.upkeep.handle_link_down(now);
    }
}

/// The next read that ends.
pub(super) async fn next_read(
    reading: Option<&mut FuturesUnordered<Reading>>,
) -> Option<(Audience, Result<Found, Error>)> {
    reading?.next().await
}

/// The next who asks.
pub(super) async fn next_ask(asks: Option<&mut mpsc::Receiver<Ask>>) -> Option<Ask> {
    asks?.recv().await
}
