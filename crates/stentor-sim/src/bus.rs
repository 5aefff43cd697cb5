//! The bus of one pod: the real values, driven as the bus's own driver drives them.
//!
//! What the driver does with fred is an [`Effect`] here, and the world carries it out. Inputs
//! come one after the other, and after them [`PodBus::act`] does what is due, in the order of the
//! real driver.

mod remembering;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_bus::channel::{Audience, ChannelNames};
use stentor_bus::delays::Delays;
use stentor_bus::handed::Handed;
use stentor_bus::hearing::Hearing;
use stentor_bus::in_flight::InFlightLimits;
use stentor_bus::inbox::{Arrival, Inbox};
use stentor_bus::link::{Link, LinkAction, LinkState};
use stentor_bus::pipeline::{Outcome, Pipeline};
use stentor_bus::pod_id::PodId;
use stentor_bus::publisher::Outgoing;
use stentor_bus::relay;
use stentor_bus::stream_history::Kept;
use stentor_bus::subscriptions::{Answer, Command, CommandKind, Subscriptions};
use stentor_bus::waiters::{Release, WaiterId};
use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::Now;

use crate::mutation::Mutation;
use crate::pod::Start;
use crate::queue::Micros;
use crate::redis::{Reply, Request, SessionId};

pub(crate) use remembering::AskId;
use remembering::Memory;

/// What shards take at once, as in the real bus.
pub(crate) type Batch = Arc<[Arrival]>;

/// As in the real driver.
const PUBLISHES_AT_ONCE_MAX: usize = 1_024;
const BATCH_BYTES_MAX: usize = 256 * 1024;
const BATCH_ARRIVALS_MAX: usize = 256;

/// Payloads that Redis keeps for a bus that stands still before it cuts the connection; small, so
/// that they overflow in a small world.
const PAYLOADS_MAX: usize = 16;

/// What a bus is told.
#[derive(Debug)]
pub(crate) enum Input {
    Said {
        audience: Audience,
        message: Bytes,
        is_id_chosen: bool,
        is_settled: bool,
    },
    Want(RoomName),
    Unwant(RoomName),
    Wait(WaiterId, Vec<RoomName>),
    /// What does Redis keep of a room?
    Ask(AskId, Audience),
    FromRedis(SessionId, Reply),
}

/// What a bus wants done.
#[derive(Debug)]
pub(crate) enum Effect {
    Connect,
    Send(SessionId, Request),
    Released(WaiterId, Release),
    /// What Redis keeps, where it could be read.
    Answered(AskId, Option<(Audience, Arc<Kept>)>),
    Batch(Batch),
}

#[derive(Debug)]
pub(crate) struct PodBus {
    pod: PodId,
    pub(crate) pipeline: Pipeline,
    pub(crate) inbox: Inbox,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) link: Link,
    hearing: Hearing,
    /// Where Redis keeps what is said.
    memory: Option<Memory>,
    delays: Delays,
    pub(crate) inputs: VecDeque<Input>,
    pub(crate) session: Option<SessionId>,
    /// A session that is not connected yet.
    connecting: Option<SessionId>,
    audiences: BTreeMap<String, Audience>,
    names: ChannelNames,
    probe_channel: String,
    arrivals: Vec<Arrival>,
    random: fastrand::Rng,
    mutation: Option<Mutation>,
    downs: u64,
    pub(crate) effects: Vec<Effect>,
    pub(crate) wakes_at: Option<Micros>,
    pub(crate) stands_until: Micros,
}

