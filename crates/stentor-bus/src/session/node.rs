//! Both connections to a server: one that publishes, on fred, and one that listens.
//!
//! Two, because what comes in must not keep publishes waiting. fred does not reconnect here (no
//! policy): a session that ends is thrown away whole and a new one made.
//!
//! Settings of fred that matter: `max_command_buffer_len` is not used, because after it was once
//! reached a lone publish is never flushed; the channel for payloads, of which there are eight or
//! nine, is small because nothing is subscribed there.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use fred::clients::Client;
use fred::error::{Error, ErrorKind};
use fred::interfaces::ClientLike;
use fred::types::config::{
    ConnectionConfig, PerformanceConfig, Server, TcpConfig, UnresponsiveConfig,
};
use fred::types::{Builder, ConnectHandle};

use super::connection::{Connection, Frame, list, text};
use super::listener::{Asked, Listener, Told};
use crate::address::{Address, Kind};
use crate::link::CONNECT_TIMEOUT;
use crate::mode::Mode;
use crate::subscriptions::CommandKind;

/// Longer than the pipeline waits for an answer, which puts its deadline of five seconds off twice
/// ([`crate::in_flight`]), and than a link may be deaf. fred takes a command whose time is over out
/// of its queue, and so those behind it are heard before it: receivers then have to drop it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) struct Node {
    pub(crate) publisher: Client,
    pub(crate) listener: Listener,
    /// The channel of the probes that go through this node.
    pub(crate) probe: String,
    task: ConnectHandle,
}

impl Node {
    /// Connects to publish at `server`, listens on what is connected already, and subscribes to
    /// the channel of the probes.
    ///
    /// # Errors
    /// Whatever keeps Redis from being used: no connection, a wrong password, a forbidden channel.
    ///
    /// # Cancel safety
    /// Where it is dropped, both connections are.
    pub(crate) async fn connect(
        address: &Address,
        mode: Mode,
        mut listening: Connection,
        server: &Server,
        probe: String,
    ) -> Result<Node, Error> {
        if matches!(address.kind(), Kind::Sentinels { .. }) {
            check_master(&mut listening).await?;
        }
        let publisher = client(address, server)?;
        let task = publisher.connect();
        let mut node = Node { publisher, listener: Listener::new(listening, mode), probe, task };
        node.publisher.wait_for_connect().await?;
        node.subscribe_to_probe();
        loop {
            let told = poll_fn(|cx| node.listener.poll_told(cx)).await?;
            if let Told::Answered(_, result) = told {
                return result.map(|()| node);
            }
        }
    }

    pub(crate) fn subscribe_to_probe(&mut self) {
        self.listener.ask(Asked {
            kind: CommandKind::Subscribe,
            channels: vec![self.probe.clone()],
            command: None,
            places: Vec::new(),
            confirmed: 0,
            redirects: 0,
        });
    }

    /// Why the connection that publishes has ended.
    pub(crate) fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        Pin::new(&mut self.task).poll(cx).map(|ended| match ended {
            Ok(Err(error)) => error.to_string(),
            Ok(Ok(())) => "the connection was closed".to_owned(),
            Err(_) => "the connection's task has ended".to_owned(),
        })
    }
}

impl Drop for Node {
    /// Without a word to Redis: a server that does not answer would keep a polite end waiting.
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server that was voted out may not have heard of it, and one that was voted in neither.
async fn check_master(connection: &mut Connection) -> Result<(), Error> {
    let role = match connection.ask(&["ROLE"]).await {
        Ok(role) => role,
        // This user may not ask.
        Err(error) if error.details().starts_with("NOPERM") => Frame::Null,
        Err(error) => return Err(error),
    };
    match list(&role).first().and_then(text) {
        Some("master") | None => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::Sentinel, "the master is none yet")),
    }
}

fn client(address: &Address, server: &Server) -> Result<Client, Error> {
    let mut builder = Builder::from_config(address.config_of(server));
    builder.set_performance_config(PerformanceConfig {
        default_command_timeout: COMMAND_TIMEOUT,
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
