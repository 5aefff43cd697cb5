//! The driver: the loop around one shard.
//!
//! The parts: [`readiness`] (whose turn it is to be read), [`strangers`] (who waits at the door or
//! leaves), [`entrance`] (new sockets up to the door), [`reading`] (bytes → messages), [`arrivals`]
//! (what other pods said), [`joining`] (who waits until they are heard), [`recalling`] (what Redis
//! knows of what was missed), [`following`] (what somebody traces), [`leaving`] (how a socket's time
//! here ends), and here the turn itself. Every drain in a turn is capped, so that nothing starves the
//! others.

mod arrivals;
mod entrance;
mod following;
mod joining;
mod leaving;
mod readiness;
mod reading;
mod recalling;
mod strangers;

use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use mio::{Events, Token};
use stentor_shard::counters::Histogram;
use stentor_shard::time::{Instant, Now};
use stentor_shard::wheel::Wheel;
use stentor_shard::{Event, MemberId, Shard, ShardConfig};
use stentor_wire::close::CloseCode;
use stentor_wire::parse::Parser;

use crate::cells::{Cells, TurnedAway};
use crate::clock::Clock;
use crate::connection::{Connections, Phase};
use crate::fan_out::FanOut;
use crate::figures::People;
use crate::flush::Sockets;
use crate::legs::Legs;
use crate::mailbox::{Address, Command, Mailbox, Publications};
use crate::pod::Pod;
use crate::tls::Workspace;
use crate::wake::Wake;

use joining::Joining;
use recalling::{Recalling, Wanted};
use strangers::Strangers;

pub(crate) use arrivals::Arrivals;
pub(crate) use entrance::Entrance;

/// What one turn takes at the most.
const COMMANDS_PER_TURN_MAX: usize = 1_024;
const DEADLINES_PER_TURN_MAX: usize = 1_024;

/// What one poll takes at the most.
const EVENTS_PER_POLL_MAX: usize = 512;

/// One read's size, and so the most that one connection gives in a turn.
const READ_BYTES: usize = 64 * 1024;

/// How long a peer may take to read its close frame when its socket is full.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a peer may take to end its stream once it was told goodbye.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);

/// How often rings are counted for the figures.
const QUEUED_INTERVAL: Duration = Duration::from_millis(500);

/// How soon a full neighbour is tried again.
const BACKED_UP_RETRY: Duration = Duration::from_micros(200);

const LISTENER: Token = Token(usize::MAX);

/// One shard and everything that it is connected to.
pub(crate) struct Driver {
    index: usize,
    pod: Arc<Pod>,
    shard: Shard,
    connections: Connections,
    fan_out: FanOut,
    mailbox: Mailbox,
    /// Commands that it has taken from it.
    commands_taken: u64,
    entrance: Option<Entrance>,
    arrivals: Arrivals,
    /// `None` without a bus: then there is nobody else to be heard.
    joining: Option<Joining>,
    /// `None` where Redis keeps nothing of what is said.
    recalling: Option<Recalling>,
    wake: Wake,
    clock: Clock,
    parser: Parser,
    /// Deadlines of sockets that are no members: at the door, closing, lingering.
    deadlines: Wheel,
    /// Members that had more to read than one turn takes.
    unread: VecDeque<MemberId>,
    strangers: Strangers,
    /// Those that this turn reads from; empty between turns.
    strangers_chosen: Vec<MemberId>,
    /// The poll had more events than one turn takes.
    more_events: bool,
    /// Sockets that broke in this turn's flush.
    broken: Vec<MemberId>,
    scratch: Box<[u8]>,
    workspace: Workspace,
    /// Publications that wait because a neighbour is owed something.
    publications: VecDeque<Publications>,
    /// What of them somebody traces; empty but for those.
    legs: Legs,
    queued_read_at: Instant,
    queued: usize,
    /// When a drain gives up on those that are left.
    ends_at: Option<Instant>,
    /// How long its turns took.
    turns: Histogram,
}