impl PodBus {
    pub(crate) fn new(pod: &PodId, start: &Start, handed: Arc<Handed>) -> PodBus {
        let (outbox, mutation) = (start.outbox, start.mutation);
        let seed = start.seed.wrapping_add(100);
        let archive = start.history.filter(|plan| plan.is_archived);
        let names = ChannelNames::new("realtime").expect("a valid prefix");
        PodBus {
            pod: pod.clone(),
            pipeline: Pipeline::new(pod.clone(), outbox, InFlightLimits::default()),
            inbox: Inbox::new(pod.clone(), seed),
            subscriptions: Subscriptions::default(),
            link: Link::default(),
            hearing: Hearing::new(Some(handed)),
            memory: archive.map(|plan| Memory::new(Duration::from_micros(plan.ttl))),
            delays: Delays::default(),
            inputs: VecDeque::new(),
            session: None,
            connecting: None,
            audiences: BTreeMap::new(),
            probe_channel: names.probe(pod),
            names,
            arrivals: Vec::new(),
            random: fastrand::Rng::with_seed(seed),
            mutation,
            downs: 0,
            effects: Vec::new(),
            wakes_at: None,
            stands_until: 0,
        }
    }

    /// Whether Redis is heard.
    pub(crate) fn is_up(&self) -> bool {
        self.link.state() == LinkState::Up
    }

    /// The session that [`Effect::Connect`] asked for.
    pub(crate) fn handle_connecting(&mut self, session: SessionId) {
        self.connecting = Some(session);
        let probe = self.probe_channel.clone();
        self.effects.push(Effect::Send(session, Request::Connect { probe }));
    }

    /// Takes everything that has come, and does what follows.
    pub(crate) fn run(&mut self, now: Now) {
        self.end_session_that_fell_behind();
        while let Some(input) = self.inputs.pop_front() {
            self.take(now, input);
        }
        self.act(now);
    }

    /// When it has something to do by itself.
    pub(crate) fn poll_timeout(&self) -> Micros {
        let dues = [
            self.pipeline.poll_timeout(),
            self.subscriptions.poll_timeout(),
            Some(self.link.poll_timeout()),
            self.hearing.poll_timeout(),
            self.upkeep_due(),
            self.memory.as_ref().and_then(Memory::poll_timeout),
            self.delays.poll_timeout(self.pipeline.oldest_said_at()),
        ];
        dues.into_iter().flatten().min().map_or(0, |at| at.micros())
    }

    /// Redis ends a connection that reads too slowly: what it has no room for is lost with it.
    fn end_session_that_fell_behind(&mut self) {
        let heard = |input: &Input| matches!(input, Input::FromRedis(_, Reply::Heard { .. }));
        // Only a bus that stood still is so far behind: else payloads are taken as they come.
        let has_stood = std::mem::take(&mut self.stands_until) > 0;
        let Some(session) = self.session.filter(|_| has_stood) else { return };
        let mut payloads = 0;
        let last = self.inputs.iter().position(|input| {
            payloads += usize::from(heard(input));
            payloads > PAYLOADS_MAX
        });
        let Some(last) = last else { return };
        let mut place = 0;
        self.inputs.retain(|input| {
            place += 1;
            place <= last || !matches!(input, Input::FromRedis(..))
        });
        self.inputs.push_back(Input::FromRedis(session, Reply::Ended));
    }

    fn take(&mut self, now: Now, input: Input) {
        if let Input::Said { message, .. } = &input {
            self.delays.handle_taken(now, message);
        }
        match input {
            Input::Said { audience, message, is_id_chosen, is_settled } => {
                let follow = None;
                let outgoing = Outgoing { audience, message, is_id_chosen, is_settled, follow };
                self.pipeline.handle_outgoing(now.instant, outgoing);
            }
            Input::Want(room) => self.subscriptions.handle_wanted(&room),
            Input::Unwant(room) => {
                if self.mutation != Some(Mutation::ForgetToLeave) {
                    self.subscriptions.handle_unwanted(now.instant, &room);
                }
            }
            Input::Wait(waiter, rooms) => {
                self.subscriptions.handle_wait(now.instant, waiter, &rooms);
            }
            Input::Ask(ask, audience) => self.take_ask(ask, audience),
            Input::FromRedis(session, reply) => self.take_reply(now, session, reply),
        }
    }

