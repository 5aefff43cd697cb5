//! All client connections of the process, and the one loop that drives them.
//!
//! Knows neither rooms nor figures. One thread, one read buffer, and no system call more than a
//! wake-up, a read and a write need.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Protocol, Socket, Type};

use crate::failure::Failure;
use crate::load::connection::{Audience, Connection, Ready, Turn};
use crate::load::dialect::Opening;
use crate::load::doors::Doors;
use crate::load::source_addresses::SourceAddresses;
use crate::load::stream::Stream;
use crate::load::target::Target;
use crate::load::wake_timer::WakeTimer;
use crate::measure::machine;
use crate::measure::moment::{Clock, Moment};

/// What one read may bring, in bytes: large enough to empty a socket, small enough for the cache.
pub(crate) const SCRATCH_BYTES: usize = 256 * 1_024;
/// How many events one wake-up may bring; the others come with the next.
const EVENTS_MAX: usize = 4_096;
/// The longest that a wait lasts when nothing is due.
const WAIT_MAX: Duration = Duration::from_millis(100);
/// How many handshakes are under way at once where a scenario does not say otherwise.
const IN_FLIGHT_DEFAULT: usize = 64;
/// How long all connections together may go without one of them opening, or leaving.
const STALL_MAX: Duration = Duration::from_secs(10);
/// The token of the timer, which no connection has.
const TIMER: Token = Token(usize::MAX);

/// How one connection is begun.
#[derive(Debug)]
pub(crate) struct Call {
    /// Whom it goes to.
    pub(crate) address: SocketAddr,
    /// What it says to come in.
    pub(crate) opening: Opening,
    /// The size of its socket's receive buffer in bytes (the system takes twice that), where it
    /// is not the system's choice: a reader that stalls is noticed as soon as a small one is full.
    pub(crate) receive_bytes: Option<usize>,
}

/// A socket with an address of its own, and where it will go.
#[derive(Debug)]
pub(crate) struct Bound {
    socket: Socket,
    address: SocketAddr,
}

/// The connections and their event loop.
#[derive(Debug)]
pub(crate) struct Swarm {
    target: Target,
    clock: Clock,
    poll: Poll,
    events: Events,
    timer: WakeTimer,
    ready: VecDeque<Ready>,
    connections: Vec<Option<Connection>>,
    sources: SourceAddresses,
    scratch: Box<[u8]>,
}

impl Swarm {
    /// A swarm with room for so many connections, none of them made yet.
    ///
    /// # Errors
    /// If the descriptor limit does not allow so many.
    pub(crate) fn new(target: Target, connections: usize) -> Result<Self, Failure> {
        machine::require_descriptors(connections)?;
        let trouble = || Failure::while_doing("the event loop cannot be made");
        let poll = Poll::new().map_err(trouble())?;
        let timer = WakeTimer::new(&poll, TIMER).map_err(trouble())?;
        Ok(Self {
            target,
            clock: Clock,
            poll,
            events: Events::with_capacity(EVENTS_MAX),
            timer,
            ready: VecDeque::with_capacity(EVENTS_MAX),
            connections: (0..connections).map(|_| None).collect(),
            sources: SourceAddresses::new(fastrand::u32(..)),
            scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
        })
    }

    /// The clock that deliveries are timed by.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// The server under load.
    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Begins connection `index`, which must not be open; `opening` is what it says to come in.
    ///
    /// # Errors
    /// If the system refuses a socket, an address or the connection right away.
    pub(crate) fn open(&mut self, index: usize, opening: Opening) -> Result<(), Failure> {
        self.open_at(index, self.target.address, opening)
    }

    /// Begins connection `index` to a server of its own choice; else as [`Swarm::open`].
    ///
    /// # Errors
    /// If the system refuses a socket, an address or the connection right away.
    pub(crate) fn open_at(
        &mut self,
        index: usize,
        address: SocketAddr,
        opening: Opening,
    ) -> Result<(), Failure> {
        self.call(index, Call { address, opening, receive_bytes: None })
    }