impl Driver {
    pub(crate) fn new(
        index: usize,
        pod: Arc<Pod>,
        config: ShardConfig,
        addresses: &[Address],
        mailbox: Mailbox,
        entrance: Option<Entrance>,
        arrivals: Arrivals,
    ) -> io::Result<Driver> {
        let wake = Wake::new(mio::Poll::new()?)?;
        let mut driver = Driver {
            index,
            shard: Shard::new(config),
            connections: Connections::default(),
            fan_out: FanOut::new(
                index,
                addresses,
                Arc::clone(&pod.interest),
                pod.config.history.is_some(),
                pod.bus.as_ref(),
            ),
            mailbox,
            commands_taken: 0,
            entrance,
            arrivals,
            joining: pod.bus.as_ref().map(Joining::new),
            recalling: pod.bus.as_ref().and_then(Recalling::new),
            wake,
            clock: Clock::new(pod.started),
            parser: Parser::new(),
            deadlines: Wheel::default(),
            unread: VecDeque::new(),
            strangers: Strangers::default(),
            strangers_chosen: Vec::new(),
            more_events: false,
            broken: Vec::new(),
            scratch: vec![0; READ_BYTES].into_boxed_slice(),
            workspace: Workspace::default(),
            publications: VecDeque::new(),
            legs: Legs::new(index),
            queued_read_at: Instant::default(),
            queued: 0,
            ends_at: None,
            turns: Histogram::default(),
            pod,
        };
        if let Some(entrance) = &mut driver.entrance {
            entrance.register(driver.wake.registry())?;
        }
        Ok(driver)
    }

