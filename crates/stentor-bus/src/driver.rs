//! The driver of the bus: the one place where its values meet fred, the clock and the log.
//!
//! Each turn waits for one thing, hands it to the value that it concerns, and then does what the
//! values say. It decides nothing. Everything that it does at once is capped, so that no side
//! keeps the others waiting.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fred::error::Error;
use fred::types::config::Server;
use futures_util::FutureExt;
use futures_util::stream::FuturesUnordered;
use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::backoff;
use crate::bus::{Batch, Settings};
use crate::channel::Audience;
use crate::counters::Counters;
use crate::delays::Delays;
use crate::handed::Handed;
use crate::hearing::Hearing;
use crate::histories::Ask;
use crate::inbox::{Arrival, Inbox};
use crate::link::{Link, LinkState};
use crate::pipeline::Pipeline;
use crate::publisher::{Outgoing, Outgoings};
use crate::record::Ticket;
use crate::session::{Found, Session, SessionEvent};
use crate::subscriptions::Subscriptions;
use crate::waiters::{Release, WaiterId};

mod acting;
mod clock;
mod farewell;
mod following;
mod remembering;
mod telling;
mod waiting;

use clock::Clock;
use farewell::Farewell;
use following::Followed;
use remembering::Memory;
use telling::Telling;

/// What is taken or done at once of each kind.
const AT_ONCE_MAX: usize = 1_024;

/// A panic that follows another within this time makes the wait before the next start longer.
const PANICS_IN_A_ROW_WITHIN: Duration = Duration::from_secs(60);

/// How often other pods are told that this one lives; who is not heard for three times that is dead
/// to them.
const ALIVE_INTERVAL: Duration = Duration::from_secs(3);

/// How often the figures are told.
const FIGURES_INTERVAL: Duration = Duration::from_millis(500);

/// What the holder of a [`Rooms`](crate::bus::Rooms) says.
#[derive(Debug)]
pub(crate) enum Control {
    Want(RoomName),
    Unwant(RoomName),
    Wait(Vec<RoomName>, oneshot::Sender<Release>),
    Tell(Audience, Tale),
    /// A fault of the bus itself.
    #[cfg(test)]
    Panic,
}

/// The bus thread's ends of everything.
#[derive(Debug)]
pub(crate) struct Ends {
    pub(crate) outgoings: Outgoings,
    pub(crate) controls: mpsc::UnboundedReceiver<Control>,
    /// `None` where Redis keeps no history.
    pub(crate) asks: Option<mpsc::Receiver<Ask>>,
    pub(crate) arrivals: broadcast::Sender<Batch>,
    pub(crate) handed: Arc<Handed>,
    pub(crate) link: watch::Sender<LinkState>,
    pub(crate) counters: watch::Sender<Counters>,
    pub(crate) stop: oneshot::Receiver<Duration>,
}

type Connecting = Pin<Box<dyn Future<Output = Result<Session, Error>> + Send>>;
type Publishing = Pin<Box<dyn Future<Output = (Errand, Result<(), Error>)> + Send>>;

/// What is being published.
#[derive(Clone, Debug)]
enum Errand {
    /// A message or a mark.
    Record(Ticket),
    /// A base, which goes before one.
    Base,
    Probe(u64),
    /// Something of presence; nobody waits for it.
    Tale,
    /// The last of all; a bus that stops waits for it.
    Farewell,
    /// A message, into its room's stream.
    Append(Audience),
    /// A number that this pod says to itself on a room's channel.
    Echo(Audience, u64),
    /// A word to a stream that it is to live on.
    Renew(Audience),
    /// A word that a stream lacks something.
    Lack(Audience),
}

