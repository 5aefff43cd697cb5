//! The server's door without a socket, and its answers in a form that can be compared.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;
use stentor_server::Settings;
use stentor_server::door::{HttpDoor, Upgrades};
use stentor_server::engine::{Admission, Answer, Door, Gate, Knock};
use stentor_server::health::Health;
use tokio::sync::mpsc;

/// What an upgrade has beside its target.
pub(crate) const HANDSHAKE: &str = "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                                    Sec-WebSocket-Version: 13\r\n\
                                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// The door of a server that nobody listens at.
pub(crate) struct TestedDoor {
    door: HttpDoor,
}

impl TestedDoor {
    /// The door of a server with default settings.
    pub(crate) fn new() -> TestedDoor {
        TestedDoor::of(&Settings::default())
    }

    /// The door of a server with these settings.
    pub(crate) fn of(settings: &Settings) -> TestedDoor {
        let (divert, _diverted) = mpsc::channel(1);
        let upgrades = Arc::new(Upgrades::new(settings));
        TestedDoor { door: HttpDoor::new(upgrades, Arc::new(Health::new(settings)), divert) }
    }

    /// What the door says of these bytes; what it writes is looked at.
    pub(crate) fn knock(&self, received: &[u8], gate: Gate) -> Said {
        match self.door.knock(&Knock { peer: PEER, received, gate }) {
            Answer::Wait => Said::Wait,
            Answer::Divert => Said::Divert,
            Answer::Admit(admission) => Said::Admit(admission),
            Answer::Respond(bytes) => Said::Respond(bytes),
            Answer::Refuse(bytes) => Said::Refuse(Refused::read(&bytes)),
        }
    }
}

/// An answer of the door.
#[derive(Debug)]
pub(crate) enum Said {
    Wait,
    Divert,
    Admit(Box<Admission>),
    Respond(Vec<u8>),
    Refuse(Refused),
}

/// A refusal, read as a client reads it.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refused {
    /// Every refusal is a whole HTTP/1.1 response that ends its connection, with the JSON that the
    /// contract names as its body.
    fn read(bytes: &[u8]) -> Refused {
        let text = std::str::from_utf8(bytes).expect("a refusal is UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a refusal has a head");
        let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        let status: u16 = status.and_then(|status| status.parse().ok()).expect("a status");
        assert!((400..600).contains(&status), "a refusal of status {status}");
        assert!(head.contains("\r\nconnection: close"), "a refusal ends its connection: {head}");
        let length = format!("\r\ncontent-length: {}\r\n", body.len());
        assert!(head.contains(&length), "a refusal tells the length of its body: {head}");
        let body: Value = serde_json::from_str(body).expect("a refusal is JSON");
        let member = |name: &str| {
            let text = body["error"][name].as_str();
            text.unwrap_or_else(|| panic!("a refusal has error.{name}: {body}")).to_owned()
        };
        Refused { status, code: member("code"), message: member("message") }
    }
}
