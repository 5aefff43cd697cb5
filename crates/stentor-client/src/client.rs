//! A client that comes back: one connection after the other, and what it takes to miss nothing and
//! to say nothing twice between them.
//!
//! Thin: whether and when to come back is [`backoff`](crate::backoff)'s, what was heard
//! [`had`](crate::had)'s, what waits for its acknowledgement [`unacked`](crate::unacked)'s.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::close::CloseCode;
use stentor_wire::room_name::BadRoomName;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::backoff::{Attempts, Backoff, Failure};
use crate::chance::Chance;
use crate::connection::Connection;
use crate::draft::Draft;
use crate::end::{End, PeerClosed};
use crate::had::Had;
use crate::message::{ErrorReply, Event, Heard, Message};
use crate::options::{Options, Token};
use crate::server_clock::ServerClock;
use crate::socket::{ConnectError, SendError};
use crate::token_source::{Asking, TokenSource, WhyToken};
use crate::unacked::{Publish, PublishError, Unacked};

type Opening = Pin<Box<dyn Future<Output = Result<Connection, ConnectError>> + Send>>;

/// How long a program may take to come by a token.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that connects again as long as that can help.
///
/// It does what it does inside of [`Client::next`]: nobody else connects, answers pings or waits.
/// After a connection that was lost it is in the same rooms again, asks for what was said meanwhile,
/// drops what it has had, and says again what nobody acknowledged.
pub struct Client {
    options: Options,
    token_source: Option<TokenSource>,
    attempts: Attempts,
    chance: Chance,
    clock: ServerClock,
    state: State,
    last_id: Option<Uuid>,
    had: Had,
    repeats: u64,
    unacked: Unacked,
    /// The answer to a token that ends is awaited.
    renewing: Option<Pin<Box<dyn Future<Output = Option<Token>> + Send>>>,
    /// Why the next token is asked for.
    why_token: WhyToken,
}

enum State {
    Waiting(Instant),
    Asking(Asking),
    Opening(Opening),
    Open(Box<Connection>),
    Over(Failure),
}

/// What became of a client.
#[derive(Debug)]
pub enum Happening {
    /// It is connected, for the first time or again.
    Connected,
    /// The server said something.
    Heard(Heard),
    /// A message that [`Client::publish`] took is where it should be.
    Acked {
        /// Its id.
        id: Uuid,
        /// It was there already, because it was said before.
        duplicate: bool,
    },
    /// A message that [`Client::publish`] took was refused, and is not said again.
    Refused {
        /// Its id.
        id: Uuid,
        /// Why.
        reply: ErrorReply,
    },
    /// It is not connected, and will try after a pause.
    Disconnected {
        /// What went wrong.
        failure: Failure,
        /// The pause.
        retry_in: Duration,
    },
}

impl Client {
    /// A client that will connect with the first [`Client::next`].
    pub fn new(options: Options, backoff: Backoff) -> Client {
        Client {
            options,
            token_source: None,
            attempts: Attempts::new(backoff),
            chance: Chance::default(),
            clock: ServerClock::default(),
            state: State::Waiting(Instant::now()),
            last_id: None,
            had: Had::default(),
            repeats: 0,
            unacked: Unacked::default(),
            renewing: None,
            why_token: WhyToken::Connect,
        }
    }

    /// The same, with tokens that a program comes by: asked for before each connection and when one
    /// ends, for at most ten seconds.
    pub fn with_tokens(mut self, source: TokenSource) -> Client {
        self.token_source = Some(source);
        self
    }

