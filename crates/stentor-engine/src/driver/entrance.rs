//! The entrance: new sockets, from the listener up to what the door says of them.

use std::borrow::Cow;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use stentor_shard::time::{Instant, Now};
use stentor_shard::{Connect, MemberId};

use crate::cells::TurnedAway;
use crate::connection::{Phase, Waiting};
use crate::door::{Admission, Answer, Door, Identity, Knock};
use crate::driver::{Driver, LINGER_TIMEOUT, LISTENER};
use crate::gates::{Claim, Place};
use crate::listener::deafen;
use crate::mailbox::Attach;
use crate::socket::{Reading, Socket};
use crate::stream::Stream;
use crate::tls::Session;

/// New sockets of one turn at the most; fewer than the turn reads at the door, or those who are
/// in would wait for those who come.
const ACCEPTS_PER_TURN_MAX: usize = 96;

/// Sockets of a shard without a place, at the door or dismissed from it. Past it a dismissed one is
/// closed at once, so that those who were refused cannot eat all descriptors either; the answer of
/// one that has more to say may then be lost to a reset.
const DOOR_SOCKETS_MAX: usize = 4_096;

/// How long the listener rests when the system has no descriptor left.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// What a socket may say before its door has decided, in bytes; doors decide much earlier.
const DOOR_BYTES_MAX: usize = 128 * 1024;

/// A shard's listener and the door behind it.
pub(crate) struct Entrance {
    /// `None` once the port was given up.
    listener: Option<TcpListener>,
    door: Arc<dyn Door>,
    /// The listener may have more sockets to give.
    ready: bool,
    /// The system had no descriptor left; try again then.
    resumes_at: Option<Instant>,
    /// The last attempt to accept failed, and a warning has said so.
    exhausted: bool,
    /// The port is being given up; the listener goes then.
    closes_at: Option<Instant>,
}

impl Entrance {
    pub(crate) fn new(listener: StdListener, door: Arc<dyn Door>) -> Entrance {
        Entrance {
            listener: Some(TcpListener::from_std(listener)),
            door,
            ready: false,
            resumes_at: None,
            exhausted: false,
            closes_at: None,
        }
    }

    pub(super) fn register(&mut self, registry: &Registry) -> io::Result<()> {
        match &mut self.listener {
            Some(listener) => registry.register(listener, LISTENER, Interest::READABLE),
            None => Ok(()),
        }
    }

    pub(super) fn note_ready(&mut self) {
        self.ready = true;
    }

    pub(super) fn is_ready(&self, now: Now) -> bool {
        self.ready && self.listener.is_some() && self.resumes_at.is_none_or(|at| at <= now.instant)
    }

    pub(super) fn resumes_at(&self) -> Option<Instant> {
        self.resumes_at
    }

    pub(super) fn closes_at(&self) -> Option<Instant> {
        // Until the queue is empty it is the queue that is waited for.
        self.closes_at.filter(|_| !self.ready)
    }

    /// What the door makes of an `auth` message's `data`.
    pub(super) fn recognise(&self, data: &[u8]) -> Result<Identity, Cow<'static, str>> {
        self.door.recognise(data)
    }

    fn poll_accept(&mut self, now: Now) -> Option<(TcpStream, SocketAddr)> {
        loop {
            match self.listener.as_ref()?.accept() {
                Ok(accepted) => {
                    self.exhausted = false;
                    return Some(accepted);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.ready = false;
                    return None;
                }
                // The peer gave up before it was accepted.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => {
                    if !std::mem::replace(&mut self.exhausted, true) {
                        tracing::warn!(%error, "cannot accept connections, trying again");
                    }
                    self.resumes_at = Some(now.instant + EXHAUSTED_PAUSE);
                    return None;
                }
            }
        }
    }
}

impl Driver {
    pub(super) fn accept(&mut self, now: Now) {
        for _ in 0..ACCEPTS_PER_TURN_MAX {
            let Some(entrance) = &mut self.entrance else { return };
            if !entrance.is_ready(now) {
                return;
            }
            entrance.resumes_at = None;
            let Some((stream, peer)) = entrance.poll_accept(now) else { return };
            let door = Arc::clone(&entrance.door);
            let Some(handshake) = self.pod.gates.begin_handshake() else {
                self.turn_away(now, stream, &door);
                continue;
            };
            let session = match self.new_session() {
                Ok(session) => session,
                Err(error) => {
                    tracing::warn!(%error, "no TLS for a new socket, dropping it");
                    continue;
                }
            };
            let Some(id) = self.adopt(stream, session) else { continue };
            let waiting = Waiting { peer, received: Vec::new(), _handshake: handshake };
            self.connections[id].phase = Phase::AtTheDoor(Box::new(waiting));
            let due = now.instant + self.pod.config.door_timeout;
            self.deadlines.schedule(id.0, now.instant, due);
        }
    }

