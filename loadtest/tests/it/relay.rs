//! A room server of the simplest kind, a thread for each connection, that errs as it is told.
//!
//! It errs at one place: every fifth message of each talker, on its way to one member of its room.

mod room;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use stentor_wire::frame::OpCode;

use crate::server_side::{fill, frame, next_message};

use self::room::{Room, Spoken};

/// What the relay does wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    None,
    Lose,
    Double,
    Swap,
    Close(u16),
    /// Three messages are dropped and announced: no fault.
    Gap,
    GapMiscounted,
    GapMisnamed,
    /// A `join` is not answered.
    IgnoreJoin,
    /// A `leave` is answered, and the member stays.
    StayIn,
    /// A return is told that nothing is kept: no fault.
    Forget,
    /// The replay begins three messages early: no fault.
    ReplayEarly,
    ReplayHole,
    ReplayDouble,
    /// All is said to be recovered, and nothing is replayed.
    ReplayNothing,
    /// More is said to be replayed than is.
    ReplayOvercount,
    NoResume,
}

/// What goes wrong, and for whom: the place in the room's crowd, by the order of coming.
#[derive(Clone, Debug)]
struct Plan {
    fault: Fault,
    place: usize,
    /// It says that it is a Stentor, and how many are connected.
    counts: bool,
    refused: Option<Arc<Refused>>,
}

impl Plan {
    fn faithful() -> Self {
        Self { fault: Fault::None, place: 0, counts: false, refused: None }
    }
}

/// Whose upgrade is refused.
#[derive(Debug)]
struct Refused {
    /// By the number of the room.
    rooms: Range<u32>,
    /// How many more.
    left: AtomicUsize,
    /// What the refusal begins with.
    head: &'static str,
}

/// The answer to the one nonce that the harness sends.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

type Rooms = Arc<Mutex<HashMap<String, Room>>>;

/// Starts a relay that fails the first member of each room.
pub(crate) fn start(fault: Fault) -> SocketAddr {
    start_failing(fault, 0)
}

/// Starts a relay that fails the member at a place of each room.
pub(crate) fn start_failing(fault: Fault, place: usize) -> SocketAddr {
    start_with(Plan { fault, place, ..Plan::faithful() }, usize::MAX)
}

/// Starts a faithful relay that grants so many upgrades and refuses the others.
pub(crate) fn start_for(connections: usize) -> SocketAddr {
    start_with(Plan::faithful(), connections)
}

/// Starts a faithful relay that answers the question for statistics as a Stentor does.
pub(crate) fn start_counting() -> SocketAddr {
    start_with(Plan { counts: true, ..Plan::faithful() }, usize::MAX)
}

/// Starts a faithful relay that refuses the first `count` who ask for these rooms, with this head.
pub(crate) fn start_refusing(rooms: Range<u32>, count: usize, head: &'static str) -> SocketAddr {
    let refused = Some(Arc::new(Refused { rooms, left: AtomicUsize::new(count), head }));
    start_with(Plan { refused, ..Plan::faithful() }, usize::MAX)
}

/// Starts a relay on a port of its own; it ends with the test's process.
fn start_with(plan: Plan, connections: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let rooms = Rooms::default();
    thread::spawn(move || {
        // The harness knocks once before it opens any.
        for (number, stream) in listener.incoming().flatten().enumerate() {
            if number > connections {
                refuse(stream);
                continue;
            }
            let (rooms, plan) = (Arc::clone(&rooms), plan.clone());
            thread::spawn(move || serve(stream, &rooms, &plan));
        }
    });
    address
}

fn refuse(mut stream: TcpStream) {
    // It may not have asked yet, or be gone.
    let _ = stream.read(&mut [0; 4_096]);
    let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\nfull");
}

/// Starts a server that says these payloads behind every upgrade, relays nothing and says goodbye.
pub(crate) fn start_saying(opcode: OpCode, payloads: &'static [&'static [u8]]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || greet(stream, opcode, payloads));
        }
    });
    address
}

fn greet(mut stream: TcpStream, opcode: OpCode, payloads: &[&[u8]]) -> Option<()> {
    let mut bytes = Vec::new();
    read_head(&mut stream, &mut bytes)?;
    stream.write_all(upgraded().as_bytes()).ok()?;
    for payload in payloads {
        stream.write_all(&frame(opcode, payload)).ok()?;
    }
    loop {
        let (opcode, payload) = next_message(&mut stream, &mut bytes)?;
        if opcode == OpCode::Close {
            return stream.write_all(&frame(OpCode::Close, &payload)).ok();
        }
    }
}

