//! How much of a core the door takes for one upgrade, without the kernel's part.
//!
//! `cargo run --release --package stentor-server --example knock_cost`

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use stentor_engine::{Answer, Door, Gate, Knock};
use stentor_server::Settings;
use stentor_server::door::{HttpDoor, Upgrades};
use stentor_server::health::Health;

/// What a browser sends.
const REQUEST: &[u8] = b"GET /api/chat-api/ws/general?ack=1&events=1 HTTP/1.1\r\n\
    Host: chat.example.com:8080\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: */*\r\n\
    Accept-Language: en-US,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br\r\n\
    Origin: https://chat.example.com\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Connection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\n\r\n";

const ROUNDS: u32 = 200_000;

fn main() {
    let (divert, _diverted) = tokio::sync::mpsc::channel(1);
    let settings = Settings::default();
    let upgrades = Arc::new(Upgrades::new(&settings));
    let door = HttpDoor::new(upgrades, Arc::new(Health::new(&settings)), divert);
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let knock = Knock { peer, received: black_box(REQUEST), gate: Gate::Open };
        assert!(matches!(black_box(door.knock(&knock)), Answer::Admit(_)), "an upgrade");
    }
    println!("{:?} an upgrade of {} bytes", start.elapsed() / ROUNDS, REQUEST.len());
}
