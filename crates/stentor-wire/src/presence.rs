//! Presence: who is in a room, and what shards and pods tell each other of that.
//!
//! What is told is a state and no change: an origin (a shard of a pod) tells all of its own people
//! of a room at once, or, where those are many, how many they are. What gets lost is made good by
//! the next that is told. Who asked for what is decided elsewhere.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::encode::json;
use crate::testimony::Testimony;

#[cfg(test)]
mod tests;

/// Whether somebody who is there is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Here; what everybody is who has not said otherwise.
    Online,
    /// Here, but not at hand.
    Away,
}

/// A connection in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The connection's id.
    pub client_id: Uuid,
    /// The token's subject, where there is one.
    pub user: Option<Arc<str>>,
    /// What it says of itself.
    pub status: Status,
}

/// What an origin tells of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tale {
    /// Somebody wants to know who is there: now, and whenever that changes.
    Ask,
    /// The pod has its first member of the room.
    Hello,
    /// The pod lives.
    Alive,
    /// How far the pod has heard the others. Not of presence: pods that do not know it pass over it.
    Heard(Testimony),
    /// A word of the pod to itself: it comes back behind all that Redis passed on to the room before.
    /// Not of presence either.
    Echo(u64),
    /// Who is there.
    Here(Here),
}

/// Everybody of one origin in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Here {
    /// The shard that has them.
    pub shard: u16,
    /// Whether it tells this because it was asked.
    pub is_answer: bool,
    /// How many connections they are.
    pub count: u64,
    /// Each of them; `None` where they are too many.
    pub people: Option<Arc<[Person]>>,
}

/// What a client's own presence message says of it; `None` where it says nothing that is known.
pub fn status_in(data: &[u8]) -> Option<Status> {
    #[derive(Deserialize)]
    struct Said {
        status: Status,
    }
    serde_json::from_slice::<Said>(data).ok().map(|said| said.status)
}

/// Appends the `data` of a presence message about one person, who is gone where there is no status.
pub fn write_person(person: &Person, status: Option<Status>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"status":""#);
    out.extend_from_slice(match status {
        Some(Status::Online) => b"online",
        Some(Status::Away) => b"away",
        None => b"offline",
    });
    out.extend_from_slice(br#"","user":"#);
    match &person.user {
        Some(user) => json::string(user, out),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(br#","client_id":"#);
    let mut id = Uuid::encode_buffer();
    json::string(person.client_id.hyphenated().encode_lower(&mut id), out);
    out.push(b'}');
}

/// Appends the `data` of a presence message about a room with many members.
pub fn write_count(members: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"members":"#);
    json::number(members, out);
    out.push(b'}');
}

/// A tale as JSON, for other pods.
#[derive(Serialize, Deserialize)]
#[serde(tag = "tale", rename_all = "lowercase")]
enum Text {
    Ask,
    Hello,
    Alive,
    Heard(Testimony),
    Echo { number: u64 },
    Here { shard: u16, answer: bool, count: u64, people: Option<Vec<PersonText>> },
}

#[derive(Serialize, Deserialize)]
struct PersonText {
    client_id: String,
    user: Option<String>,
    status: Status,
}

impl Tale {
    /// How [`Tale::Echo`] begins as JSON.
    pub const ECHO_BEGINS: &[u8] = br#"{"tale":"echo""#;

    /// The tale as a JSON object.
    pub fn to_json(&self) -> Vec<u8> {
        let text = match self {
            Tale::Ask => Text::Ask,
            Tale::Hello => Text::Hello,
            Tale::Alive => Text::Alive,
            Tale::Heard(testimony) => Text::Heard(*testimony),
            Tale::Echo(number) => Text::Echo { number: *number },
            Tale::Here(Here { shard, is_answer, count, people }) => Text::Here {
                shard: *shard,
                answer: *is_answer,
                count: *count,
                people: people.as_deref().map(|people| people.iter().map(person_text).collect()),
            },
        };
        serde_json::to_vec(&text).expect("numbers and texts can be written")
    }

    /// Reads what [`Tale::to_json`] wrote; `None` for anything else.
    pub fn from_json(text: &[u8]) -> Option<Tale> {
        Some(match serde_json::from_slice(text).ok()? {
            Text::Ask => Tale::Ask,
            Text::Hello => Tale::Hello,
            Text::Alive => Tale::Alive,
            Text::Heard(testimony) => Tale::Heard(testimony),
            Text::Echo { number } => Tale::Echo(number),
            Text::Here { shard, answer, count, people } => Tale::Here(Here {
                shard,
                is_answer: answer,
                count,
                people: match people {
                    Some(people) => Some(people.into_iter().map(person).collect::<Option<_>>()?),
                    None => None,
                },
            }),
        })
    }
}

fn person_text(person: &Person) -> PersonText {
    let Person { client_id, user, status } = person;
    PersonText {
        client_id: client_id.to_string(),
        user: user.as_deref().map(str::to_owned),
        status: *status,
    }
}

fn person(text: PersonText) -> Option<Person> {
    let PersonText { client_id, user, status } = text;
    let client_id = Uuid::try_parse(&client_id).ok()?;
    Some(Person { client_id, user: user.map(Arc::from), status })
}
