//! The least that a server can do: accept, and answer a request with bytes built beforehand, or
//! only hold what was accepted. The floor of `connect` and of `idle`, in a second process.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd as _;

use mio::net::{TcpListener, TcpStream};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

use crate::cli::FloorDoorArgs;
use crate::failure::Failure;
use crate::load::handshake;
use crate::measure::machine;
use crate::measure::meter::ServerMeter;
use crate::process::child::Other;

/// The close frame that a client's is answered with: code 1000, unmasked.
const GOODBYE: [u8; 4] = [0x88, 0x02, 0x03, 0xe8];
/// What a request may weigh, in bytes; a connection that sends more without an end is dropped.
const REQUEST_BYTES_MAX: usize = 16 * 1_024;
/// How many connections may wait to be accepted.
const BACKLOG: i32 = 4_096;
const EVENTS_MAX: usize = 1_024;
/// The token of the listener, and of the input whose end ends the process.
const LISTENER: Token = Token(usize::MAX);
const INPUT: Token = Token(usize::MAX - 1);

/// The second process.
#[derive(Debug)]
pub(crate) struct Door {
    process: Other,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Door {
    /// Starts it, on a core of its own if one is given; it answers with so many bytes, or not.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn open(core: Option<usize>, answer_bytes: Option<usize>) -> Result<Self, Failure> {
        let mut arguments = vec!["floor-door".to_owned()];
        arguments.extend(core.map(|core| format!("--core={core}")));
        arguments.extend(answer_bytes.map(|bytes| format!("--answer-bytes={bytes}")));
        let process = Other::start("the floor's server", &arguments)?;
        let address = process.hear_address()?;
        Ok(Self { process, address })
    }

    /// Reads its CPU time, in the same way as a server's.
    ///
    /// # Errors
    /// If it is gone.
    pub(crate) fn meter(&self) -> Result<ServerMeter, Failure> {
        ServerMeter::new(self.process.pid())
    }
}

/// Serves until the input ends.
///
/// # Errors
/// If the core is not there, or the event loop is broken.
pub(crate) fn serve(args: &FloorDoorArgs) -> Result<(), Failure> {
    if let Some(core) = args.core {
        machine::pin_to_core(core)?;
    }
    let answer = args.answer_bytes.map(handshake::answer);
    Doorkeeper::new(answer)
        .and_then(Doorkeeper::serve)
        .map_err(Failure::while_doing("the floor's server"))
}

#[derive(Debug)]
struct Doorkeeper {
    poll: Poll,
    listener: TcpListener,
    answer: Option<Vec<u8>>,
    /// Those who are in, by their token; as many as the descriptor limit allows.
    guests: Vec<Option<Guest>>,
    vacant: Vec<usize>,
}

#[derive(Debug)]
struct Guest {
    stream: TcpStream,
    /// What came of its request; nothing once that was answered.
    request: Vec<u8>,
    answered: bool,
}

impl Doorkeeper {
    fn new(answer: Option<Vec<u8>>) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        let mut listener = TcpListener::from_std(socket.into());
        println!("{}", listener.local_addr()?.port());
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let input = io::stdin().as_raw_fd();
        poll.registry().register(&mut SourceFd(&input), INPUT, Interest::READABLE)?;
        Ok(Self { poll, listener, answer, guests: Vec::new(), vacant: Vec::new() })
    }

    fn serve(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS_MAX);
        let mut scratch = [0; 4_096];
        loop {
            self.poll.poll(&mut events, None)?;
            for event in &events {
                match event.token() {
                    INPUT => return Ok(()),
                    LISTENER => self.accept_all()?,
                    Token(place) => self.hear(place, &mut scratch),
                }
            }
        }
    }

    fn accept_all(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            let place = self.vacant.pop().unwrap_or(self.guests.len());
            if place == self.guests.len() {
                self.guests.push(None);
            }
            // One that is only held is in no event loop: that would be memory of its own.
            if self.answer.is_some() {
                self.poll.registry().register(&mut stream, Token(place), Interest::READABLE)?;
            }
            let guest = Guest { stream, request: Vec::new(), answered: false };
            self.guests[place] = Some(guest);
        }
    }

    /// Reads what a guest says; one whose goodbye was answered, or who is gone, is let go.
    fn hear(&mut self, place: usize, scratch: &mut [u8]) {
        let Some(guest) = self.guests.get_mut(place).and_then(Option::as_mut) else { return };
        let answer = self.answer.as_deref().unwrap_or_default();
        if guest.hear(answer, scratch).is_none() {
            self.guests[place] = None;
            self.vacant.push(place);
        }
    }
}

impl Guest {
    /// Takes what came; none if the guest is to be let go.
    fn hear(&mut self, answer: &[u8], scratch: &mut [u8]) -> Option<()> {
        loop {
            let count = match self.stream.read(scratch) {
                Ok(0) => return None,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Some(()),
                Err(_) => return None,
            };
            if self.answered {
                // Whatever it is, it is the goodbye: nothing else is ever sent here.
                let _ = self.stream.write(&GOODBYE);
                return None;
            }
            self.request.extend_from_slice(&scratch[..count]);
            if self.request.ends_with(b"\r\n\r\n") {
                self.stream.write_all(answer).ok()?;
                self.answered = true;
                self.request = Vec::new();
            } else if self.request.len() > REQUEST_BYTES_MAX {
                return None;
            }
            // A short read has emptied the socket.
            if count < scratch.len() {
                return Some(());
            }
        }
    }
}