    fn take_reply(&mut self, now: Now, session: SessionId, reply: Reply) {
        if self.connecting == Some(session) {
            match reply {
                Reply::Connected => {
                    self.session = self.connecting.take();
                    self.link.handle_connected(now.instant);
                }
                Reply::Ended => self.disconnected(now),
                _ => {}
            }
            return;
        }
        if self.session != Some(session) {
            return;
        }
        match reply {
            Reply::Connected => {}
            Reply::Published(Some(ticket)) => {
                self.pipeline.handle_outcome(now.instant, ticket, Outcome::Published);
            }
            Reply::Published(None) => {}
            Reply::Answered(id) => {
                self.subscriptions.handle_answer(now.instant, id, Answer::Confirmed);
                self.take_tellings(now);
            }
            Reply::Heard { channel, payload } => self.take_payload(now, &channel, &payload),
            Reply::LackWritten(audience) => self.take_lack_written(now, &audience),
            Reply::Found(audience, kept) => self.take_found(now, audience, kept),
            Reply::Ended => self.disconnected(now),
        }
    }

    fn take_payload(&mut self, now: Now, channel: &str, payload: &Bytes) {
        if let Some(audience) = self.audiences.get(channel) {
            if self.mutation == Some(Mutation::ForgetDuplicates) {
                self.inbox = Inbox::new(self.pod.clone(), 0);
            }
            let new_from = self.arrivals.len();
            self.inbox.handle_payload(now, audience, payload, &mut self.arrivals);
            self.look_for_foreign(now, new_from);
            self.take_echoes(now);
        } else if channel == self.probe_channel {
            let number = std::str::from_utf8(payload).ok().and_then(|text| text.parse().ok());
            if let Some(number) = number {
                self.link.handle_probe_heard(now.instant, number);
                self.arrivals.extend(self.hearing.handle_probe_heard(now, number));
            }
        }
    }

    fn disconnected(&mut self, now: Now) {
        self.drop_session(now);
        self.link.handle_disconnected(now.instant, self.random.u64(..));
    }

    fn drop_session(&mut self, now: Now) {
        self.forget_session(now);
        for session in [self.session.take(), self.connecting.take()].into_iter().flatten() {
            self.effects.push(Effect::Send(session, Request::Close));
        }
    }

    fn act(&mut self, now: Now) {
        self.link.handle_timeout(now.instant, self.random.u64(..));
        self.pipeline.handle_timeout(now.instant);
        self.subscriptions.handle_timeout(now.instant);
        while let Some(audience) = self.subscriptions.poll_let_in_unheard() {
            self.inbox.handle_interrupted(now, &audience);
            self.hearing.handle_interrupted(now);
        }
        self.inbox.handle_timeout(now);
        self.follow_link(now);
        self.keep_up(now);
        self.give_up_on_echoes(now);
        for _ in 0..PUBLISHES_AT_ONCE_MAX {
            let Some(publish) = self.pipeline.poll_publish(now.instant) else { break };
            if self.mutation == Some(Mutation::ForgetBases) && publish.ticket.is_none() {
                continue;
            }
            self.append(now, &publish);
            let channel = self.names.of(&publish.audience);
            self.publish(Request::Publish {
                ticket: publish.ticket,
                channel,
                payload: publish.payload,
            });
        }
        self.read();
        while let Some(command) = self.subscriptions.poll_command(now.instant) {
            self.command(now, command);
        }
        let is_late = self.delays.poll(now.instant, self.pipeline.oldest_said_at());
        let forgets = self.mutation == Some(Mutation::ForgetDelays);
        if is_late && !forgets && self.link.state() == LinkState::Up {
            self.arrivals.push(Arrival::Delayed);
        }
        self.pass_on(now);
        self.answer();
        while let Some((waiter, release)) = self.subscriptions.poll_released() {
            self.effects.push(Effect::Released(waiter, release));
        }
        while self.pipeline.poll_healed().is_some() {}
        let testimony = self.hearing.poll_testimony(now);
        let testimony = testimony.filter(|_| self.mutation != Some(Mutation::ForgetToTestify));
        if let Some(testimony) = testimony {
            self.publish(Request::Publish {
                ticket: None,
                channel: self.names.of(&None),
                payload: relay::encode_tale(&self.pod, &Tale::Heard(testimony)),
            });
        }
    }