    /// Waits for what happens next.
    ///
    /// # Errors
    /// Why it will not connect again; the same with each further call.
    ///
    /// # Cancel safety
    /// Safe: an attempt, a pause or a question for a token goes on with the next call.
    pub async fn next(&mut self) -> Result<Happening, Failure> {
        loop {
            match &mut self.state {
                State::Waiting(until) => {
                    sleep_until(*until).await;
                    self.state = match &self.token_source {
                        Some(source) => State::Asking(source.ask(self.why_token)),
                        None => self.opening(),
                    };
                }
                State::Asking(asking) => {
                    let token = tokio::time::timeout(TOKEN_TIMEOUT, asking).await;
                    if let Ok(Some(token)) = token {
                        self.options = self.options.clone().token(token);
                    }
                    self.state = self.opening();
                }
                State::Opening(opening) => match opening.await {
                    Ok(connection) => {
                        self.state = State::Open(Box::new(connection));
                        self.attempts.handle_connected(Instant::now());
                        self.unacked.begin_again();
                        self.why_token = WhyToken::Connect;
                        return Ok(Happening::Connected);
                    }
                    Err(error) => return self.handle_failure(Failure::NotConnected(error)),
                },
                State::Open(_) => {
                    if let Some(happening) = self.live().await? {
                        return Ok(happening);
                    }
                }
                State::Over(failure) => return Err(failure.clone()),
            }
        }
    }

    /// The connection to send on, while there is one.
    pub fn connection(&mut self) -> Option<&mut Connection> {
        match &mut self.state {
            State::Open(connection) => Some(connection),
            _ => None,
        }
    }

    /// Takes a message that is to arrive: it is said with the next [`Client::next`], and again on
    /// each new connection until the server has acknowledged it. Returns its id, by which the server
    /// knows it again and [`Happening::Acked`] or [`Happening::Refused`] tells what became of it.
    ///
    /// The client's options must ask for acknowledgements ([`Options::ack`]).
    ///
    /// # Errors
    /// Too much waits already, or it is too big for any server.
    pub fn publish(&mut self, draft: Draft) -> Result<Uuid, PublishError> {
        debug_assert!(self.options.acks(), "without acknowledgements nothing is ever settled");
        let id = draft
            .own_id()
            .unwrap_or_else(|| self.chance.id(self.clock.unix_millis(Instant::now())));
        let text = draft.id(id).to_text();
        if text.len() > MESSAGE_BYTES_MAX_DEFAULT {
            return Err(PublishError::TooBig);
        }
        self.unacked.push(Publish { id, text })?;
        Ok(id)
    }

    /// Messages that wait for their acknowledgement.
    pub fn unacked(&self) -> usize {
        self.unacked.len()
    }

    /// Messages that came again and were dropped.
    pub fn repeats(&self) -> u64 {
        self.repeats
    }

    /// Publishes a message on the connection that there is; nobody says it again.
    ///
    /// # Errors
    /// Those of [`Connection::send`], and [`SendError::Ended`] while there is none: nothing is
    /// kept for later.
    pub async fn send(&mut self, draft: &Draft) -> Result<(), SendError> {
        match self.connection() {
            Some(connection) => connection.send(draft).await,
            None => Err(SendError::Ended(End::Lost(std::io::ErrorKind::NotConnected))),
        }
    }

    /// Joins a room, now and on each new connection.
    ///
    /// # Errors
    /// The text is no room name. That a connection is lost meanwhile is told by [`Client::next`].
    pub async fn join(&mut self, room: &str) -> Result<(), BadRoomName> {
        self.options = self.options.clone().room(room)?;
        if let Some(connection) = self.connection() {
            // What becomes of it, the next call tells.
            let _ = connection.join(room).await;
        }
        Ok(())
    }

    /// Leaves a room for good.
    pub async fn leave(&mut self, room: &str) {
        self.options = self.options.clone().without_room(room);
        self.had.forget(room);
        if let Some(connection) = self.connection() {
            // As with joining.
            let _ = connection.leave(room).await;
        }
    }

    /// The id that the next connection resumes behind.
    pub fn last_id(&self) -> Option<Uuid> {
        self.last_id
    }

    /// Says goodbye where there is a connection; it comes back no more.
    pub async fn close(mut self) {
        if let State::Open(connection) = &mut self.state {
            connection.close().await;
        }
    }

    fn opening(&self) -> State {
        let mut options = self.options.clone();
        if let Some(id) = self.last_id {
            options = options.last_id(id);
        }
        State::Opening(Box::pin(async move { Connection::open(&options).await }))
    }

