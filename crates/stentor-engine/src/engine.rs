//! The engine: the shards' threads, and the handle through which a program uses them.

mod not_attached;
mod running;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use stentor_bus::link::LinkState;
use stentor_bus::stream_history::StreamHistory;
use stentor_shard::{Backlog, Delivery, Laggard, Passage};
use stentor_wire::close::CloseCode;
use stentor_wire::encode;
use stentor_wire::envelope::Envelope;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::millis;
use stentor_wire::timestamp::Timestamp;
use tokio::sync::mpsc;
use tracing::Span;
use uuid::Uuid;

use crate::config::{EngineConfig, History};
use crate::door::{Admission, Door, Gate};
use crate::driver::{Arrivals, Entrance};
use crate::engine::running::Start;
use crate::figures::{BusyRoom, Figures, People, RoomsReport, Times};
use crate::gates::Claim;
use crate::hooks::Hooks;
use crate::limits::Limits;
use crate::listener::{listen, probe};
use crate::mailbox::{Address, Attach, Command, Mailbox, Publications, SendError, mailbox};
use crate::pod::Pod;
use crate::pod_bus::PodBus;
use crate::publication::{Overloaded, Publication, Receipt};
use crate::stream::Stream;

pub use not_attached::{AttachError, NotAttached};

/// How long shards may take to answer a question.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(250);

/// A drain closes no slower than this, all shards together.
const DRAIN_CLOSES_PER_SECOND_MIN: f64 = 1_000.0;

/// For how long a listener that is given up waits for handshakes to come to their end. Less than the
/// second after which TCP asks again, so that who asks again reaches another.
const PORT_PATIENCE: Duration = Duration::from_millis(500);

/// At most this part of a drain's time, twice: for the listeners, and for who came through them.
const PORT_SHARE_OF_DRAIN: u32 = 4;

/// What of a drain's time is kept for publishing what still waits then.
const BUS_SHARE_OF_DRAIN: f64 = 0.1;

/// A running engine. Clones are the same engine; its threads run until [`Engine::drain`].
#[derive(Clone)]
pub struct Engine {
    pod: Arc<Pod>,
    addresses: Arc<[Address]>,
    next_shard: Arc<AtomicUsize>,
    local_addr: Option<SocketAddr>,
}

/// Why an engine did not start.
#[derive(Debug)]
pub enum StartError {
    /// The number of shards is zero or above [`EngineConfig::SHARDS_MAX`].
    Shards(usize),
    /// The address cannot be listened on.
    Listen(SocketAddr, io::Error),
    /// A thread could not be had.
    Thread(io::Error),
}

impl Engine {
    /// Starts the shards. Sockets come in by [`Engine::attach`].
    ///
    /// # Errors
    /// A number of shards that cannot be, or a system without threads or descriptors to give.
    pub fn start(config: EngineConfig, hooks: Arc<dyn Hooks>) -> Result<Engine, StartError> {
        Engine::start_shards(config, hooks, Vec::new(), None)
    }

    /// Starts the shards, each with a listener of its own on `address`; the kernel spreads new
    /// sockets over them. Port 0 takes a free port, the same for all.
    ///
    /// # Errors
    /// As [`Engine::start`], and an address that cannot be listened on.
    pub fn start_listening(
        config: EngineConfig,
        hooks: Arc<dyn Hooks>,
        address: SocketAddr,
        door: Arc<dyn Door>,
    ) -> Result<Engine, StartError> {
        let mut listeners: Vec<TcpListener> = Vec::new();
        let mut address = address;
        if !config.shares_port {
            probe(address).map_err(|error| StartError::Listen(address, error))?;
        }
        for _ in 0..config.shards.min(EngineConfig::SHARDS_MAX) {
            let listener = listen(address).map_err(|error| StartError::Listen(address, error))?;
            address = listener.local_addr().map_err(StartError::Thread)?;
            listeners.push(listener);
        }
        Engine::start_shards(config, hooks, listeners, Some((address, door)))
    }

    /// Where the engine listens, if it does.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }

    /// Hands over a socket whose upgrade the program has done. `received` is what was read from
    /// it behind the request.
    ///
    /// # Errors
    /// There is no place for it; it comes back, to be told so and closed.
    pub fn attach(
        &self,
        stream: impl Into<Stream>,
        received: Vec<u8>,
        admission: Admission,
    ) -> Result<(), NotAttached> {
        let stream = stream.into();
        let place = match self.pod.gates.take_place(Claim::of(&admission)) {
            Ok(place) => place,
            Err(gate) => {
                self.pod.gates.note_turned_away(gate);
                return Err(NotAttached { why: AttachError::at(gate), stream: Some(stream) });
            }
        };
        let shard = self.next_shard.fetch_add(1, Ordering::Relaxed) % self.addresses.len();
        let attach = Attach { stream, received, admission, place };
        self.addresses[shard].send(Command::Attach(Box::new(attach))).map_err(|refused| {
            let stream = match refused {
                SendError::Full(Command::Attach(attach)) => Some(attach.stream),
                SendError::Full(_) | SendError::Ended => None,
            };
            NotAttached { why: AttachError::Overloaded, stream }
        })
    }

