//! A message as a line of text, which cannot do anything but be read.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use stentor_client::Message;
use uuid::Uuid;

use super::super::failure::Failure;
use super::super::printable::{printable, printable_json};

/// The message as the pod sends it, its members in the same order.
#[derive(Serialize)]
struct Members<'a> {
    id: Uuid,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    from: &'a str,
    data: &'a RawValue,
    timestamp: &'a str,
}

/// Time, sender and text; also the type where it is no chat.
pub(super) fn line(message: &Message) -> String {
    let Message { kind, from, timestamp, .. } = message;
    let kind = if kind == "chat" { String::new() } else { format!("[{}] ", printable(kind)) };
    format!("{}  {}  {kind}{}", printable(timestamp), printable(from), text(message))
}

/// One line of JSON that means what the pod sent.
pub(super) fn json(message: &Message) -> Result<String, Failure> {
    let members = Members {
        id: message.id,
        r#type: &message.kind,
        room: message.room.as_deref(),
        from: &message.from,
        data: &message.data,
        timestamp: &message.timestamp,
    };
    let json = serde_json::to_string(&members).map_err(Failure::failed)?;
    Ok(printable_json(&json))
}

/// What somebody said, where it stands in one of the usual places; else all of the data.
fn text(message: &Message) -> String {
    let data: Result<Value, _> = message.data();
    let said = match &data {
        Ok(Value::String(text)) => Some(text.as_str()),
        Ok(Value::Object(members)) => {
            members.get("content").or_else(|| members.get("text")).and_then(Value::as_str)
        }
        _ => None,
    };
    said.map_or_else(|| printable_json(message.data.get()), printable)
}