    /// Lets a socket go for which there is no place at the door. It is told so, unless it expects TLS,
    /// whose handshake is what there is no place for.
    fn turn_away(&mut self, now: Now, stream: TcpStream, door: &Arc<dyn Door>) {
        self.count(TurnedAway::CrowdedOut);
        let words = if self.pod.config.tls.is_some() { Vec::new() } else { door.crowded() };
        if let Some(id) = self.adopt(stream, None) {
            self.dismiss(now, id, &words);
        }
    }

    /// From here on nobody new comes to this listener; who is on the way still does.
    pub(super) fn begin_to_give_up_port(&mut self, now: Now, patience: Duration) {
        let Some(entrance) = &mut self.entrance else { return };
        let Some(listener) = entrance.listener.as_ref().filter(|_| entrance.closes_at.is_none())
        else {
            return;
        };
        if let Err(error) = deafen(listener) {
            tracing::warn!(%error, "who comes while the port is given up may be reset");
        }
        entrance.closes_at = Some(now.instant + patience);
        // What is in the queue is taken whether the poll has told of it or not.
        entrance.ready = true;
    }

    /// Stops listening once it is time and nobody is left in the queue, where they would be reset.
    pub(super) fn give_up_port(&mut self, now: Now) {
        let is_due =
            |entrance: &&mut Entrance| entrance.closes_at.is_some_and(|at| at <= now.instant);
        let Some(entrance) = self.entrance.as_mut().filter(is_due) else { return };
        entrance.ready = true;
        self.accept(now);
        let Some(entrance) = self.entrance.as_mut().filter(|entrance| !entrance.ready) else {
            return;
        };
        entrance.closes_at = None;
        entrance.listener = None;
        self.pod.listeners.send_modify(|left| *left -= 1);
    }

    /// Takes in a socket that was upgraded elsewhere and has its place already.
    pub(super) fn attach(&mut self, now: Now, attach: Attach) {
        let Attach { stream: Stream { socket, session }, mut received, admission, place } = attach;
        if self.ends_at.is_some() {
            return;
        }
        let id = socket.set_nonblocking(true).ok().and_then(|()| {
            // What cannot be set changes the latency, not the meaning.
            let _ = socket.set_nodelay(true);
            self.adopt(TcpStream::from_std(socket), session)
        });
        if let Some(id) = id {
            self.admit(now, id, admission, place, &mut received);
            // What its session has read already, no event will tell of.
            self.postpone(id);
        }
    }

    /// Reads what a socket at the door says, and does what the door thinks of it.
    pub(super) fn read_at_the_door(&mut self, now: Now, id: MemberId) {
        let mut scratch = std::mem::take(&mut self.scratch);
        match self.read_socket(id, &mut scratch) {
            Reading::Blocked | Reading::Bytes { count: 0, .. } => {}
            Reading::Ended | Reading::Broken => {
                self.count(TurnedAway::GoneEarly);
                self.release(id);
            }
            Reading::Garbled => self.refuse_tls(now, id),
            Reading::Bytes { count, .. } => self.knock(now, id, &mut scratch[..count]),
        }
        self.scratch = scratch;
    }

    /// Lets a socket go that did not come to terms of TLS. The session has said what is wrong; who
    /// speaks none is told so in plain words.
    fn refuse_tls(&mut self, now: Now, id: MemberId) {
        self.count(TurnedAway::NoTls);
        let socket = self.connections[id].socket.as_mut();
        let is_plain = socket.is_some_and(Socket::give_up_tls);
        let words = self.entrance.as_ref().filter(|_| is_plain).map(|of| of.door.plain());
        self.dismiss(now, id, &words.unwrap_or_default());
    }

