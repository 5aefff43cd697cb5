//! A room server of the simplest kind, a thread for each connection, that errs as it is told.
//!
//! It errs at one place: message 5 of each talker, on its way to the first member of its room.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::mask::apply_mask;

/// What the relay does wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    None,
    Lose,
    Double,
    Swap,
    Close,
}

/// The message that goes wrong, counted for each talker.
const FAULTY: usize = 5;
/// The answer to the one nonce that the harness sends.
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

type Rooms = Arc<Mutex<HashMap<String, Vec<TcpStream>>>>;

/// Starts a relay on a port of its own; it ends with the test's process.
pub(crate) fn start(fault: Fault) -> SocketAddr {
    start_with(fault, usize::MAX)
}

/// Starts a faithful relay that grants so many upgrades and refuses the others.
pub(crate) fn start_for(connections: usize) -> SocketAddr {
    start_with(Fault::None, connections)
}

fn start_with(fault: Fault, connections: usize) -> SocketAddr {
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
            let rooms = Arc::clone(&rooms);
            thread::spawn(move || serve(stream, &rooms, fault));
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

fn serve(mut stream: TcpStream, rooms: &Rooms, fault: Fault) -> Option<()> {
    let mut bytes = Vec::new();
    let head = read_head(&mut stream, &mut bytes)?;
    let joined = rooms_of(head.split(' ').nth(1)?);
    if !head.contains("Sec-WebSocket-Key") {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n{}").ok();
    }
    let member = stream.try_clone().ok()?;
    for room in &joined {
        let member = member.try_clone().ok()?;
        rooms.lock().ok()?.entry(room.clone()).or_default().push(member);
    }
    stream.write_all(upgraded().as_bytes()).ok()?;
    let mut spoken: HashMap<String, (usize, Option<Vec<u8>>)> = HashMap::new();
    loop {
        let (opcode, payload) = next_message(&mut stream, &mut bytes)?;
        if opcode == OpCode::Close {
            for room in &joined {
                rooms.lock().ok()?.get_mut(room)?.retain(|member| !is_same(member, &stream));
            }
            return stream.write_all(&frame(OpCode::Close, &payload)).ok();
        }
        let room = room_named_in(&payload).or_else(|| joined.first().cloned())?;
        let mut crowd = rooms.lock().ok()?;
        let (said, held) = spoken.entry(room.clone()).or_default();
        *said += 1;
        relay(crowd.get_mut(&room)?, &frame(opcode, &payload), *said, fault, held);
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
        Some((_, query)) => {
            query.split('&').filter_map(|pair| pair.strip_prefix("room=")).map(Into::into).collect()
        }
        None => path.rsplit('/').take(1).map(Into::into).collect(),
    }
}

/// The room that a message is for.
fn room_named_in(payload: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(payload).ok()?;
    let (_, rest) = text.split_once("\"room\":\"")?;
    rest.split_once('"').map(|(room, _)| room.to_owned())
}

fn relay(
    crowd: &mut [TcpStream],
    message: &[u8],
    said: usize,
    fault: Fault,
    held: &mut Option<Vec<u8>>,
) {
    for (place, member) in crowd.iter_mut().enumerate() {
        let mut now = vec![message.to_vec()];
        if place == 0 && said == FAULTY {
            match fault {
                Fault::None => {}
                Fault::Lose => now.clear(),
                Fault::Double => now.push(message.to_vec()),
                Fault::Swap => *held = now.pop(),
                Fault::Close => now = vec![frame(OpCode::Close, &1_013_u16.to_be_bytes())],
            }
        } else if place == 0 {
            now.extend(held.take());
        }
        // A member that is gone hears nothing; its own thread takes it out.
        let _ = member.write_all(&now.concat());
    }
}

fn next_message(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(OpCode, Vec<u8>)> {
    loop {
        if let Some((head, head_bytes)) = FrameHead::parse(bytes).ok()? {
            let end = head_bytes + usize::try_from(head.payload_bytes).ok()?;
            if bytes.len() >= end {
                let mut payload = bytes[head_bytes..end].to_vec();
                apply_mask(&mut payload, head.mask?, 0);
                bytes.drain(..end);
                return Some((head.opcode, payload));
            }
        }
        fill(stream, bytes)?;
    }
}

fn fill(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4_096];
    let count = stream.read(&mut chunk).ok().filter(|&count| count > 0)?;
    bytes.extend_from_slice(&chunk[..count]);
    Some(())
}

fn frame(opcode: OpCode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let payload_bytes = payload.len() as u64;
    FrameHead { fin: true, opcode, mask: None, payload_bytes }.encode(&mut out);
    out.extend_from_slice(payload);
    out
}

fn is_same(one: &TcpStream, other: &TcpStream) -> bool {
    matches!((one.peer_addr(), other.peer_addr()), (Ok(one), Ok(other)) if one == other)
}
