//! A pod of the simplest kind, a thread for each connection, that errs as it is told.
//!
//! It says that it is a Stentor, acknowledges, and errs at one place: message 5 of a talker's
//! connection, on its way to the member of the room that has been there longest.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use stentor_wire::frame::OpCode;

use crate::server_side::{fill, frame, next_message};

/// What the pod does wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    None,
    /// Nobody hears anything, though all is acknowledged.
    Mute,
    Lose,
    /// That member hears nothing from there on.
    LoseTheRest,
    Double,
    Swap,
    /// Loses, and tells of so many.
    LoseAndTell(u64),
    /// Closes the connection in place of the message; who comes back gets no answer.
    Close,
    /// The same, and who comes back is told that nothing is missing.
    CloseAndLie,
    /// The same, and who comes back is told that something may be missing.
    CloseAndAdmit,
}

impl Fault {
    fn closes(self) -> bool {
        matches!(self, Self::Close | Self::CloseAndLie | Self::CloseAndAdmit)
    }
}

/// The message that goes wrong.
const FAULTY: usize = 5;
/// The answer to the one nonce that the harness sends.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// The answer to the question for statistics.
const STATISTICS: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n{\"uptime_seconds\":1,\"connections\":0}";

type Rooms = Arc<Mutex<HashMap<String, Vec<TcpStream>>>>;

/// Starts a pod on a port of its own; it ends with the test's process.
pub(crate) fn start(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let rooms = Rooms::default();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let rooms = Arc::clone(&rooms);
            thread::spawn(move || serve(stream, &rooms, fault));
        }
    });
    address
}

fn serve(mut stream: TcpStream, rooms: &Rooms, fault: Fault) -> Option<()> {
    let mut bytes = Vec::new();
    let head_bytes = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        fill(&mut stream, &mut bytes)?;
    };
    let head = String::from_utf8(bytes.drain(..head_bytes).collect()).ok()?;
    if !head.contains("Sec-WebSocket-Key") {
        return stream.write_all(STATISTICS).ok();
    }
    let name = head.split_once("room=")?.1.split(['&', ' ']).next()?;
    {
        // Answer and membership in one go: nothing of the room comes before the answer.
        let mut rooms = rooms.lock().ok()?;
        stream.write_all(&welcome(&head, fault)).ok()?;
        rooms.entry(name.to_owned()).or_default().push(stream.try_clone().ok()?);
    }
    let ended = converse(&mut stream, &mut bytes, &head, name, rooms, fault);
    rooms.lock().ok()?.get_mut(name)?.retain(|member| !is_same(member, &stream));
    ended
}

/// Relays what a member says until it says goodbye.
fn converse(
    stream: &mut TcpStream,
    bytes: &mut Vec<u8>,
    head: &str,
    name: &str,
    rooms: &Rooms,
    fault: Fault,
) -> Option<()> {
    let mut held = None;
    for said in 1.. {
        let (opcode, payload) = next_message(stream, bytes)?;
        if opcode == OpCode::Close {
            return stream.write_all(&frame(OpCode::Close, &payload)).ok();
        }
        let mut rooms = rooms.lock().ok()?;
        relay(rooms.get_mut(name)?, &payload, said, fault, &mut held);
        if head.contains("ack=1") {
            let id = id_of(&payload);
            stream.write_all(&event(&format!(r#""event":"ack","id":"{id}""#))).ok()?;
        }
    }
    None
}

fn relay(
    crowd: &mut Vec<TcpStream>,
    payload: &[u8],
    said: usize,
    fault: Fault,
    held: &mut Option<Vec<u8>>,
) {
    let message = frame(OpCode::Text, payload);
    for (place, member) in crowd.iter_mut().enumerate() {
        let mut now = vec![message.clone()];
        match fault {
            Fault::Mute => now.clear(),
            Fault::LoseTheRest if place == 0 && said >= FAULTY => now.clear(),
            _ if place > 0 => {}
            _ if said != FAULTY => now.extend(held.take()),
            Fault::None | Fault::LoseTheRest => {}
            Fault::Lose => now.clear(),
            Fault::Double => now.push(message.clone()),
            Fault::Swap => *held = now.pop(),
            Fault::LoseAndTell(missed) => now = vec![gap(missed, id_of(payload))],
            Fault::Close | Fault::CloseAndLie | Fault::CloseAndAdmit => {
                now = vec![frame(OpCode::Close, &1_013_u16.to_be_bytes())];
            }
        }
        // A member that is gone hears nothing; its own thread takes it out.
        let _ = member.write_all(&now.concat());
    }
    if fault.closes() && said == FAULTY && !crowd.is_empty() {
        // Nothing comes behind a close frame.
        crowd.remove(0);
    }
}

/// The answer to the upgrade, and to a `last_id` where this fault gives one.
fn welcome(head: &str, fault: Fault) -> Vec<u8> {
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
    );
    let mut answer = answer.into_bytes();
    if head.contains("last_id=") && fault != Fault::Close {
        let recovered = fault == Fault::CloseAndLie;
        let data = format!(r#""event":"resume","recovered":{recovered},"replayed":0"#);
        answer.extend(event(&data));
    }
    answer
}

fn gap(missed: u64, id: &str) -> Vec<u8> {
    event(&format!(r#""event":"gap","missed":{missed},"from_id":"{id}","to_id":"{id}""#))
}

fn event(data: &str) -> Vec<u8> {
    let text = format!(r#"{{"type":"system","from":"server","data":{{{data}}}}}"#);
    frame(OpCode::Text, text.as_bytes())
}

fn id_of(payload: &[u8]) -> &str {
    let text = std::str::from_utf8(payload).unwrap_or_default();
    let id = text.split_once("\"id\":\"").and_then(|(_, rest)| rest.split_once('"'));
    id.map_or("", |(id, _)| id)
}

fn is_same(one: &TcpStream, other: &TcpStream) -> bool {
    matches!((one.peer_addr(), other.peer_addr()), (Ok(one), Ok(other)) if one == other)
}