pub(crate) struct Driver {
    settings: Settings,
    ends: Ends,
    clock: Clock,
    random: fastrand::Rng,
    pipeline: Pipeline,
    inbox: Inbox,
    subscriptions: Subscriptions,
    link: Link,
    hearing: Hearing,
    delays: Delays,
    /// Which channels are asked for on this session, by name.
    audiences: HashMap<String, Audience>,
    waiters: HashMap<WaiterId, oneshot::Sender<Release>>,
    waiters_count: u64,
    probe_channel: String,
    session: Option<Session>,
    connecting: Option<Connecting>,
    publishes: FuturesUnordered<Publishing>,
    /// The servers of the last session.
    known: Vec<Server>,
    telling: Telling,
    arrivals: Vec<Arrival>,
    /// What was taken from the queue of messages and has no number yet.
    said: VecDeque<Outgoing>,
    /// What of it somebody traces.
    followed: Followed,
    /// `None` where Redis keeps no history.
    memory: Option<Memory>,
    panics: u64,
    /// When the next sign of life is due.
    alive_at: stentor_wire::time::Instant,
    stop_at: Option<stentor_wire::time::Instant>,
    farewell: Farewell,
    /// Nobody is left who could publish.
    is_silent: bool,
}

/// The one thing that a turn begins with.
enum Event {
    Said(Vec<Outgoing>),
    Control(Control),
    Session(SessionEvent),
    Published(Errand, Result<(), Error>),
    Asked(Ask),
    Read(Audience, Result<Found, Error>),
    Connected(Box<Result<Session, Error>>),
    Due,
    Stop(Duration),
}

impl Driver {
    pub(crate) fn new(settings: Settings, mut ends: Ends) -> Driver {
        let Settings { pod, names, outbox, in_flight, seed, .. } = &settings;
        Driver {
            clock: Clock::start(),
            random: fastrand::Rng::with_seed(*seed),
            pipeline: Pipeline::new(pod.clone(), *outbox, *in_flight),
            inbox: Inbox::new(pod.clone(), seed.wrapping_add(1)),
            subscriptions: Subscriptions::new(settings.linger),
            link: Link::default(),
            hearing: Hearing::new(settings.testifies.then(|| Arc::clone(&ends.handed))),
            delays: Delays::default(),
            audiences: HashMap::new(),
            waiters: HashMap::new(),
            waiters_count: 0,
            probe_channel: names.probe(pod),
            session: None,
            connecting: None,
            publishes: FuturesUnordered::new(),
            known: Vec::new(),
            telling: Telling::new(settings.address.to_string()),
            arrivals: Vec::new(),
            said: VecDeque::new(),
            followed: Followed::default(),
            memory: settings
                .history
                .zip(ends.asks.take())
                .map(|(history, asks)| Memory::new(history, asks)),
            panics: 0,
            alive_at: stentor_wire::time::Instant::default(),
            stop_at: None,
            farewell: Farewell::default(),
            is_silent: false,
            settings,
            ends,
        }
    }

    /// Runs until it is stopped, through every panic.
    pub(crate) async fn run(mut self) {
        let mut row = 0;
        loop {
            let began_at = self.clock.now().instant;
            if AssertUnwindSafe(self.run_until_panic()).catch_unwind().await.is_ok() {
                return;
            }
            let ran_for = self.clock.now().instant.since(began_at);
            row = if ran_for < PANICS_IN_A_ROW_WITHIN { row + 1 } else { 1 };
            self.handle_panic();
            tokio::time::sleep(backoff::wait(row, self.random.u64(..))).await;
        }
    }

    async fn run_until_panic(&mut self) {
        loop {
            self.act();
            if self.has_ended() {
                return;
            }
            match self.next_event().await {
                Event::Said(messages) => self.handle_said(messages),
                Event::Control(control) => self.handle_control(control),
                Event::Session(event) => self.handle_session(event),
                Event::Published(errand, result) => self.handle_published(errand, result),
                Event::Asked(ask) => self.handle_ask(ask),
                Event::Read(audience, result) => self.handle_read(audience, result),
                Event::Connected(result) => self.handle_connected(*result),
                Event::Due => {}
                Event::Stop(patience) => self.handle_stop(patience),
            }
        }
    }
}
