//! A session: the two connections of one life of the link, on fred.
//!
//! Two, because fred reads before it writes, and much that comes in would keep publishes waiting.
//! fred does not reconnect and does not restore subscriptions here (no policy): its own
//! restoring stops for ever after one failure, and a frozen server is not noticed at all. A
//! session that ends is thrown away whole and a new one made, so nothing of the old can be left
//! over. What a session costs when it is made is seven megabytes for a moment.
//!
//! Settings that matter: the capacity of fred's channel for payloads is 32 unless told otherwise,
//! and what does not fit is lost without an error; `max_command_buffer_len` is not used, because
//! after it was once reached a lone publish is never flushed.
//!
//! fred answers a `SUBSCRIBE` when it is written and throws away what Redis says to it. So each is
//! followed by a `PING` with a number on the same connection: Redis answers in order, and what
//! comes back is the proof. A refusal comes back in the place of that answer, which fred then
//! finds nobody waiting for; so only one command is under way at a time.

use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::config::{ConnectionConfig, PerformanceConfig, TcpConfig, UnresponsiveConfig};
use fred::types::{Builder, ClusterHash, ConnectHandle, CustomCommand, Message, Value};
use fred::util::redis_keyslot;
use futures_util::future::join;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::TryRecvError;

use crate::address::Address;
use crate::in_flight::InFlightLimits;
use crate::link::CONNECT_TIMEOUT;
use crate::pipeline::Outcome;
use crate::subscriptions::{Answer, CommandKind};

/// Payloads that wait for the bus thread; beyond it fred drops the oldest and says how many.
const PAYLOADS_MAX: usize = 8_192;

/// Two connections that stand, with the channel of the probes subscribed.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) publisher: Client,
    pub(crate) subscriber: Client,
    payloads: broadcast::Receiver<Message>,
    tasks: [ConnectHandle; 2],
}

impl Session {
    /// Connects both and subscribes to `probe`.
    ///
    /// # Errors
    /// Whatever keeps Redis from being used: no connection, a wrong password, a forbidden channel.
    ///
    /// # Cancel safety
    /// Where it is dropped, both connections are.
    pub(crate) async fn connect(address: Address, probe: String) -> Result<Session, Error> {
        let publisher = client(&address, 32)?;
        let subscriber = client(&address, PAYLOADS_MAX)?;
        let session = Session {
            payloads: subscriber.message_rx(),
            tasks: [publisher.connect(), subscriber.connect()],
            publisher,
            subscriber,
        };
        session.publisher.wait_for_connect().await?;
        session.subscriber.wait_for_connect().await?;
        let subscriber = session.subscriber.clone();
        command(subscriber, CommandKind::Subscribe, vec![probe], 0).await?;
        Ok(session)
    }

    /// The next payload, if one waits.
    pub(crate) fn try_heard(&mut self) -> Result<Message, TryRecvError> {
        self.payloads.try_recv()
    }

    /// The payloads, and beside them the end of either connection with its reason.
    ///
    /// # Cancel safety
    /// Neither takes anything before it is ready.
    pub(crate) fn split(
        &mut self,
    ) -> (&mut broadcast::Receiver<Message>, impl Future<Output = String>) {
        let [publisher, subscriber] = &mut self.tasks;
        let ended = async {
            let ended = tokio::select! {
                ended = publisher => ended,
                ended = subscriber => ended,
            };
            match ended {
                Ok(Err(error)) => error.to_string(),
                Ok(Ok(())) => "the connection was closed".to_owned(),
                Err(_) => "the connection's task has ended".to_owned(),
            }
        };
        (&mut self.payloads, ended)
    }
}

impl Drop for Session {
    /// Without a word to Redis: a server that does not answer would keep a polite end waiting.
    fn drop(&mut self) {
        self.tasks.iter().for_each(ConnectHandle::abort);
    }
}

/// Subscribes to `channels` or leaves them, and waits until Redis has done it; `number` is another
/// each time.
///
/// Both commands are handed to fred at the first look at this future, so that they go out
/// together: a refusal that came before the `PING` was waiting would be thrown away.
///
/// # Errors
/// What Redis said instead, and where it answers another number than this.
pub(crate) async fn command(
    subscriber: Client,
    kind: CommandKind,
    channels: Vec<String>,
    number: u64,
) -> Result<(), Error> {
    let (written, proven) = match kind {
        CommandKind::Subscribe => {
            join(subscriber.subscribe(channels), prove(&subscriber, number)).await
        }
        CommandKind::Unsubscribe => {
            join(subscriber.unsubscribe(channels), prove(&subscriber, number)).await
        }
    };
    written.and(proven)
}

async fn prove(subscriber: &Client, number: u64) -> Result<(), Error> {
    // In a cluster: the node that fred subscribes at.
    let slot = redis_keyslot(subscriber.id().as_bytes());
    let ping = CustomCommand::new_static("PING", ClusterHash::Custom(slot), false);
    let answer: Value = subscriber.custom(ping, vec![number.to_string()]).await?;
    // A connection that has subscriptions answers `pong` and the number, any other the number.
    let told = match &answer {
        Value::Array(parts) => parts.last().and_then(Value::as_string),
        other => other.as_string(),
    };
    if told.is_some_and(|told| told == number.to_string()) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Protocol, "an answer that belongs to something else"))
}

/// What an error of a publish means.
pub(crate) fn outcome(result: &Result<(), Error>) -> Outcome {
    match result {
        Ok(()) => Outcome::Published,
        Err(error) if is_refusal(error) => Outcome::Refused,
        Err(_) => Outcome::Lost,
    }
}

/// What an error of a subscribe means.
pub(crate) fn answer(result: &Result<(), Error>) -> Answer {
    match result {
        Ok(()) => Answer::Confirmed,
        Err(error) if is_refusal(error) => Answer::Refused,
        Err(_) => Answer::Failed,
    }
}

/// Whether Redis has said "never" to this user, and not merely "not now". Redis begins an error
/// with a word in capitals; `NOPERM` is the one of access rules.
fn is_refusal(error: &Error) -> bool {
    error.details().starts_with("NOPERM")
}

fn client(address: &Address, payloads_max: usize) -> Result<Client, Error> {
    let mut builder = Builder::from_config(address.config());
    builder.set_performance_config(PerformanceConfig {
        default_command_timeout: InFlightLimits::default().timeout,
        broadcast_channel_capacity: payloads_max,
        ..PerformanceConfig::default()
    });
    builder.set_connection_config(ConnectionConfig {
        connection_timeout: CONNECT_TIMEOUT,
        internal_command_timeout: CONNECT_TIMEOUT,
        // The probes find a server that does not answer sooner than this could.
        unresponsive: UnresponsiveConfig::default(),
        max_command_attempts: 1,
        tcp: TcpConfig { nodelay: Some(true), ..TcpConfig::default() },
        ..ConnectionConfig::default()
    });
    builder.build()
}