    /// Runs until a drain is done.
    pub(crate) async fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_PER_POLL_MAX);
        loop {
            let now = self.clock.now();
            self.pod.cells[self.index].begin_turn(now.instant);
            self.shard.change_rate_limit(self.pod.rate_limit.load(Relaxed));
            self.take_commands(now);
            self.take_publications(now);
            self.take_arrivals(now);
            self.take_sockets(now, &mut events)?;
            self.shard.handle_timeout(now);
            self.handle_deadlines(now);
            self.emit_events(now);
            self.take_releases(now);
            self.take_recollections(now);
            self.flush(now);
            self.legs.end_flushed(&self.shard);
            self.publish_figures(now);
            self.end_turn(now);
            if self.is_done(now) {
                return Ok(());
            }
            if let Some(deadline) = self.idle_until(now) {
                let deadline = deadline.map(|at| self.clock.runtime_instant(at));
                self.wait_until(deadline).await;
            }
        }
    }

    async fn wait_until(&mut self, deadline: Option<tokio::time::Instant>) {
        // What is not taken is not waited for, or the wait would end at once each time.
        let takes_arrivals = !self.shard.is_congested();
        let arrivals =
            async { if takes_arrivals { self.arrivals.ready().await } else { pending().await } };
        let releases = async {
            match &mut self.joining {
                Some(joining) => joining.released().await,
                None => pending().await,
            }
        };
        let recollections = async {
            match &mut self.recalling {
                Some(recalling) => recalling.answered().await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = self.wake.wait_until(deadline, &self.mailbox) => {}
            () = arrivals => {}
            () = releases => {}
            () = recollections => {}
        }
    }

    fn take_commands(&mut self, now: Now) {
        self.mailbox.rearm();
        for _ in 0..COMMANDS_PER_TURN_MAX {
            if self.shard.is_congested() {
                break;
            }
            let Some(command) = self.mailbox.poll() else { break };
            self.commands_taken += 1;
            match command {
                Command::Attach(attach) => self.attach(now, *attach),
                Command::Deliver(delivery) => self.shard.handle_delivery(now, &delivery),
                Command::DeliverFollowed(followed) => self.deliver_followed(now, *followed),
                Command::Tale(room, tale) => {
                    self.shard.handle_tale(now, None, Some(&room), &tale);
                }
                Command::Who(room, answer) => {
                    if let Some((connections, people)) = self.shard.people_in(&room) {
                        // Who asked may have gone.
                        let _ = answer.send(People { connections, people });
                    }
                }
                Command::Laggards { by, limit, answer } => {
                    let _ = answer.send(self.shard.laggards(now, by, limit));
                }
                Command::BusiestRooms { limit, answer } => {
                    let _ = answer.send(self.shard.busiest_rooms(now, limit));
                }
                Command::Publish(publications) => self.publications.push_back(publications),
                Command::GiveUpPort { patience } => self.begin_to_give_up_port(now, patience),
                Command::Drain { window, timeout } => {
                    self.shard.handle_drain(now, window);
                    self.ends_at = Some(now.instant + timeout);
                }
            }
        }
    }

    /// Takes what the program itself says, as long as no neighbour is owed something: what other
    /// shards deliver is taken all the same, or two of them could wait for each other.
    fn take_publications(&mut self, now: Now) {
        while !self.fan_out.is_backed_up() && !self.shard.is_congested() {
            let Some(publications) = self.publications.pop_front() else { break };
            let Publications { deliveries, bytes, span } = publications;
            self.pod.return_publication_bytes(bytes);
            if !span.is_disabled() {
                self.take_followed(now, deliveries, &span);
                continue;
            }
            for delivery in deliveries {
                self.shard.handle_publication(now, delivery);
            }
            self.emit_events(now);
        }
    }

    /// Takes what other pods said. What passed this shard by is not to be testified to.
    fn take_arrivals(&mut self, now: Now) {
        let missed = self.arrivals.missed();
        self.arrivals.deliver(now, &mut self.shard);
        if self.arrivals.missed() > missed
            && let Some(bus) = &self.pod.bus
        {
            bus.handed.handle_lag();
        }
    }

    fn handle_deadlines(&mut self, now: Now) {
        for _ in 0..DEADLINES_PER_TURN_MAX {
            let Some(index) = self.deadlines.poll(now.instant) else { break };
            let id = MemberId(index);
            match self.connections[id].phase {
                Phase::Vacant => {}
                Phase::AtTheDoor(_) => {
                    self.pod.cells[self.index].count_turned_away(TurnedAway::TimedOut);
                    self.release(id);
                }
                Phase::Open => self.disconnect(id),
                Phase::Lingering => self.release(id),
            }
        }
    }

    fn emit_events(&mut self, now: Now) {
        self.fan_out.retry();
        while let Some(event) = self.shard.poll_event() {
            match event {
                Event::Closing { member } => {
                    // Its socket may have ended since; then there is nothing left to wait for.
                    if matches!(self.connections[member].phase, Phase::Open) {
                        let due = now.instant + CLOSING_TIMEOUT;
                        self.deadlines.schedule(member.0, now.instant, due);
                    }
                }
                Event::HistoryWanted { member, client_id, rooms, last_id } => {
                    self.recall(now, Wanted { member, client_id, rooms, last_id });
                }
                event => self.emit_to_pods(now, event),
            }
        }
        if self.connections.unpark() {
            self.deadlines.shrink();
        }
    }

    fn emit_to_shards(&mut self, now: Now, event: Event) {
        self.fan_out.emit(now, event, &mut self.shard);
    }

    fn flush(&mut self, now: Now) {
        let mut sockets = Sockets {
            connections: &mut self.connections,
            workspace: &mut self.workspace,
            clock: &self.clock,
            broken: &mut self.broken,
        };
        self.shard.flush(now, &mut sockets);
        while let Some(id) = self.broken.pop() {
            self.disconnect(id);
        }
        while let Some(id) = self.shard.poll_finished() {
            self.say_goodbye(now, id);
        }
        if let (Some(proof), Some(bus)) = (self.arrivals.take_proof(), &self.pod.bus) {
            bus.handed.handle_flushed(self.index, proof);
        }
    }

    fn publish_figures(&mut self, now: Now) {
        let cells: &Cells = &self.pod.cells[self.index];
        cells.publish(&self.shard, self.arrivals.missed());
        if now.instant.since(self.queued_read_at) >= QUEUED_INTERVAL {
            self.queued_read_at = now.instant;
            self.queued = self.shard.frames_queued();
            cells.publish_queued(self.queued);
        }
    }

    fn end_turn(&mut self, now: Now) {
        self.turns.observe(self.clock.instant().since(now.instant), 1);
        self.pod.cells[self.index].end_turn(&self.turns);
    }

    fn is_done(&mut self, now: Now) -> bool {
        let Some(ends_at) = self.ends_at else { return false };
        let owes = self.fan_out.is_backed_up()
            || !self.publications.is_empty()
            || !self.mailbox.is_empty();
        if (self.connections.counted() > 0 || owes) && now.instant < ends_at {
            return false;
        }
        for id in self.connections.ids() {
            if matches!(self.connections[id].phase, Phase::Open) {
                self.shard.handle_close(id, CloseCode::GoingAway);
                self.disconnect(id);
            }
        }
        true
    }

    /// `None`: there is more to do at once. Else until when nothing is to be done unless a socket
    /// or the mailbox has something.
    fn idle_until(&self, now: Now) -> Option<Option<Instant>> {
        let entrance = self.entrance.as_ref();
        let has_input =
            !self.unread.is_empty() || !self.strangers.is_empty() || !self.publications.is_empty();
        let busy = self.more_events
            || has_input && !self.fan_out.is_backed_up()
            || !self.mailbox.is_empty()
            || entrance.is_some_and(|entrance| entrance.is_ready(now));
        if busy {
            return None;
        }
        let backed_up = self.fan_out.is_backed_up().then(|| now.instant + BACKED_UP_RETRY);
        // What was counted is looked at again, or it would stand there for as long as nothing moves.
        let recount = (self.queued > 0).then(|| self.queued_read_at + QUEUED_INTERVAL);
        let timeouts = [
            recount,
            self.shard.poll_timeout(now.instant),
            self.deadlines.poll_timeout(),
            backed_up,
            self.ends_at,
            entrance.and_then(Entrance::resumes_at),
            entrance.and_then(Entrance::closes_at),
        ];
        let next = timeouts.into_iter().flatten().min();
        (next.is_none_or(|at| at > now.instant)).then_some(next)
    }
}