    /// Publishes messages of the program itself, in order. Either all are taken or none.
    ///
    /// # Errors
    /// The engine has more to do than it has room for: 64 MiB of publications wait.
    pub fn publish(&self, publications: Vec<Publication>) -> Result<Vec<Receipt>, Overloaded> {
        self.publish_as_part_of(&Span::none(), publications)
    }

    /// The same for publications that somebody traces. Below `span` there are spans with the target
    /// [`TRACE_TARGET`](crate::TRACE_TARGET) for what becomes of them: `deliver` for each shard that
    /// takes them, and `publish to pods` where there is a bus. They name no room and no message. A
    /// span that no subscriber wants costs nothing.
    ///
    /// # Errors
    /// As [`Engine::publish`].
    pub fn publish_as_part_of(
        &self,
        span: &Span,
        publications: Vec<Publication>,
    ) -> Result<Vec<Receipt>, Overloaded> {
        let timestamp = Timestamp::from_unix_millis(unix_millis());
        let mut receipts = Vec::with_capacity(publications.len());
        let mut deliveries = Vec::with_capacity(publications.len());
        for publication in publications {
            let receipt = Receipt { id: publication.id.unwrap_or_else(Uuid::now_v7), timestamp };
            deliveries.push(stamp(publication, receipt));
            receipts.push(receipt);
        }
        let bytes = deliveries.iter().map(|delivery| delivery.frame.len()).sum();
        if !self.pod.take_publication_bytes(bytes) {
            return Err(Overloaded);
        }
        // One shard takes them all, so that what one program says stays in order.
        let publications = Publications { deliveries, bytes, span: span.clone() };
        self.addresses[0].send(Command::Publish(publications)).map_err(|_| {
            self.pod.return_publication_bytes(bytes);
            Overloaded
        })?;
        Ok(receipts)
    }

    /// The fullest rooms of the pod, at most `limit`.
    pub fn rooms(&self, limit: usize) -> RoomsReport {
        self.pod.interest.report(limit)
    }

    /// How many connections the room has on this pod.
    pub fn room_connections(&self, room: &RoomName) -> u64 {
        self.pod.interest.members(room)
    }

    /// Who is in the room, in all pods, where a client here has asked to be told who comes and goes;
    /// `None` where nobody has, or no shard answers within a quarter of a second.
    ///
    /// # Cancel safety
    /// Nothing but the answer is lost.
    pub async fn people_in(&self, room: &RoomName) -> Option<People> {
        let (answer, mut answers) = mpsc::unbounded_channel();
        for address in &*self.addresses {
            // A shard that has too much to do is not asked.
            let _ = address.send(Command::Who(room.clone(), answer.clone()));
        }
        drop(answer);
        tokio::time::timeout(ANSWER_TIMEOUT, answers.recv()).await.ok().flatten()
    }

    /// The connections that are the furthest behind, at most `limit`, the worst first. A shard that
    /// does not answer within a quarter of a second is left out.
    ///
    /// # Cancel safety
    /// Nothing but the answer is lost.
    pub async fn laggards(&self, by: Backlog, limit: usize) -> Vec<Laggard> {
        let ask = |answer| Command::Laggards { by, limit, answer };
        let mut laggards = self.ask_all(ask).await.concat();
        laggards.sort_unstable_by_key(|laggard| Reverse(by.weight(laggard)));
        laggards.truncate(limit);
        laggards
    }

    /// The rooms that cause the most deliveries on this pod, at most `limit`, the busiest first. A
    /// shard that does not answer within a quarter of a second is left out, and so is what a shard
    /// has of a room that is not among its own `limit` busiest.
    ///
    /// # Cancel safety
    /// Nothing but the answer is lost.
    pub async fn busiest_rooms(&self, limit: usize) -> Vec<BusyRoom> {
        let answers = self.ask_all(|answer| Command::BusiestRooms { limit, answer }).await;
        let mut rooms: HashMap<Option<RoomName>, BusyRoom> = HashMap::new();
        for of_shard in answers.into_iter().flatten() {
            let connections = match &of_shard.room {
                Some(room) => self.room_connections(room),
                None => self.inspect().connections(),
            };
            let room = of_shard.room.clone();
            let whole = rooms.entry(of_shard.room).or_insert(BusyRoom {
                room,
                connections,
                deliveries_per_second: 0.0,
            });
            whole.deliveries_per_second += f64::from(of_shard.deliveries_per_second);
        }
        let mut rooms: Vec<BusyRoom> = rooms.into_values().collect();
        rooms.sort_unstable_by(|one, other| {
            other.deliveries_per_second.total_cmp(&one.deliveries_per_second)
        });
        rooms.truncate(limit);
        rooms
    }

