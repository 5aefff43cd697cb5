//! What a client asks for when it connects, checked before anything is sent.

#[cfg(test)]
mod tests;
mod token;

pub use token::{BadToken, Token, TokenPlace};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stentor_wire::room_name::{BadRoomName, RoomName};
use uuid::Uuid;

use crate::address::Address;
use crate::handshake::Request;
use crate::socket::Limits;
use crate::trust::Trust;

/// What a query may hold as it is (RFC 3986 section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where to connect, as whom, and what to hear there.
#[derive(Clone, Debug)]
pub struct Options {
    address: Address,
    rooms: Vec<RoomName>,
    token: Option<(Token, TokenPlace)>,
    last_id: Option<Uuid>,
    events: bool,
    presence: bool,
    ack: bool,
    echo: bool,
    limits: Limits,
    trust: Trust,
}

impl Options {
    /// A client of no room that hears messages and its own echo, and nothing unasked for.
    pub fn new(address: Address) -> Options {
        Options {
            address,
            rooms: Vec::new(),
            token: None,
            last_id: None,
            events: false,
            presence: false,
            ack: false,
            echo: true,
            limits: Limits::default(),
            trust: Trust::default(),
        }
    }

    /// Joins a room, besides those named before.
    ///
    /// # Errors
    /// The text is no room name. How many rooms a connection may be in is the server's to say.
    pub fn room(mut self, name: &str) -> Result<Options, BadRoomName> {
        let room = RoomName::parse(name)?;
        if !self.rooms.contains(&room) {
            self.rooms.push(room);
        }
        Ok(self)
    }

    /// Shows a token, in the header `Authorization`.
    pub fn token(self, token: Token) -> Options {
        self.token_in(token, TokenPlace::Header)
    }

    /// Shows a token in another place.
    pub fn token_in(mut self, token: Token, place: TokenPlace) -> Options {
        self.token = Some((token, place));
        self
    }

    /// Asks for what came after this message; it brings the server's events with it.
    pub fn last_id(mut self, id: Uuid) -> Options {
        self.last_id = Some(id);
        self
    }

    /// Asks for the server's own events: welcome, gap, resume, drain.
    pub fn events(mut self) -> Options {
        self.events = true;
        self
    }

    /// Asks for who comes and goes.
    pub fn presence(mut self) -> Options {
        self.presence = true;
        self
    }

    /// Asks for an acknowledgement of each message that is published.
    pub fn ack(mut self) -> Options {
        self.ack = true;
        self
    }

    /// Does without one's own messages.
    pub fn no_echo(mut self) -> Options {
        self.echo = false;
        self
    }

    /// Bears with other things than [`Limits::default`].
    pub fn limits(mut self, limits: Limits) -> Options {
        self.limits = limits;
        self
    }

    /// Believes other authorities than the platform does; of use with `wss://` only.
    pub fn trust(mut self, trust: Trust) -> Options {
        self.trust = trust;
        self
    }

    /// Is in no room more that it asked for before.
    pub(crate) fn without_room(mut self, name: &str) -> Options {
        self.rooms.retain(|room| room.as_str() != name);
        self
    }

    /// Whether it asks for what came after a message.
    pub(crate) fn resumes(&self) -> bool {
        self.last_id.is_some()
    }

    /// Whether it asks for acknowledgements.
    pub(crate) fn acks(&self) -> bool {
        self.ack
    }

    /// Where to connect.
    pub fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn socket_limits(&self) -> Limits {
        self.limits
    }

    pub(crate) fn trusted(&self) -> &Trust {
        &self.trust
    }

    /// The upgrade that asks for all this.
    pub(crate) fn request(&self) -> Request {
        let mut request = Request { authority: self.address.authority(), ..Request::default() };
        let mut query: Vec<String> =
            self.rooms.iter().map(|room| format!("room={}", escaped(room.as_str()))).collect();
        for (is_asked, parameter) in [
            (self.events, "events=1"),
            (self.presence, "presence=1"),
            (self.ack, "ack=1"),
            (!self.echo, "echo=0"),
        ] {
            query.extend(is_asked.then(|| parameter.to_owned()));
        }
        query.extend(self.last_id.map(|id| format!("last_id={id}")));
        match &self.token {
            None => {}
            Some((token, TokenPlace::Header)) => {
                request.authorization = Some(format!("Bearer {}", token.text()));
            }
            Some((token, TokenPlace::Query)) => query.push(format!("token={}", token.text())),
            Some((token, TokenPlace::Subprotocol)) => {
                request.subprotocols.push(format!("bearer.{}", token.text()));
            }
        }
        let mark = if query.is_empty() { "" } else { "?" };
        request.target = format!("{}/ws{mark}{}", self.address.base_path(), query.join("&"));
        request
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}