    fn knock(&mut self, now: Now, id: MemberId, bytes: &mut [u8]) {
        let Some(entrance) = &self.entrance else { return };
        let door = Arc::clone(&entrance.door);
        let Phase::AtTheDoor(waiting) = std::mem::take(&mut self.connections[id].phase) else {
            return;
        };
        let mut waiting = waiting;
        let whole: &mut [u8] = if waiting.received.is_empty() {
            bytes
        } else {
            waiting.received.extend_from_slice(bytes);
            &mut waiting.received
        };
        let mut gate = self.pod.gates.gate();
        let mut answer = door.knock(&Knock { peer: waiting.peer, received: whole, gate });
        let mut place = None;
        if let Answer::Admit(admission) = &answer {
            match self.pod.gates.take_place(Claim::of(admission)) {
                Ok(taken) => place = Some(taken),
                // Another shard was quicker, or it is about this one: the door finds other words.
                Err(closed) => {
                    gate = closed;
                    answer = door.knock(&Knock { peer: waiting.peer, received: whole, gate });
                }
            }
        }
        match answer {
            Answer::Admit(admission) => {
                let Some(place) = place else { return self.release(id) };
                let consumed = admission.consumed.min(whole.len());
                self.deadlines.cancel(id.0);
                self.admit(now, id, *admission, place, &mut whole[consumed..]);
            }
            Answer::Refuse(response) => {
                self.count(TurnedAway::Refused);
                self.pod.gates.note_turned_away(gate);
                self.dismiss(now, id, &response);
            }
            Answer::Respond(response) => self.dismiss(now, id, &response),
            Answer::Divert => {
                let received = whole.to_vec();
                self.divert(id, &door, waiting.peer, received);
            }
            Answer::Wait if whole.len() > DOOR_BYTES_MAX => self.release(id),
            Answer::Wait => {
                if waiting.received.is_empty() {
                    waiting.received = bytes.to_vec();
                }
                self.connections[id].phase = Phase::AtTheDoor(waiting);
            }
        }
    }

    fn admit(
        &mut self,
        now: Now,
        id: MemberId,
        admission: Admission,
        place: Place,
        early: &mut [u8],
    ) {
        self.connections[id].phase = Phase::Open;
        self.connections.seat(id, place);
        let user = admission.identity.as_ref().map(|identity| &identity.user);
        let user_rate = user.and_then(|user| self.pod.user_rates.join(user));
        self.shard.handle_connect(
            now,
            Connect {
                member: id,
                identity: admission.identity,
                user_rate,
                rooms: admission.rooms,
                options: admission.options,
                preface: admission.response,
                last_id: admission.last_id,
            },
        );
        self.greet(id);
        if !early.is_empty() {
            self.take_bytes(now, id, early);
        }
    }

    /// Writes a response and lets the peer read it: it is small and the socket's buffer is empty,
    /// so what does not fit is not owed.
    fn dismiss(&mut self, now: Now, id: MemberId, response: &[u8]) {
        let connection = &mut self.connections[id];
        connection.phase = Phase::Lingering;
        if let Some(socket) = &mut connection.socket {
            let _ = socket.write(response, &mut self.workspace);
            socket.finish();
        }
        if self.connections.uncounted() > DOOR_SOCKETS_MAX {
            if let Some(socket) = &mut self.connections[id].socket {
                socket.drop_arrived();
            }
            self.release(id);
            return;
        }
        self.deadlines.schedule(id.0, now.instant, now.instant + LINGER_TIMEOUT);
    }

    fn count(&self, why: TurnedAway) {
        self.pod.cells[self.index].count_turned_away(why);
    }

    fn divert(&mut self, id: MemberId, door: &Arc<dyn Door>, peer: SocketAddr, received: Vec<u8>) {
        let socket = self.connections[id].socket.take();
        self.release(id);
        let stream = socket.map(|socket| socket.into_stream(self.wake.registry()));
        if let Some(Ok(stream)) = stream {
            door.divert(stream, peer, received);
        }
    }

    /// What goes with a new socket of the listener; `None` where that is plain.
    fn new_session(&self) -> Result<Option<Box<Session>>, rustls::Error> {
        let config = self.pod.config.tls.as_ref();
        config.map(|config| Session::new(Arc::clone(config)).map(Box::new)).transpose()
    }

    /// Gives a new socket a number and tells the poll about it.
    fn adopt(&mut self, stream: TcpStream, session: Option<Box<Session>>) -> Option<MemberId> {
        let id = self.connections.reserve();
        match Socket::register(stream, session, self.wake.registry(), Token(id.index())) {
            Ok(socket) => {
                self.connections[id].socket = Some(socket);
                Some(id)
            }
            Err(error) => {
                tracing::warn!(%error, "cannot watch a new socket, dropping it");
                self.connections.release(id);
                None
            }
        }
    }
}
