//! A client that comes back: one connection after the other, and the id that it heard last.
//!
//! Thin: whether and when to come back is [`backoff`](crate::backoff)'s.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::backoff::{Attempts, Backoff, Failure};
use crate::chance::Chance;
use crate::connection::Connection;
use crate::draft::Draft;
use crate::end::End;
use crate::message::{Event, Heard};
use crate::options::Options;
use crate::socket::{ConnectError, SendError};

type Opening = Pin<Box<dyn Future<Output = Result<Connection, ConnectError>> + Send>>;

/// A client that connects again as long as that can help.
///
/// It does what it does inside of [`Client::next`]: nobody else connects, answers pings or waits.
pub struct Client {
    options: Options,
    attempts: Attempts,
    chance: Chance,
    state: State,
    last_id: Option<Uuid>,
}

enum State {
    Waiting(Instant),
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
            attempts: Attempts::new(backoff),
            chance: Chance::default(),
            state: State::Waiting(Instant::now()),
            last_id: None,
        }
    }

    /// Waits for what happens next.
    ///
    /// # Errors
    /// Why it will not connect again; the same with each further call.
    ///
    /// # Cancel safety
    /// Safe: an attempt or a pause goes on with the next call.
    pub async fn next(&mut self) -> Result<Happening, Failure> {
        loop {
            match &mut self.state {
                State::Waiting(until) => {
                    sleep_until(*until).await;
                    let mut options = self.options.clone();
                    if let Some(id) = self.last_id {
                        options = options.last_id(id);
                    }
                    let opening = async move { Connection::open(&options).await };
                    self.state = State::Opening(Box::pin(opening));
                }
                State::Opening(opening) => match opening.await {
                    Ok(connection) => {
                        self.state = State::Open(Box::new(connection));
                        self.attempts.handle_connected(Instant::now());
                        return Ok(Happening::Connected);
                    }
                    Err(error) => return self.handle_failure(Failure::NotConnected(error)),
                },
                State::Open(connection) => match connection.next().await {
                    Ok(heard) => {
                        self.last_id = connection.last_id().or(self.last_id);
                        if let Heard::Event(Event::Drain { reconnect_after_ms }, _) = &heard {
                            let after = Duration::from_millis(*reconnect_after_ms);
                            self.attempts.handle_drain(Instant::now(), after);
                        }
                        return Ok(Happening::Heard(heard));
                    }
                    Err(end) => return self.handle_failure(Failure::Ended(end)),
                },
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

    /// Publishes a message on the connection that there is.
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

    fn handle_failure(&mut self, failure: Failure) -> Result<Happening, Failure> {
        let now = Instant::now();
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

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.options)
            .field("last_id", &self.last_id)
            .finish_non_exhaustive()
    }
}
