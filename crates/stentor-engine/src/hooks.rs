//! The hooks: where an embedding program has its say in a message's way.
//!
//! Hooks run on a shard's thread between two messages. One that blocks stops every connection of
//! that shard. One that panics costs the connection (closed with 1011), not the pod.

use serde_json::value::RawValue;
use stentor_wire::close::CloseCode;
use stentor_wire::draft::Draft;
use stentor_wire::error_code::ErrorCode;
use uuid::Uuid;

/// What a program may decide about connections and messages. Every method has a default that
/// changes nothing.
pub trait Hooks: Send + Sync + 'static {
    /// A client has come in: it is in its rooms, and reads so next. `Err` closes it with that code.
    ///
    /// # Errors
    /// The code to close with, as the program sees fit.
    fn on_connect(&self, _client: &Client<'_>) -> Result<(), CloseCode> {
        Ok(())
    }

    /// A whole message arrived, not parsed yet. Programs that speak something else than Stentor's
    /// JSON take it here. It may be an `auth` message, and then a token is in it: a program that
    /// logs payloads logs tokens.
    fn on_payload(&self, _client: &Client<'_>, _payload: Payload<'_>) -> Handling {
        Handling::Parse
    }

    /// A valid message of a client, of whatever type but `auth`, before anything is done about it.
    /// Tokens are between the client and the [`Door`](crate::Door).
    fn on_message(&self, _client: &Client<'_>, _draft: &Draft<'_>) -> Verdict {
        Verdict::Pass
    }

    /// A client that [`Hooks::on_connect`] let in is gone. `code` is how it was closed: by this side,
    /// or by the peer (then `GoingAway` or `Normal`); `None` where its socket just ended.
    fn on_disconnect(&self, _client: &Client<'_>, _code: Option<CloseCode>) {}
}

/// Hooks that change nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}

/// Who is speaking.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The connection's own id, new for each connection.
    pub id: Uuid,
    /// The proven identity, where there is one.
    pub user: Option<&'a str>,
}

/// A message as it came off the socket.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// A text message, valid UTF-8.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
}

/// What becomes of an unparsed message.
#[derive(Debug)]
pub enum Handling {
    /// Stentor parses and delivers it.
    Parse,
    /// The program has dealt with it; nobody hears it.
    Done,
    /// The program answers the sender with a text message.
    AnswerText(String),
    /// The program answers the sender with a binary message.
    AnswerBinary(Vec<u8>),
}

/// What becomes of a parsed message.
#[derive(Debug)]
pub enum Verdict {
    /// It goes on unchanged.
    Pass,
    /// It goes on with other `data`.
    Change(Box<RawValue>),
    /// It goes nowhere, and the sender is not told.
    Suppress,
    /// It goes nowhere, and the sender hears an error.
    Refuse {
        /// The error's code.
        code: ErrorCode,
        /// The error's text, for a person.
        message: String,
    },
}