    /// Begins connection `index`, which must not be open, as the call says.
    ///
    /// # Errors
    /// If the system refuses a socket, an address or the connection right away.
    pub(crate) fn call(&mut self, index: usize, call: Call) -> Result<(), Failure> {
        let Call { address, opening, receive_bytes } = call;
        let bound = self.bind(address, receive_bytes)?;
        self.call_on(index, bound, opening)
    }

    /// A socket that is bound and goes nowhere yet: half of a call, made beforehand.
    ///
    /// # Errors
    /// If the system refuses a socket or an address.
    pub(crate) fn bind(
        &mut self,
        address: SocketAddr,
        receive_bytes: Option<usize>,
    ) -> Result<Bound, Failure> {
        let source = self.sources.next(address);
        let socket = bind_socket(address, source, receive_bytes);
        let socket = socket.map_err(Failure::while_doing(format!("a socket to {address}")))?;
        Ok(Bound { socket, address })
    }

    /// Begins connection `index`, which must not be open, on a socket made beforehand.
    ///
    /// # Errors
    /// If the system refuses the connection right away.
    pub(crate) fn call_on(
        &mut self,
        index: usize,
        bound: Bound,
        opening: Opening,
    ) -> Result<(), Failure> {
        let begun = self.clock.now();
        let address = bound.address;
        let trouble = || Failure::while_doing(format!("connection {index} to {address}"));
        let mut stream = begin_connecting(bound).map_err(trouble())?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        registry.register(&mut stream, Token(index), interest).map_err(trouble())?;
        let stream = Stream::on(stream, self.target.tls()).map_err(trouble())?;
        self.connections[index] = Some(Connection::new(stream, opening, begun));
        Ok(())
    }

    /// Sends the request of a connection just begun, where that stands already.
    pub(crate) fn ask_at_once(&mut self, index: usize) {
        if let Some(connection) = &mut self.connections[index] {
            connection.ask_at_once();
        }
    }

    /// Lets no more than so many further connections come from one address.
    pub(crate) fn spread_sources(&mut self, connections_per_address: u32) {
        self.sources.spread(connections_per_address);
    }

    /// Sends `frames` on a connection; false if it is gone, or its server has long taken nothing.
    pub(crate) fn send(&mut self, index: usize, frames: &[u8]) -> bool {
        self.connections[index].as_mut().is_some_and(|connection| connection.send(frames))
    }

    /// Says goodbye on a connection; its end comes as an event.
    pub(crate) fn leave(&mut self, index: usize) {
        if let Some(connection) = &mut self.connections[index] {
            connection.leave();
        }
    }

    /// Ends a connection without a word: its socket is closed, and no event tells of it.
    pub(crate) fn cut(&mut self, index: usize) {
        self.connections[index] = None;
    }

    /// Ends a connection with a reset instead of an end: what either side has not read is void.
    pub(crate) fn reset(&mut self, index: usize) {
        if let Some(connection) = self.connections[index].take() {
            connection.reset();
        }
    }

    /// Lets a connection read so many bytes more, and no further ones; `usize::MAX` lifts the
    /// limit, nothing stalls it.
    pub(crate) fn allow(&mut self, index: usize, bytes: usize) {
        let Some(connection) = &mut self.connections[index] else { return };
        connection.allow(bytes);
        if bytes > 0 {
            // What came while it did not read brings no further event, and neither does an end.
            self.ready.push_back(Ready { connection: index, ended: true });
        }
    }

    /// Waits for events until `due`, at most a tenth of a second.
    ///
    /// # Errors
    /// If the event loop is broken.
    pub(crate) fn wait(&mut self, due: Moment) -> Result<(), Failure> {
        let now = self.clock.now();
        let span =
            if self.ready.is_empty() { due.since(now).min(WAIT_MAX) } else { Duration::ZERO };
        if !span.is_zero() && span < WAIT_MAX {
            self.timer.set(due, now).map_err(Failure::while_doing("the timer"))?;
        }
        let limit = if span.is_zero() { span } else { WAIT_MAX };
        match self.poll.poll(&mut self.events, Some(limit)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(Failure::new(format!("the event loop is broken: {error}"))),
        }
        let events = self.events.iter().filter(|event| event.token() != TIMER);
        self.ready.extend(events.map(|event| Ready {
            connection: event.token().0,
            ended: event.is_read_closed() || event.is_error(),
        }));
        Ok(())
    }