    /// What the shards answer in time, in no order.
    async fn ask_all<T>(&self, ask: impl Fn(mpsc::UnboundedSender<T>) -> Command) -> Vec<T> {
        let (answer, mut answers) = mpsc::unbounded_channel();
        for address in &*self.addresses {
            // A shard that has too much to do is not asked.
            let _ = address.send(ask(answer.clone()));
        }
        drop(answer);
        let mut found = Vec::with_capacity(self.addresses.len());
        let until = tokio::time::Instant::now() + ANSWER_TIMEOUT;
        while let Ok(Some(of_shard)) = tokio::time::timeout_at(until, answers.recv()).await {
            found.push(of_shard);
        }
        found
    }

    /// All figures as they are now, without stopping a shard.
    pub fn inspect(&self) -> Figures {
        let cells = &self.pod.cells;
        let uptime = self.pod.started.elapsed();
        let (mut local, mut remote, mut turns) = <(Times, Times, Times)>::default();
        for cells in cells {
            cells.add_times(&mut local, &mut remote, &mut turns);
        }
        let closed = CloseCode::ALL
            .iter()
            .enumerate()
            .map(|(position, code)| (*code, cells.iter().map(|c| c.closed(position)).sum()))
            .collect();
        Figures {
            uptime,
            rooms: self.pod.interest.rooms(),
            shards: cells.iter().map(|cells| cells.read(uptime)).collect(),
            closed,
            closed_abnormally: cells.iter().map(crate::cells::Cells::closed_abnormally).sum(),
            places: self.pod.gates.places_taken() as u64,
            connections_max: self.pod.gates.connections_max() as u64,
            handshakes: self.pod.gates.handshakes() as u64,
            addresses: self.pod.gates.addresses() as u64,
            delivery_local: local,
            delivery_remote: remote,
            turns,
            bus: self.pod.bus.as_ref().map(PodBus::counters),
        }
    }

    /// The state of the link to other pods; `None` where the engine has no bus. A bus that has ended
    /// is down.
    pub fn bus_link(&self) -> Option<LinkState> {
        self.pod.bus.as_ref().map(PodBus::link)
    }

    /// Other limits from now on, for what comes and what is said from then on. Nobody is closed, even
    /// where more are in than may be.
    pub fn change_limits(&self, limits: &Limits) {
        self.pod.change_limits(limits);
    }

    /// Whether there is a place for one more connection now.
    pub fn gate(&self) -> Gate {
        self.pod.gates.gate()
    }

    /// Whether [`Engine::drain`] has begun.
    pub fn is_draining(&self) -> bool {
        self.pod.gates.is_draining()
    }

