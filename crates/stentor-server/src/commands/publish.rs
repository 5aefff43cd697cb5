//! `stentor publish`: says one message in a room of a running pod, as a backend does.

use std::io::{self, Read};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use stentor_wire::room_name::RoomName;

use super::asking::Asker;
use super::failure::Failure;
use super::output::print;
use super::pod::{KeyArguments, PodArguments};
use super::printable::printable;
use super::runtime::block_on;

/// The most that is read from standard input, in bytes: more than a message may have.
const INPUT_BYTES_MAX: u64 = 128 * 1024;

/// What `stentor publish` is told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct PublishArguments {
    /// The room to say it in
    #[arg(value_name = "ROOM")]
    room: String,
    /// What to say; - reads it from standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    text: String,
    /// TEXT is any JSON value, and is the message's data as it stands
    #[arg(long)]
    json: bool,
    /// The message's type: chat, system, notification and so on
    #[arg(long = "type", value_name = "TYPE", default_value = "chat")]
    kind: String,
    /// Who says it [default: server]
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    #[command(flatten)]
    pod: PodArguments,
    #[command(flatten)]
    key: KeyArguments,
}

#[derive(Serialize)]
struct Message<'a> {
    r#type: &'a str,
    room: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    data: Box<RawValue>,
}

/// What a chat shows as a message's text.
#[derive(Serialize)]
struct Content<'a> {
    content: &'a str,
}

#[derive(Deserialize)]
struct Stamp {
    id: String,
}

/// Publishes, and prints the id.
pub(super) fn run(arguments: &PublishArguments) -> Result<ExitCode, Failure> {
    RoomName::check(&arguments.room)
        .map_err(|broken| Failure::usage(format_args!("ROOM: {}", broken.as_str())))?;
    let pod = arguments.pod.pod()?;
    let asker = Asker { pod: &pod, key: arguments.key.key()? };
    let message = message(arguments)?;
    let stamp: Stamp = block_on(asker.post("/messages", message))??;
    print(&format!("{}\n", printable(&stamp.id)))?;
    Ok(ExitCode::SUCCESS)
}

fn message(arguments: &PublishArguments) -> Result<String, Failure> {
    let from_input;
    let text = match arguments.text.as_str() {
        "-" => {
            from_input = read_input()
                .map_err(|error| Failure::usage(format_args!("TEXT: standard input: {error}")))?;
            from_input.strip_suffix('\n').unwrap_or(&from_input)
        }
        text => text,
    };
    let data = if arguments.json {
        RawValue::from_string(text.trim().to_owned())
    } else {
        to_raw_value(&Content { content: text })
    };
    let data = data.map_err(|error| Failure::usage(format_args!("TEXT: is no JSON: {error}")))?;
    let (kind, room, from) = (&*arguments.kind, &*arguments.room, arguments.from.as_deref());
    let message = Message { r#type: kind, room, from, data };
    serde_json::to_string(&message).map_err(Failure::failed)
}

fn read_input() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