    /// Works off the next connection that is ready; false if none is.
    pub(crate) fn handle_next<A: Audience>(&mut self, audience: &mut A) -> bool {
        let Some(ready) = self.ready.pop_front() else { return false };
        let index = ready.connection;
        let Some(connection) = &mut self.connections[index] else { return true };
        let Self { scratch, clock, .. } = self;
        match connection.handle_ready(ready, scratch, clock, audience) {
            Turn::Done => {}
            Turn::Again => self.ready.push_back(ready),
            Turn::Over => self.connections[index] = None,
        }
        true
    }

    /// Opens connections `0..` with these openings, a bounded number of them at once.
    ///
    /// # Errors
    /// As [`Self::open_from`].
    pub(crate) fn open_all(
        &mut self,
        openings: impl Iterator<Item = Opening>,
    ) -> Result<(), Failure> {
        self.open_from(0, openings)
    }

    /// Opens connections `first..` with these openings, a bounded number of them at once; those
    /// that are open already stay so.
    ///
    /// # Errors
    /// If one is refused or lost, an open one too, or none opens for ten seconds.
    pub(crate) fn open_from(
        &mut self,
        first: usize,
        openings: impl Iterator<Item = Opening>,
    ) -> Result<(), Failure> {
        let address = self.target.address;
        let call = |opening| Call { address, opening, receive_bytes: None };
        self.call_all(first, openings.map(call))
    }

    /// The same with calls, which say more; what is heard meanwhile is passed over.
    ///
    /// # Errors
    /// As [`Swarm::open_from`].
    pub(crate) fn call_all(
        &mut self,
        first: usize,
        calls: impl Iterator<Item = Call>,
    ) -> Result<(), Failure> {
        let mut doors = Doors::default();
        let mut calls = (first..).zip(calls).fuse();
        let mut last_change = (0, self.clock.now());
        loop {
            while doors.opening() < IN_FLIGHT_DEFAULT
                && let Some((index, call)) = calls.next()
            {
                self.call(index, call)?;
                doors.begun += 1;
            }
            if doors.opening() == 0 {
                return Ok(());
            }
            self.wait(self.clock.now().after(WAIT_MAX))?;
            while self.handle_next(&mut doors) {}
            if let Some(reason) = doors.trouble {
                return Err(Failure::new(reason));
            }
            let now = self.clock.now();
            if doors.opened != last_change.0 {
                last_change = (doors.opened, now);
            } else if now.since(last_change.1) > STALL_MAX {
                let (opened, begun) = (doors.opened, doors.begun);
                return Err(Failure::new(format!(
                    "the server stopped opening connections: {opened} of {begun} in 10 s"
                )));
            }
        }
    }

    /// Leaves with all connections and waits until the server has said goodbye to each.
    ///
    /// A server that does not is left without one after ten seconds, and so is one that is gone.
    ///
    /// # Errors
    /// If the event loop is broken.
    pub(crate) fn leave_all(&mut self) -> Result<(), Failure> {
        let mut doors = Doors::default();
        let deadline = self.clock.now().after(STALL_MAX);
        for index in 0..self.connections.len() {
            self.allow(index, usize::MAX);
            self.leave(index);
            while self.handle_next(&mut doors) {}
        }
        while self.connections.iter().any(Option::is_some) && self.clock.now() < deadline {
            self.wait(self.clock.now().after(WAIT_MAX))?;
            while self.handle_next(&mut doors) {}
        }
        self.connections.fill_with(|| None);
        self.ready.clear();
        Ok(())
    }
}

fn bind_socket(
    address: SocketAddr,
    source: Option<SocketAddr>,
    receive_bytes: Option<usize>,
) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    if let Some(bytes) = receive_bytes {
        socket.set_recv_buffer_size(bytes)?;
    }
    if let Some(source) = source {
        socket.bind(&source.into())?;
    }
    Ok(socket)
}

fn begin_connecting(Bound { socket, address }: Bound) -> io::Result<TcpStream> {
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error)
            if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
        Err(error) => return Err(error),
    }
    Ok(TcpStream::from_std(socket.into()))
}