fn serve(mut stream: TcpStream, rooms: &Rooms, plan: &Plan) -> Option<()> {
    let mut bytes = Vec::new();
    let head = read_head(&mut stream, &mut bytes)?;
    let path = head.split(' ').nth(1)?;
    if plan.counts && path.ends_with("/stats") {
        let count: usize = rooms.lock().ok()?.values().map(|room| room.crowd.len()).sum();
        let body = format!(r#"{{"uptime_seconds":1,"connections":{count}}}"#);
        return stream.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{body}").as_bytes()).ok();
    }
    if !head.contains("Sec-WebSocket-Key") {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n{}").ok();
    }
    let joined = rooms_of(path);
    if let Some(head) = plan.refused.as_ref().and_then(|refused| refused.refusal_of(&joined)) {
        return stream.write_all(format!("HTTP/1.1 {head}\r\n\r\nfull").as_bytes()).ok();
    }
    {
        // Answer, replay and membership in one go: nothing of a room comes before the answer.
        let mut rooms = rooms.lock().ok()?;
        stream.write_all(upgraded().as_bytes()).ok()?;
        for name in &joined {
            let room = rooms.entry(name.clone()).or_default();
            if let Some((_, last_id)) = path.split_once("last_id=") {
                stream.write_all(&room.replay(last_id, plan.fault)).ok()?;
            }
            room.crowd.push(stream.try_clone().ok()?);
        }
    }
    let ended = converse(&mut stream, &mut bytes, &joined, rooms, plan);
    for room in rooms.lock().ok()?.values_mut() {
        room.crowd.retain(|member| !is_same(member, &stream));
    }
    stream.write_all(&frame(OpCode::Close, &ended?)).ok()
}

/// Relays what a client says until it closes, and returns its close frame's payload.
fn converse(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
    joined: &[String],
    rooms: &Rooms,
    plan: &Plan,
) -> Option<Vec<u8>> {
    let mut spoken: HashMap<String, Spoken> = HashMap::new();
    loop {
        let (opcode, payload) = next_message(stream, bytes)?;
        if opcode == OpCode::Close {
            return Some(payload);
        }
        let name = room_named_in(&payload).or_else(|| joined.first().cloned())?;
        let mut rooms = rooms.lock().ok()?;
        let room = rooms.entry(name.clone()).or_default();
        if payload.starts_with(br#"{"type":"join""#) {
            if plan.fault != Fault::IgnoreJoin {
                stream.write_all(&event(r#""event":"joined","members":1"#)).ok()?;
                room.crowd.push(stream.try_clone().ok()?);
            }
        } else if payload.starts_with(br#"{"type":"leave""#) {
            if plan.fault != Fault::StayIn {
                room.crowd.retain(|member| !is_same(member, stream));
            }
            stream.write_all(&event(r#""event":"left","members":1"#)).ok()?;
        } else {
            room.relay(&payload, spoken.entry(name).or_default(), plan);
        }
    }
}

impl Refused {
    /// What one who asks for these rooms is refused with, if it is its turn.
    fn refusal_of(&self, joined: &[String]) -> Option<&'static str> {
        let number = joined.first()?.strip_prefix('r')?.parse().ok()?;
        let all = Ordering::Relaxed;
        let is_next = |left: usize| left.checked_sub(1);
        let refuses = self.rooms.contains(&number);
        (refuses && self.left.fetch_update(all, all, is_next).is_ok()).then_some(self.head)
    }
}

fn read_head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<String> {
    let head_bytes = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        fill(stream, bytes)?;
    };
    String::from_utf8(bytes.drain(..head_bytes).collect()).ok()
}

fn upgraded() -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    )
}

/// The rooms of an upgrade's path: each `room=` of its query, or else the last segment.
fn rooms_of(path: &str) -> Vec<String> {
    match path.split_once('?') {
        Some((_, query)) if query.contains("room=") => {
            query.split('&').filter_map(|pair| pair.strip_prefix("room=")).map(Into::into).collect()
        }
        Some((path, _)) => rooms_of(path),
        // The bare route joins no room.
        None => path.rsplit('/').take(1).filter(|name| *name != "ws").map(Into::into).collect(),
    }
}

/// The room that a message is for.
fn room_named_in(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    let (_, rest) = text.split_once("\"room\":\"")?;
    rest.split_once('"').map(|(room, _)| room.to_owned())
}

/// An event of the server, as a frame.
fn event(data: &str) -> Vec<u8> {
    frame(OpCode::Text, format!(r#"{{"type":"system","data":{{{data}}}}}"#).as_bytes())
}

fn is_same(one: &TcpStream, other: &TcpStream) -> bool {
    matches!((one.peer_addr(), other.peer_addr()), (Ok(one), Ok(other)) if one == other)
}