    fn follow_link(&mut self, now: Now) {
        while let Some(action) = self.link.poll_action() {
            match action {
                LinkAction::Connect => self.effects.push(Effect::Connect),
                LinkAction::Probe(number) => {
                    self.hearing.handle_probe(now, number);
                    self.publish(Request::Publish {
                        ticket: None,
                        channel: self.probe_channel.clone(),
                        payload: Bytes::from(number.to_string()),
                    });
                }
                LinkAction::TearDown => self.drop_session(now),
            }
        }
        while let Some(state) = self.link.poll_change() {
            match state {
                LinkState::Up => {
                    self.hearing.handle_link_up(now);
                    self.pipeline.handle_link_up(now.instant);
                    if self.mutation != Some(Mutation::ForgetToSubscribe) || self.downs == 0 {
                        self.subscriptions.handle_link_up(now.instant);
                    }
                }
                LinkState::Down => {
                    self.downs += 1;
                    self.hearing.handle_link_down(now);
                    self.pipeline.handle_link_down(now.instant);
                    self.subscriptions.handle_link_down();
                    self.audiences.clear();
                }
                LinkState::Connecting | LinkState::Deaf => {}
            }
        }
    }

    fn publish(&mut self, request: Request) {
        if let Some(session) = self.session {
            self.effects.push(Effect::Send(session, request));
        }
    }

    fn command(&mut self, now: Now, command: Command) {
        let Some(session) = self.session else { return };
        let Command { id, kind, audiences } = command;
        let channels: Vec<String> =
            audiences.iter().map(|audience| self.names.of(audience)).collect();
        for (name, audience) in channels.iter().zip(&audiences) {
            match kind {
                CommandKind::Subscribe => {
                    self.audiences.insert(name.clone(), audience.clone());
                    if self.subscriptions.is_interrupted(audience) {
                        self.inbox.handle_interrupted(now, audience);
                        self.hearing.handle_interrupted(now);
                    }
                }
                CommandKind::Unsubscribe => {
                    self.audiences.remove(name);
                    self.inbox.handle_unsubscribed(audience);
                }
            }
        }
        self.effects.push(Effect::Send(session, Request::Command { id, kind, channels }));
    }

    fn take_tellings(&mut self, now: Now) {
        while let Some(telling) = self.subscriptions.poll_telling() {
            if let Arrival::Lost(_) = &telling {
                self.hearing.handle_interrupted(now);
            }
            self.arrivals.push(telling);
        }
    }

    fn pass_on(&mut self, now: Now) {
        self.take_tellings(now);
        self.mutate();
        let mut bytes = 0;
        let mut batch = Vec::new();
        for arrival in self.arrivals.drain(..) {
            if let Arrival::Delivery(delivery) = &arrival {
                bytes += delivery.frame.len();
            }
            batch.push(arrival);
            if bytes >= BATCH_BYTES_MAX || batch.len() >= BATCH_ARRIVALS_MAX {
                self.effects.push(Effect::Batch(Arc::from(std::mem::take(&mut batch))));
                bytes = 0;
            }
        }
        if !batch.is_empty() {
            self.effects.push(Effect::Batch(Arc::from(batch)));
        }
    }

    fn mutate(&mut self) {
        let chance = !self.arrivals.is_empty() && self.random.u32(0..20) == 0;
        match self.mutation {
            Some(Mutation::DropOne) if chance => {
                let one = |arrival: &Arrival| matches!(arrival, Arrival::Delivery(_));
                if let Some(place) = self.arrivals.iter().position(one) {
                    self.arrivals.remove(place);
                }
            }
            Some(Mutation::SwapTwo) if self.arrivals.len() > 1 => self.arrivals.swap(0, 1),
            Some(Mutation::ForgetGaps) => {
                self.arrivals.retain(|arrival| !matches!(arrival, Arrival::Gap(_)));
            }
            _ => {}
        }
    }
}
