//! What a payload is: a message of this run, one of the server's own words, or another's.

use serde_json::Value;

use crate::verdict::locator::Locator;
use crate::verdict::stamp::{RunId, Stamp};

#[cfg(test)]
mod tests;

/// How much of what is not understood is shown, in bytes.
const SHOWN_BYTES_MAX: usize = 200;

/// A payload, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// A message of this run.
    Message(Stamp),
    /// An event of the server.
    Event(ServerEvent),
    /// An error message of the server, the beginning of it.
    Error(String),
    /// A message of another run, or of no run.
    Foreign,
}

/// The server's own events, as far as a scenario asks for them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ServerEvent {
    /// The first frame of a connection that asked for events.
    Welcome,
    /// The answer to `join`.
    Joined,
    /// The answer to `leave`.
    Left,
    /// The answer to a `last_id`.
    Resume {
        /// Whether nothing is said to be missing.
        recovered: bool,
        /// How many messages follow from the history.
        replayed: u64,
    },
    /// Messages that were dropped.
    Gap(GapNotice),
    /// Another one.
    Other,
}

/// What a `gap` says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GapNotice {
    /// How many are missing.
    pub(crate) missed: u64,
    /// The id of the first, where it had one.
    pub(crate) from_id: Option<String>,
    /// The id of the last, where it had one.
    pub(crate) to_id: Option<String>,
}

/// Understands payloads.
#[derive(Debug)]
pub(crate) struct Hearing {
    run: RunId,
    locator: Locator,
}

impl Hearing {
    /// Ears for the messages of this run.
    pub(crate) fn new(run: RunId) -> Self {
        Self { run, locator: Locator::new() }
    }

    /// Reads a payload.
    pub(crate) fn read(&mut self, payload: &[u8]) -> Heard {
        if let Some(stamp) = self.locator.find(payload).map(Stamp::decode) {
            return if stamp.run == self.run { Heard::Message(stamp) } else { Heard::Foreign };
        }
        let Ok(message) = serde_json::from_slice::<Value>(payload) else { return Heard::Foreign };
        match message["type"].as_str() {
            Some("system") => Heard::Event(read_event(&message["data"])),
            Some("error") => {
                let shown = &payload[..payload.len().min(SHOWN_BYTES_MAX)];
                Heard::Error(String::from_utf8_lossy(shown).into_owned())
            }
            _ => Heard::Foreign,
        }
    }
}

/// The id of a delivery: the first member of that name, as the contract puts it in front.
pub(crate) fn message_id(payload: &[u8]) -> Option<&str> {
    const NAME: &[u8] = b"\"id\":\"";
    let at = payload.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let rest = &payload[at..];
    let end = rest.iter().position(|&byte| byte == b'"')?;
    str::from_utf8(&rest[..end]).ok()
}

fn read_event(data: &Value) -> ServerEvent {
    let text = |name: &str| data[name].as_str().map(str::to_owned);
    match data["event"].as_str() {
        Some("welcome") => ServerEvent::Welcome,
        Some("joined") => ServerEvent::Joined,
        Some("left") => ServerEvent::Left,
        Some("resume") => ServerEvent::Resume {
            recovered: data["recovered"].as_bool().unwrap_or(false),
            replayed: data["replayed"].as_u64().unwrap_or(0),
        },
        Some("gap") => ServerEvent::Gap(GapNotice {
            missed: data["missed"].as_u64().unwrap_or(0),
            from_id: text("from_id"),
            to_id: text("to_id"),
        }),
        _ => ServerEvent::Other,
    }
}
