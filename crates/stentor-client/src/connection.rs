//! One connection to Stentor: messages instead of frames. It ends once and does not come back;
//! [`Client`](crate::Client) does.

use stentor_wire::close::CloseCode;
use stentor_wire::message_type::MessageType;
use uuid::Uuid;

use crate::draft::Draft;
use crate::end::End;
use crate::message::Heard;
use crate::options::{Options, Token};
use crate::socket::{ConnectError, SendError, WebSocket, open};

/// A connection, a member of the rooms that it asked for.
#[derive(Debug)]
pub struct Connection {
    socket: WebSocket,
    last_id: Option<Uuid>,
    /// It began behind a message of an earlier connection.
    is_resumed: bool,
}

impl Connection {
    /// Connects as `options` say; once this is there, the server counts it as a member.
    ///
    /// # Errors
    /// Those of [`WebSocket::connect`].
    pub async fn open(options: &Options) -> Result<Connection, ConnectError> {
        let (limits, trust) = (options.socket_limits(), options.trusted());
        let socket = open(options.address(), &options.request(), limits, trust).await?;
        Ok(Connection { socket, last_id: None, is_resumed: options.resumes() })
    }

    /// Waits for what the server says next.
    ///
    /// # Errors
    /// How the connection ended, after all that was heard before; the same again from then on.
    ///
    /// # Cancel safety
    /// Safe: nothing that came is lost.
    pub async fn next(&mut self) -> Result<Heard, End> {
        let heard = Heard::from_payload(self.socket.next().await?);
        let is_first = self.last_id.is_none() && !self.is_resumed;
        self.last_id = heard.resume_id(is_first).or(self.last_id);
        Ok(heard)
    }

    /// Publishes a message.
    ///
    /// # Errors
    /// It is too big, or the connection has ended. What the server makes of it, it says by
    /// [`Heard::Error`], or by an ack where one was asked for.
    ///
    /// # Cancel safety
    /// That of [`WebSocket::send_text`].
    pub async fn send(&mut self, draft: &Draft) -> Result<(), SendError> {
        self.socket.send_text(&draft.to_text()).await
    }

    /// Says a message that was written before.
    pub(crate) async fn say(&mut self, text: &str) -> Result<(), SendError> {
        self.socket.send_text(text).await
    }

    /// Shows a new token in place of the one that it came with; the server answers with
    /// [`Event::Authenticated`](crate::Event::Authenticated).
    ///
    /// # Errors
    /// Those of [`Connection::send`].
    pub async fn authenticate(&mut self, token: &Token) -> Result<(), SendError> {
        let draft = Draft::new(MessageType::Auth);
        let draft = draft.data(&serde_json::json!({ "token": token.text() }));
        self.send(&draft.expect("a text is JSON")).await
    }

    /// Joins a room; the server answers with [`Event::Joined`](crate::Event::Joined).
    ///
    /// # Errors
    /// Those of [`Connection::send`].
    pub async fn join(&mut self, room: &str) -> Result<(), SendError> {
        self.send(&Draft::new(MessageType::Join).room(room)).await
    }

    /// Leaves a room; the server answers with [`Event::Left`](crate::Event::Left).
    ///
    /// # Errors
    /// Those of [`Connection::send`].
    pub async fn leave(&mut self, room: &str) -> Result<(), SendError> {
        self.send(&Draft::new(MessageType::Leave).room(room)).await
    }

    /// The id to resume behind: the last that was heard and that a server can place.
    pub fn last_id(&self) -> Option<Uuid> {
        self.last_id
    }

    /// Says goodbye with 1000; as [`WebSocket::close`].
    pub async fn close(&mut self) -> End {
        self.socket.close(CloseCode::Normal.code(), "").await
    }
}