    /// Ends politely: nobody comes in any more, everybody is closed with 1001 behind what waits
    /// for them, spread over at most `drain_timeout` and no slower than 1,000 a second. Returns
    /// when all sockets are closed, what was said is published and all threads have ended, or after
    /// `drain_timeout`. With a bus the last tenth of that is kept for publishing. A port that is
    /// shared is given up first, and who has come to it until then is let in as ever.
    ///
    /// # Cancel safety
    /// Once begun the drain goes on by itself, but for giving up a port; calling again goes on, and
    /// waits for the same.
    pub async fn drain(&self) {
        let timeout = self.pod.config.drain_timeout;
        let ends = *self.pod.drain_ends.get_or_init(|| Instant::now() + timeout);
        if self.pod.config.shares_port {
            self.give_up_port().await;
        }
        if self.pod.gates.begin_drain() {
            let timeout = ends.saturating_duration_since(Instant::now());
            // What is said until the end is published behind it.
            let reserve = if self.pod.bus.is_some() { BUS_SHARE_OF_DRAIN } else { 0.0 };
            let timeout = timeout.mul_f64(1.0 - reserve);
            let at_least = self.pod.gates.places_taken() as f64 / DRAIN_CLOSES_PER_SECOND_MIN;
            // The last fifth is for the peers' answers.
            let window = Duration::from_secs_f64(at_least).min(timeout.mul_f64(0.8));
            for address in &*self.addresses {
                let mut command = Command::Drain { window, timeout };
                while let Err(SendError::Full(refused)) = address.send(command) {
                    command = refused;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
        // The sender lives as long as the engine, so waiting cannot fail.
        let _ = self.pod.ended.subscribe().wait_for(|ended| ended.bus_stopped).await;
    }

    /// Returns when no listener is left and all who came through them are in or turned away, or after
    /// a part of the drain's time.
    async fn give_up_port(&self) {
        let patience = PORT_PATIENCE.min(self.pod.config.drain_timeout / PORT_SHARE_OF_DRAIN);
        let until = tokio::time::Instant::now() + 2 * patience;
        for address in &*self.addresses {
            // A shard that has no room for it gives up its port when it ends, like any other.
            let _ = address.send(Command::GiveUpPort { patience });
        }
        let mut listeners = self.pod.listeners.subscribe();
        let _ = tokio::time::timeout_at(until, listeners.wait_for(|left| *left == 0)).await;
        while self.pod.gates.handshakes() > 0 && tokio::time::Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Returns when a shard has ended unasked: the pod can no longer keep its promises.
    pub async fn failed(&self) {
        let _ = self.pod.ended.subscribe().wait_for(|ended| ended.failed).await;
    }

    fn start_shards(
        config: EngineConfig,
        hooks: Arc<dyn Hooks>,
        listeners: Vec<TcpListener>,
        entrance: Option<(SocketAddr, Arc<dyn Door>)>,
    ) -> Result<Engine, StartError> {
        if config.shards == 0 || config.shards > EngineConfig::SHARDS_MAX {
            return Err(StartError::Shards(config.shards));
        }
        let shards = config.shards;
        let (bus, arrivals) = match config.bus.clone() {
            Some(mut settings) => {
                settings.testifies = config.history.is_some();
                if let Some(history) = config.history {
                    // What is kept of a room is of use for as long as other pods are heard there.
                    settings.linger = settings.linger.max(history.ttl);
                    let History { size, ttl, at_redis, .. } = history;
                    settings.history = at_redis.then_some(StreamHistory { size, ttl });
                }
                let (bus, arrivals) =
                    PodBus::start(settings, shards).map_err(StartError::Thread)?;
                (Some(bus), arrivals)
            }
            None => (None, Vec::new()),
        };
        let mut arrivals = arrivals.into_iter();
        let pod = Arc::new(Pod::new(config, hooks, bus, listeners.len()));
        let (addresses, mailboxes): (Vec<Address>, Vec<Mailbox>) =
            (0..shards).map(|_| mailbox()).unzip();
        let addresses: Arc<[Address]> = addresses.into();
        let mut listeners = listeners.into_iter();
        for (index, mailbox) in mailboxes.into_iter().enumerate() {
            let entrance = entrance
                .as_ref()
                .zip(listeners.next())
                .map(|((_, door), listener)| Entrance::new(listener, Arc::clone(door)));
            let start = Start {
                index,
                pod: Arc::clone(&pod),
                addresses: Arc::clone(&addresses),
                mailbox,
                entrance,
                arrivals: Arrivals::new(arrivals.next()),
            };
            let spawned =
                thread::Builder::new().name(format!("shard-{index}")).spawn(move || start.run());
            if let Err(error) = spawned {
                end_at_once(&addresses);
                return Err(StartError::Thread(error));
            }
        }
        let local_addr = entrance.map(|(address, _)| address);
        Ok(Engine { pod, addresses, next_shard: Arc::default(), local_addr })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.pod.config).finish_non_exhaustive()
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Shards(shards) => {
                write!(f, "{shards} shards: from 1 to {} can be", EngineConfig::SHARDS_MAX)
            }
            StartError::Listen(address, error) => write!(f, "cannot listen on {address}: {error}"),
            StartError::Thread(error) => write!(f, "cannot start a shard: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

fn stamp(publication: Publication, receipt: Receipt) -> Delivery {
    let Publication { id, kind, room, from, data } = publication;
    let envelope = Envelope {
        id: receipt.id,
        kind,
        room: room.as_ref().map(RoomName::as_str),
        from: &from,
        data: &data,
        timestamp: receipt.timestamp,
    };
    let mut frame = Vec::with_capacity(encode::envelope_frame_bytes(&envelope));
    encode::envelope_frame(&envelope, &mut frame);
    Delivery { frame: Bytes::from(frame), room, chosen_id: id, passage: Passage::UNKNOWN }
}

/// Ends shards that nobody will ever speak to.
fn end_at_once(addresses: &[Address]) {
    for address in addresses {
        // Those that did not start either take nothing, and need not.
        let _ = address.send(Command::Drain { window: Duration::ZERO, timeout: Duration::ZERO });
    }
}

fn unix_millis() -> u64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    millis(unix)
}
