//! What a client asks for in the query of its upgrade.
//!
//! `token` is not read here: [`crate::identity`] does, wherever it stands.

use std::borrow::Cow;

use stentor_engine::{MemberOptions, ROOMS_PER_MEMBER_MAX};
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::problem::{Kind, Problem};
use crate::room_text::room_name;

/// The most parameters of a query; a head of 16 KiB cannot hold many more.
const PARAMETERS_MAX: usize = 1_024;

/// What the path and the query said, valid.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// The rooms in order of first mention, without repetition.
    pub(super) rooms: Vec<RoomName>,
    /// What the client opted into.
    pub(super) options: MemberOptions,
    /// The last message that it heard.
    pub(super) last_id: Option<Uuid>,
}

impl Wishes {
    /// Adds the room of a path segment or a parameter, not decoded yet.
    pub(super) fn add_room(&mut self, text: &str) -> Result<(), Problem> {
        let room = room_name(text)?;
        if self.rooms.contains(&room) {
            return Ok(());
        }
        if self.rooms.len() == ROOMS_PER_MEMBER_MAX {
            let message = format!("a connection is in at most {ROOMS_PER_MEMBER_MAX} rooms");
            return Err(Problem::new(Kind::TooManyRooms, message));
        }
        self.rooms.push(room);
        Ok(())
    }

    /// Takes the parameters of a query; those that are not known are left alone, and of several
    /// with one name the last counts (rooms add up).
    pub(super) fn add_query(&mut self, query: &str) -> Result<(), Problem> {
        if query.len() > PARAMETERS_MAX && query.split('&').count() > PARAMETERS_MAX {
            return Err(Problem::new(Kind::BadParameter, "the query has too many parameters"));
        }
        for parameter in query.split('&') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name {
                "room" => self.add_room(&without_plus(value))?,
                "events" => self.options.events = flag("events", value)?,
                "presence" => self.options.presence = flag("presence", value)?,
                "ack" => self.options.ack = flag("ack", value)?,
                "echo" => self.options.echo = flag("echo", value)?,
                "last_id" => self.last_id = Uuid::try_parse(value).ok(),
                _ => {}
            }
        }
        if self.last_id.is_some() {
            self.options.events = true;
        }
        Ok(())
    }
}

/// A plus is a space in a query, and only there.
fn without_plus(value: &str) -> Cow<'_, str> {
    if value.contains('+') { value.replace('+', " ").into() } else { value.into() }
}

fn flag(name: &'static str, value: &str) -> Result<bool, Problem> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => {
            let message = format!("the parameter {name} is 0, 1, true or false");
            Err(Problem::new(Kind::BadParameter, message))
        }
    }
}
