//! What the server says of its own accord or in answer to what a client did.
//!
//! An event travels as the `data` of an [`Envelope`](crate::envelope::Envelope) of type `system`
//! from [`SERVER_NAME`], and its member `event` tells them apart. Who asked for which is decided
//! elsewhere.

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::encode::json;
use crate::room_name::RoomName;

#[cfg(test)]
mod tests;

/// What stands in `from` where the server itself speaks.
pub const SERVER_NAME: &str = "server";

/// One of the server's own events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event<'a> {
    /// The first frame of a connection that asked for events.
    Welcome {
        /// The connection's id.
        client_id: &'a Uuid,
        /// The token's subject; written as `null` where there is none.
        user: Option<&'a str>,
        /// The rooms that the connection is a member of already.
        rooms: &'a [RoomName],
        /// The pod's name.
        pod: &'a str,
        /// The silence after which the server pings, in milliseconds.
        ping_interval_ms: u64,
    },
    /// The answer to `join`.
    Joined {
        /// The room's members on this pod, the new one included.
        members: u64,
    },
    /// The answer to `leave`.
    Left {
        /// The room's members on this pod that are left.
        members: u64,
    },
    /// The answer to a publish of a connection that asked for acknowledgements.
    Ack {
        /// The message's id.
        id: Uuid,
        /// Whether the room had the message already; it is then delivered no second time.
        duplicate: bool,
    },
    /// Messages that the member did not hear: its full ring had to drop them, or they were lost
    /// between the pods.
    Gap {
        /// How many, where somebody could count them.
        missed: Option<u64>,
        /// The id of the first, where it is known; never of what was lost between pods.
        from_id: Option<&'a str>,
        /// The id of the last, likewise.
        to_id: Option<&'a str>,
    },
    /// The answer to a `last_id`.
    Resume {
        /// Whether nothing is missing.
        recovered: bool,
        /// How many messages follow from the history.
        replayed: u64,
        /// The id of the oldest message that is kept, where there is one.
        oldest_id: Option<&'a str>,
    },
    /// The pod is going away.
    Drain {
        /// When to connect anew, in milliseconds from now.
        reconnect_after_ms: u64,
    },
    /// The client's token ends soon, and the connection with it unless a new one comes.
    TokenExpiring {
        /// When, in milliseconds from now.
        expires_in_ms: u64,
    },
    /// The answer to an `auth` message whose token was taken.
    Authenticated {
        /// When the token ends, in milliseconds from now, where it does.
        expires_in_ms: Option<u64>,
    },
}

impl Event<'_> {
    /// The word in `data.event`.
    pub const fn name(&self) -> &'static str {
        match self {
            Event::Welcome { .. } => "welcome",
            Event::Joined { .. } => "joined",
            Event::Left { .. } => "left",
            Event::Ack { .. } => "ack",
            Event::Gap { .. } => "gap",
            Event::Resume { .. } => "resume",
            Event::Drain { .. } => "drain",
            Event::TokenExpiring { .. } => "token_expiring",
            Event::Authenticated { .. } => "authenticated",
        }
    }

    /// Appends the event as the JSON object that stands in `data`. Every member is always there;
    /// what is not known is `null`.
    pub fn write_data(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(self.name(), out);
        match *self {
            Event::Welcome { client_id, user, rooms, pod, ping_interval_ms } => {
                object.id("client_id", client_id);
                object.text_or_null("user", user);
                object.rooms("rooms", rooms);
                object.text_or_null("pod", Some(pod));
                object.number("ping_interval_ms", ping_interval_ms);
            }
            Event::Joined { members } | Event::Left { members } => {
                object.number("members", members);
            }
            Event::Ack { id, duplicate } => {
                object.id("id", &id);
                object.boolean("duplicate", duplicate);
            }
            Event::Gap { missed, from_id, to_id } => {
                object.number_or_null("missed", missed);
                object.text_or_null("from_id", from_id);
                object.text_or_null("to_id", to_id);
            }
            Event::Resume { recovered, replayed, oldest_id } => {
                object.boolean("recovered", recovered);
                object.number("replayed", replayed);
                object.text_or_null("oldest_id", oldest_id);
            }
            Event::Drain { reconnect_after_ms } => {
                object.number("reconnect_after_ms", reconnect_after_ms);
            }
            Event::TokenExpiring { expires_in_ms } => {
                object.number("expires_in_ms", expires_in_ms);
            }
            Event::Authenticated { expires_in_ms } => {
                object.number_or_null("expires_in_ms", expires_in_ms);
            }
        }
        object.end();
    }
}

/// A JSON object that is being written, member by member. Names need no escape.
struct Object<'out> {
    out: &'out mut Vec<u8>,
}

impl<'out> Object<'out> {
    fn begin(event: &str, out: &'out mut Vec<u8>) -> Object<'out> {
        out.extend_from_slice(br#"{"event":"#);
        json::string(event, out);
        Object { out }
    }

    fn name(&mut self, name: &str) {
        self.out.push(b',');
        json::string(name, self.out);
        self.out.push(b':');
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        json::number(value, self.out);
    }

    fn number_or_null(&mut self, name: &str, value: Option<u64>) {
        match value {
            Some(value) => self.number(name, value),
            None => self.text_or_null(name, None),
        }
    }

    fn boolean(&mut self, name: &str, value: bool) {
        self.name(name);
        json::boolean(value, self.out);
    }

    fn id(&mut self, name: &str, id: &Uuid) {
        let mut text = [0; Hyphenated::LENGTH];
        self.text_or_null(name, Some(id.hyphenated().encode_lower(&mut text)));
    }

    fn text_or_null(&mut self, name: &str, text: Option<&str>) {
        self.name(name);
        match text {
            Some(text) => json::string(text, self.out),
            None => self.out.extend_from_slice(b"null"),
        }
    }

    fn rooms(&mut self, name: &str, rooms: &[RoomName]) {
        self.name(name);
        self.out.push(b'[');
        for (index, room) in rooms.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            json::string(room.as_str(), self.out);
        }
        self.out.push(b']');
    }

    fn end(self) {
        self.out.push(b'}');
    }
}
