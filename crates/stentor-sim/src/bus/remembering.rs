//! What a pod's bus does for the streams of rooms, as the real driver does it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use stentor_bus::channel::Audience;
use stentor_bus::echoes::Echoes;
use stentor_bus::inbox::{Arrival, Origin};
use stentor_bus::link::LinkState;
use stentor_bus::pipeline::Publish;
use stentor_bus::record::Ticket;
use stentor_bus::relay;
use stentor_bus::stream_history::Kept;
use stentor_bus::stream_reads::StreamReads;
use stentor_bus::stream_upkeep::{StreamUpkeep, Upkeep};
use stentor_wire::presence::Tale;
use stentor_wire::time::{Instant, Now};

use super::{Effect, PodBus};
use crate::archive::Appended;
use crate::mutation::Mutation;
use crate::redis::Request;

/// Names a question; no number twice in a world.
pub(crate) type AskId = u64;

/// What a bus has beside the rest where Redis keeps what is said.
#[derive(Debug)]
pub(crate) struct Memory {
    upkeep: StreamUpkeep,
    /// Who has asked, and what must be published before that is read.
    gate: VecDeque<(Ticket, AskId, Audience)>,
    reads: StreamReads<AskId>,
    echoes: Echoes,
    /// What is to be answered once the shards have what came before it.
    answers: Vec<(Audience, Option<Arc<Kept>>)>,
}

impl Memory {
    pub(crate) fn new(ttl: Duration) -> Memory {
        Memory {
            upkeep: StreamUpkeep::new(ttl),
            gate: VecDeque::new(),
            reads: StreamReads::default(),
            echoes: Echoes::default(),
            answers: Vec::new(),
        }
    }

    /// When a read is given up.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.echoes.poll_timeout()
    }
}

impl PodBus {
    /// Goes before the publish of the same message, on the same connection.
    pub(super) fn append(&mut self, now: Now, publish: &Publish) {
        let Publish { audience, payload, entry, .. } = publish;
        let (Some(memory), Some(entry)) = (&mut self.memory, entry) else { return };
        let is_new = memory.upkeep.handle_message(now.instant, audience);
        let lifetime = memory.upkeep.lifetime();
        let audience = audience.clone();
        let record = payload.clone();
        let appended = Appended { record, is_settled: entry.is_settled };
        self.publish(Request::Append { audience: audience.clone(), appended });
        if is_new {
            self.publish(Request::Renew { audience, lifetime });
        }
    }

    pub(super) fn take_ask(&mut self, ask: AskId, audience: Audience) {
        let is_up = self.link.state() == LinkState::Up;
        match &mut self.memory {
            Some(memory) if is_up => {
                memory.gate.push_back((self.pipeline.newest(), ask, audience));
            }
            _ => self.effects.push(Effect::Answered(ask, None)),
        }
    }

    pub(super) fn take_found(&mut self, now: Now, audience: Audience, mut kept: Kept) {
        let Some(memory) = &mut self.memory else { return };
        if memory.upkeep.is_lacking(&audience) {
            kept.lacking_at = Some(u64::MAX);
        }
        if self.mutation == Some(Mutation::TrustRedis) {
            kept.sound_since = 0;
        }
        let kept = Arc::new(kept);
        let is_heard = self.subscriptions.is_heard(&audience);
        if !is_heard || self.mutation == Some(Mutation::ForgetEchoes) {
            memory.answers.push((audience, Some(kept)));
            return;
        }
        let number = memory.echoes.handle_read(now.instant, audience.clone(), kept);
        let payload = relay::encode_tale(&self.pod, &Tale::Echo(number));
        let channel = self.names.of(&audience);
        self.publish(Request::Publish { ticket: None, channel, payload });
    }

    pub(super) fn take_echoes(&mut self, now: Now) {
        while let Some((audience, number)) = self.inbox.poll_echo() {
            let Some(memory) = &mut self.memory else { continue };
            let Some(kept) = memory.echoes.handle_echo(&audience, number) else { continue };
            self.inbox.handle_kept(now, &audience, &kept, &mut self.arrivals);
            memory.answers.push((audience, Some(kept)));
        }
    }

    pub(super) fn give_up_on_echoes(&mut self, now: Now) {
        let Some(memory) = &mut self.memory else { return };
        while let Some(audience) = memory.echoes.poll_overdue(now.instant) {
            memory.answers.push((audience, None));
        }
    }

    pub(super) fn answer(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        for (audience, kept) in std::mem::take(&mut memory.answers) {
            for ask in memory.reads.handle_read(&audience) {
                let found = kept.clone().map(|kept| (audience.clone(), kept));
                self.effects.push(Effect::Answered(ask, found));
            }
        }
    }

    pub(super) fn take_lack_written(&mut self, now: Now, audience: &Audience) {
        if let Some(memory) = &mut self.memory {
            memory.upkeep.handle_lack_written(now.instant, audience);
        }
    }

    /// The messages of other programs are in no stream.
    pub(super) fn look_for_foreign(&mut self, now: Now, new_from: usize) {
        let Some(memory) = &mut self.memory else { return };
        for arrival in &self.arrivals[new_from..] {
            let Arrival::Delivery(delivery) = arrival else { continue };
            if matches!(delivery.origin, Origin::Foreign | Origin::ForeignWithoutId) {
                memory.upkeep.handle_lack(now.instant, &delivery.audience);
            }
        }
    }

    /// Writes down what is lacking and lets streams live on, before anything is published.
    pub(super) fn keep_up(&mut self, now: Now) {
        while let Some(audience) = self.pipeline.poll_unpublished() {
            if let Some(memory) = &mut self.memory {
                memory.upkeep.handle_lack(now.instant, &audience);
            }
        }
        if self.link.state() != LinkState::Up || self.session.is_none() {
            return;
        }
        while let Some(memory) = &mut self.memory {
            let lifetime = memory.upkeep.lifetime();
            match memory.upkeep.poll_upkeep(now.instant) {
                Some(Upkeep::Renew(audience)) => {
                    self.publish(Request::Renew { audience, lifetime });
                }
                Some(Upkeep::Lack(audience)) => self.publish(Request::Lack { audience, lifetime }),
                None => return,
            }
        }
    }

    /// Begins the reads whose turn it is.
    pub(super) fn read(&mut self) {
        let Some(memory) = &mut self.memory else { return };
        while let Some((last, _, _)) = memory.gate.front()
            && self.pipeline.has_settled(*last)
            && let Some((_, ask, audience)) = memory.gate.pop_front()
        {
            memory.reads.handle_asked(audience, ask).expect("there are few");
        }
        if self.session.is_none() {
            return;
        }
        while let Some(audience) = self.memory.as_mut().and_then(|memory| memory.reads.poll_read())
        {
            self.publish(Request::Read { audience });
        }
    }

    /// The session is dropped, and with it all that was on its way.
    pub(super) fn forget_session(&mut self, now: Now) {
        let Some(memory) = &mut self.memory else { return };
        memory.echoes.handle_link_down();
        memory.answers.clear();
        let mut waiters = memory.reads.handle_link_down();
        waiters.extend(memory.gate.drain(..).map(|(_, ask, _)| ask));
        memory.upkeep.handle_link_down(now.instant);
        let answers = waiters.into_iter().map(|ask| Effect::Answered(ask, None));
        self.effects.extend(answers);
    }

    pub(super) fn upkeep_due(&self) -> Option<Instant> {
        let memory = self.memory.as_ref().filter(|_| self.link.state() == LinkState::Up);
        memory.and_then(|memory| memory.upkeep.poll_timeout())
    }
}
