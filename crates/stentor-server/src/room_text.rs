//! A room name as addresses carry it.

use percent_encoding::percent_decode_str;
use stentor_wire::room_name::RoomName;

use crate::problem::{Kind, Problem};

/// The room of a path segment or a parameter, percent-encoded.
///
/// # Errors
/// [`Kind::BadRoom`], with what is wrong about it.
pub(crate) fn room_name(text: &str) -> Result<RoomName, Problem> {
    let text = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| Problem::new(Kind::BadRoom, "a room name must be UTF-8"))?;
    RoomName::parse(&text).map_err(|broken| Problem::new(Kind::BadRoom, broken.as_str()))
}
