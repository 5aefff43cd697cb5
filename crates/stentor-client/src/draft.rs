//! A message that a client is about to send: before the server stamps it.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use stentor_wire::message_type::MessageType;
use uuid::Uuid;

/// A message to send. What is not said is the server's to fill in.
#[derive(Clone, Debug)]
pub struct Draft {
    kind: MessageType,
    id: Option<Uuid>,
    room: Where,
    data: Option<Box<RawValue>>,
}

/// Whom a draft is for.
#[derive(Clone, Debug)]
enum Where {
    /// The connection's first room, or everybody where it has none.
    FirstRoom,
    Everybody,
    Room(String),
}

#[derive(Serialize)]
struct Members<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    r#type: &'static str,
    /// Outer `None`: not said. Inner `None`: `null`, everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<Option<&'d str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'d RawValue>,
}

impl Draft {
    /// A message of this type, to the connection's first room or, where it has none, everybody.
    pub fn new(kind: MessageType) -> Draft {
        Draft { kind, id: None, room: Where::FirstRoom, data: None }
    }

    /// What people say.
    ///
    /// # Errors
    /// Those of [`Draft::data`].
    pub fn chat(data: &impl Serialize) -> serde_json::Result<Draft> {
        Draft::new(MessageType::Chat).data(data)
    }

    /// Says it in this room. Whether that is a room's name, the server tells.
    pub fn room(mut self, room: &str) -> Draft {
        self.room = Where::Room(room.to_owned());
        self
    }

    /// Says it to everybody.
    pub fn everybody(mut self) -> Draft {
        self.room = Where::Everybody;
        self
    }

    /// Gives it an id, by which the server knows a message that is sent again.
    pub fn id(mut self, id: Uuid) -> Draft {
        self.id = Some(id);
        self
    }

    /// The id that it was given.
    pub(crate) fn own_id(&self) -> Option<Uuid> {
        self.id
    }

    /// Says this; without it, `{}`.
    ///
    /// # Errors
    /// The value cannot be written as JSON, as a map whose keys are no texts.
    pub fn data(mut self, data: &impl Serialize) -> serde_json::Result<Draft> {
        self.data = Some(to_raw_value(data)?);
        Ok(self)
    }

    /// The text of the message.
    pub(crate) fn to_text(&self) -> String {
        let members = Members {
            id: self.id,
            r#type: self.kind.as_str(),
            room: match &self.room {
                Where::FirstRoom => None,
                Where::Everybody => Some(None),
                Where::Room(room) => Some(Some(room)),
            },
            data: self.data.as_deref(),
        };
        serde_json::to_string(&members).expect("texts and JSON only")
    }
}