    /// One step on the connection that there is: says what waits, or hears something, or shows a new
    /// token. `None`: nothing to tell of.
    async fn live(&mut self) -> Result<Option<Happening>, Failure> {
        let State::Open(connection) = &mut self.state else { return Ok(None) };
        if let Some(publish) = self.unacked.next() {
            let said = connection.say(&publish.text).await;
            if let Err(SendError::Ended(end)) = said {
                return self.handle_failure(Failure::Ended(end)).map(Some);
            }
            self.unacked.note_said();
            return Ok(None);
        }
        let renewing = async {
            match &mut self.renewing {
                Some(renewing) => renewing.await,
                None => std::future::pending().await,
            }
        };
        let heard = tokio::select! {
            token = renewing => {
                self.renewing = None;
                if let Some(token) = token {
                    self.options = self.options.clone().token(token.clone());
                    // A connection that is lost is told of by the next step.
                    let _ = connection.authenticate(&token).await;
                }
                return Ok(None);
            }
            heard = connection.next() => heard,
        };
        match heard {
            Ok(heard) => {
                self.last_id = connection.last_id().or(self.last_id);
                Ok(self.take(heard))
            }
            Err(end) => self.handle_failure(Failure::Ended(end)).map(Some),
        }
    }

    /// Does what something that was heard asks for. `None` where it is nothing new.
    fn take(&mut self, heard: Heard) -> Option<Happening> {
        match &heard {
            Heard::Message(Message { room, id, kind, .. })
                if kind != "pong" && !self.had.insert(room.as_deref(), *id) =>
            {
                self.repeats += 1;
                return None;
            }
            Heard::Event(Event::Welcome { .. }, message) => {
                self.clock.note(Instant::now(), &message.timestamp);
            }
            Heard::Event(Event::Drain { reconnect_after_ms }, _) => {
                let after = Duration::from_millis(*reconnect_after_ms);
                self.attempts.handle_drain(Instant::now(), after);
            }
            Heard::Event(Event::TokenExpiring { .. }, _) => {
                if let Some(source) = &self.token_source {
                    let asking = source.ask(WhyToken::Expiring);
                    self.renewing = Some(Box::pin(async move {
                        tokio::time::timeout(TOKEN_TIMEOUT, asking).await.ok().flatten()
                    }));
                }
            }
            Heard::Event(Event::Ack { id, duplicate }, _) if self.unacked.settle(*id) => {
                return Some(Happening::Acked { id: *id, duplicate: *duplicate });
            }
            Heard::Error(reply) => {
                let id = reply.reference.as_deref().and_then(|id| Uuid::try_parse(id).ok());
                if let Some(id) = id.filter(|id| self.unacked.settle(*id)) {
                    return Some(Happening::Refused { id, reply: reply.clone() });
                }
            }
            _ => {}
        }
        Some(Happening::Heard(heard))
    }

    fn handle_failure(&mut self, failure: Failure) -> Result<Happening, Failure> {
        let now = Instant::now();
        self.renewing = None;
        // Another token may help, once: whoever gets none to begin with does not get this far.
        let asks_anew = self.token_source.is_some()
            && is_of_token(&failure)
            && self.why_token != WhyToken::Refused;
        if asks_anew {
            self.why_token = WhyToken::Refused;
            self.state = State::Waiting(now);
            return Ok(Happening::Disconnected { failure, retry_in: Duration::ZERO });
        }
        match self.attempts.handle_failure(now, &failure, self.chance.next()) {
            Some(retry_in) => {
                self.state = State::Waiting(now + retry_in);
                Ok(Happening::Disconnected { failure, retry_in })
            }
            None => {
                self.state = State::Over(failure.clone());
                Err(failure)
            }
        }
    }
}

/// Whether the server did not take the token.
fn is_of_token(failure: &Failure) -> bool {
    match failure {
        Failure::NotConnected(ConnectError::Refused(refusal)) => refusal.status() == 401,
        Failure::NotConnected(_) => false,
        Failure::Ended(End::Closed(PeerClosed { code, .. })) => {
            *code == Some(CloseCode::Unauthorized.code())
        }
        Failure::Ended(_) => false,
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.options)
            .field("last_id", &self.last_id)
            .finish_non_exhaustive()
    }
}
