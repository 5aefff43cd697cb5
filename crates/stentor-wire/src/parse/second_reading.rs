//! The second reading, by serde_json: of what simd-json refuses, and the verdict on what is none.
//!
//! Slower and the judge: it accepts all that RFC 8259 allows and says what is wrong, and where.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::members::{Member, Members, is_whitespace, no_object};
use crate::draft::Refusal;
use crate::error_code::ErrorCode;

#[cfg(test)]
mod tests;

/// Reads `text`, whose depth has been bounded.
///
/// # Errors
/// `invalid_json` with what is wrong and at which byte, counted from 1; `invalid_message` for JSON
/// that is no object.
pub(super) fn read(text: &[u8]) -> Result<Members<'_>, Refusal> {
    if text.starts_with("\u{feff}".as_bytes()) {
        return Err(invalid_json("starts with a byte order mark"));
    }
    let text = std::str::from_utf8(text)
        .map_err(|error| invalid_json(format!("not UTF-8, at byte {}", error.valid_up_to() + 1)))?;
    let whole: &RawValue =
        serde_json::from_str(text).map_err(|error| invalid_json(what_and_where(text, &error)))?;
    if !whole.get().starts_with('{') {
        return Err(no_object());
    }
    serde_json::Deserializer::from_str(whole.get())
        .deserialize_map(MembersVisitor)
        .map_err(|error| invalid_json(what_and_where(text, &error)))
}

fn invalid_json(message: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::without_reference(ErrorCode::InvalidJson, message)
}

/// serde_json's words, with its line and column made one count of bytes.
fn what_and_where(text: &str, error: &serde_json::Error) -> String {
    let words = error.to_string();
    let what = words.split(" at line ").next().unwrap_or_default();
    let lines_before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let byte = lines_before.map(str::len).sum::<usize>() + error.column();
    format!("{what}, at byte {byte}")
}

/// Takes the members of an object as they stand; derived code would refuse a name that comes twice.
struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            // A name with a lone surrogate is valid JSON and none of ours.
            let Member::Text(key) = member(key) else { continue };
            if key == "data" {
                members.data = Some(value.get().as_bytes());
            } else if let Some(place) = members.place(&key) {
                *place = member(value);
            }
        }
        Ok(members)
    }
}

/// What a value is; a string is unescaped.
fn member(value: &RawValue) -> Member<'_> {
    let json = value.get().trim_matches(|c: char| c.is_ascii() && is_whitespace(c as u8));
    if json == "null" {
        return Member::Null;
    }
    let Some(quoted) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Member::Other;
    };
    if !quoted.contains('\\') {
        return Member::Text(Cow::Borrowed(quoted));
    }
    match serde_json::from_str::<String>(json) {
        Ok(text) => Member::Text(Cow::Owned(text)),
        Err(_) => Member::BrokenText,
    }
}
