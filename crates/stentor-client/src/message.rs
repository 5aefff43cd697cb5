//! What a server says, read: messages, its own events, its answers to bad messages.
//!
//! Nothing is dropped: a type or an event that this version does not know is kept as it came, and
//! so is a text that is no message at all.

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use stentor_wire::error_code::ErrorCode;
use stentor_wire::event::SERVER_NAME;
use stentor_wire::message_type::MessageType;
use uuid::Uuid;

use crate::protocol::Payload;

/// A message as the server stamped it.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's id.
    pub id: Uuid,
    /// The word of its type.
    pub kind: String,
    /// The room; `None` where it is for everybody.
    pub room: Option<String>,
    /// Who says it.
    pub from: String,
    /// One JSON value, byte for byte as its sender wrote it.
    pub data: Box<RawValue>,
    /// RFC 3339 in UTC, with milliseconds.
    pub timestamp: String,
}

impl Message {
    /// The type, `None` for one that this version does not know.
    pub fn message_type(&self) -> Option<MessageType> {
        MessageType::parse(&self.kind)
    }

    /// Reads `data` as a `T`.
    ///
    /// # Errors
    /// It is no `T`; what else senders may put there is for them to say.
    pub fn data<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.data.get())
    }
}

/// Something that a server said.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A message: of another client, of a backend, or an answer to one's own ping.
    Message(Message),
    /// Who came to a room, went or is away, with the message that carried it; told to who asked for
    /// presence.
    Presence(Presence, Message),
    /// One of the server's own events, with the message that carried it.
    Event(Event, Message),
    /// The answer to a message that was bad; the connection is as it was.
    Error(ErrorReply),
    /// A text that is no message of Stentor.
    OtherText(String),
    /// A binary message; Stentor sends none.
    OtherBinary(Vec<u8>),
}

/// One of the server's own events.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first message of a connection that asked for events.
    Welcome {
        /// The connection's id.
        client_id: Uuid,
        /// The token's subject.
        user: Option<String>,
        /// The rooms that the connection is in.
        rooms: Vec<String>,
        /// The pod's name.
        pod: Option<String>,
        /// The silence after which the server pings, in milliseconds.
        ping_interval_ms: u64,
    },
    /// The answer to `join`; the room is the message's.
    Joined {
        /// The room's members.
        members: u64,
    },
    /// The answer to `leave`; the room is the message's.
    Left {
        /// The room's members that are left.
        members: u64,
    },
    /// The answer to a publish.
    Ack {
        /// The published message's id.
        id: Uuid,
        /// Whether it had been published already.
        duplicate: bool,
    },
    /// Messages that this connection did not hear.
    Gap {
        /// How many, where somebody could count them.
        missed: Option<u64>,
        /// The id of the first, where it is known.
        from_id: Option<String>,
        /// The id of the last, where it is known.
        to_id: Option<String>,
    },
    /// The answer to a `last_id`.
    Resume {
        /// Whether nothing is missing.
        recovered: bool,
        /// How many missed messages follow.
        replayed: u64,
        /// The id of the oldest message that is kept.
        oldest_id: Option<String>,
    },
    /// The server is going away.
    Drain {
        /// When to connect anew, in milliseconds from now.
        reconnect_after_ms: u64,
    },
    /// The token ends soon, and the connection with it unless a new one is shown; a
    /// [`Client`](crate::Client) with a token source does that by itself.
    TokenExpiring {
        /// When, in milliseconds from now.
        expires_in_ms: u64,
    },
    /// A new token was taken.
    Authenticated {
        /// When it ends, in milliseconds from now, where it does.
        expires_in_ms: Option<u64>,
    },
    /// An event of another name, or with other members than these; the message's `data` has it.
    #[serde(skip)]
    Other,
}

/// A word about who is in a room; the room is the message's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Presence {
    /// Somebody came, went or is away.
    Person {
        /// Which of it.
        status: Status,
        /// The token's subject, where there is one.
        user: Option<String>,
        /// The connection's id.
        client_id: Uuid,
    },
    /// There are too many for names.
    Count {
        /// How many connections.
        members: u64,
    },
}

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// There.
    Online,
    /// There, but not at hand.
    Away,
    /// Gone.
    Offline,
}

/// Why a message was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReply {
    /// The word in `data.code`.
    pub code: String,
    /// The sentence in `data.message`.
    pub message: String,
    /// The refused message's own id, where it had one.
    pub reference: Option<String>,
}

impl ErrorReply {
    /// The code, `None` for one that this version does not know.
    pub fn error_code(&self) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|code| code.as_str() == self.code)
    }
}

/// The members as they stand in the text; which of them must be there depends on the type.
#[derive(Deserialize)]
struct Members {
    id: Option<Uuid>,
    r#type: String,
    room: Option<String>,
    from: Option<String>,
    /// Not an option: `null` is a value like any other.
    data: Box<RawValue>,
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct ErrorData {
    code: String,
    message: String,
    r#ref: Option<String>,
}

impl Heard {
    /// Reads what came.
    pub(crate) fn from_payload(payload: Payload) -> Heard {
        match payload {
            Payload::Text(text) => Heard::read(&text).unwrap_or(Heard::OtherText(text)),
            Payload::Binary(bytes) => Heard::OtherBinary(bytes),
        }
    }

    fn read(text: &str) -> Option<Heard> {
        let members: Members = serde_json::from_str(text).ok()?;
        let data = members.data;
        if members.r#type == MessageType::Error.as_str()
            && let Ok(ErrorData { code, message, r#ref }) = serde_json::from_str(data.get())
        {
            return Some(Heard::Error(ErrorReply { code, message, reference: r#ref }));
        }
        let message = Message {
            id: members.id?,
            kind: members.r#type,
            room: members.room,
            from: members.from?,
            data,
            timestamp: members.timestamp?,
        };
        if message.kind == MessageType::Presence.as_str()
            && message.from == SERVER_NAME
            && let Ok(presence) = message.data()
        {
            return Some(Heard::Presence(presence, message));
        }
        // What a program publishes as `system` without an event's name is a message.
        if message.kind != MessageType::System.as_str() || !names_an_event(&message) {
            return Some(Heard::Message(message));
        }
        let event = message.data().unwrap_or(Event::Other);
        Some(Heard::Event(event, message))
    }

    /// The id to resume behind, once this was heard: that of a message that others hear too. Of what
    /// the server tells this client alone only the first word counts, where nothing was heard before:
    /// later ones may overtake messages.
    pub(crate) fn resume_id(&self, is_first: bool) -> Option<Uuid> {
        match self {
            Heard::Message(message) if message.kind != MessageType::Pong.as_str() => {
                Some(message.id)
            }
            Heard::Event(Event::Welcome { .. }, message) if is_first => Some(message.id),
            _ => None,
        }
    }
}

fn names_an_event(message: &Message) -> bool {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "event")]
        _name: String,
    }
    message.data::<Named>().is_ok()
}
