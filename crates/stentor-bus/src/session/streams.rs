//! The streams of a session: history that is written beside what is published, and read.
//!
//! At one server a message is written on the connection that publishes it, before it is published,
//! so who hears it finds it. In a cluster the stream has a node of its own, and the two are on
//! their way at once: who reads within that moment may be too early. What is read has a connection
//! of its own, so that long answers keep no publish waiting. Decides nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use fred::clients::Client;
use fred::error::Error;
use fred::interfaces::ClientLike;
use fred::types::config::{
    Config, ConnectionConfig, Options, PerformanceConfig, ReconnectPolicy, Server, TcpConfig,
};
use fred::types::{Builder, ClusterHash, ConnectHandle, CustomCommand, Value};
use futures_util::future::{join, join3};
use stentor_wire::time::millis;
use tokio::time::timeout;

use crate::address::{Address, Kind};
use crate::histories::READ_TIMEOUT;
use crate::link::CONNECT_TIMEOUT;
use crate::stream_entry::{RECORD_FIELD, SETTLED, SETTLED_FIELD, StreamEntry, StreamId};
use crate::stream_history::{self, Kept, StreamHistory};

/// How long a session that begins waits for these connections; they may come later.
const PATIENCE: Duration = Duration::from_millis(600);

/// After a connection that was lost, the wait before the next.
const RECONNECT_AFTER: Duration = Duration::from_millis(250);

pub(super) struct Streams {
    history: StreamHistory,
    soundness: Soundness,
    reader: Client,
    /// In a cluster: what finds the nodes of the streams.
    writer: Option<Client>,
    tasks: Vec<ConnectHandle>,
}

/// How it is known since when Redis has lost nothing.
#[derive(Clone, Copy, Debug)]
enum Soundness {
    /// By how long the server runs, and since when this session has heard it, in milliseconds since
    /// 1970.
    Uptime(u64),
    /// A failover ends the session: since that began, in milliseconds since 1970.
    Session(u64),
    /// Not at all.
    Unknown,
}

/// What is written into a stream.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) key: String,
    pub(crate) record: Bytes,
    pub(crate) is_settled: bool,
}

/// What was read, and how many entries of it were none.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kept: Kept,
    pub(crate) rubbish: u64,
}

impl Streams {
    /// Connects to read, and in a cluster to write; `server` is the one that publishes.
    ///
    /// # Errors
    /// A configuration that cannot be. A server that does not answer is tried again for as long as
    /// the session lasts.
    ///
    /// # Cancel safety
    /// Where it is dropped, the connections are.
    pub(super) async fn connect(
        address: &Address,
        server: &Server,
        history: StreamHistory,
    ) -> Result<Streams, Error> {
        let is_cluster = address.kind() == Kind::Cluster;
        let soundness = match address.kind() {
            Kind::One => Soundness::Uptime(unix_millis()),
            Kind::Sentinels { .. } => Soundness::Session(unix_millis()),
            Kind::Cluster => Soundness::Unknown,
        };
        let config = if is_cluster { address.config() } else { address.config_of(server) };
        let reader = client(config.clone())?;
        let writer = is_cluster.then(|| client(config)).transpose()?;
        let tasks = [Some(&reader), writer.as_ref()].into_iter().flatten();
        let tasks = tasks.map(ClientLike::connect).collect();
        let streams = Streams { history, soundness, reader, writer, tasks };
        let writing = async {
            match &streams.writer {
                Some(writer) => writer.wait_for_connect().await,
                None => Ok(()),
            }
        };
        // One that comes later costs what is said or asked until then.
        let _ = timeout(PATIENCE, join(streams.reader.wait_for_connect(), writing)).await;
        Ok(streams)
    }

    /// Whether what is written goes another way than what is published.
    pub(super) fn are_apart(&self) -> bool {
        self.writer.is_some()
    }

    /// Writes a message; `publisher` is the connection that publishes.
    pub(super) fn append(
        &self,
        publisher: &Client,
        append: Append,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let Append { key, record, is_settled } = append;
        let mut words: Vec<Value> = vec![
            key.into(),
            Value::from_static_str("MAXLEN"),
            Value::from_static_str("~"),
            i64::try_from(self.history.size).unwrap_or(i64::MAX).into(),
            Value::from_static_str("*"),
            Value::from_static_str(RECORD_FIELD),
            Value::Bytes(record),
        ];
        if is_settled {
            words.extend([SETTLED_FIELD, SETTLED].map(Value::from_static_str));
        }
        self.write(publisher, "XADD", words)
    }

    /// Tells a stream to live on for `lifetime`.
    pub(super) fn renew(
        &self,
        publisher: &Client,
        key: String,
        lifetime: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let millis = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        self.write(publisher, "PEXPIRE", vec![key.into(), millis.into()])
    }

    /// Writes down that something is lacking, by the clock of Redis.
    pub(super) fn lack(
        &self,
        publisher: &Client,
        key: String,
        lifetime: Duration,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let words = ["MAXLEN", "1", "*", RECORD_FIELD, ""].map(Value::from_static_str);
        let words = std::iter::once(key.clone().into()).chain(words).collect();
        let writing = self.write(publisher, "XADD", words);
        let renewing = self.renew(publisher, key, lifetime);
        async move {
            let (written, renewed) = join(writing, renewing).await;
            written.and(renewed)
        }
    }

    /// Reads a room's last messages and its lack.
    pub(super) fn read(
        &self,
        key: String,
        lack: String,
    ) -> impl Future<Output = Result<Found, Error>> + Send + use<> {
        let (client, size) = (self.reader.clone(), self.history.size);
        let soundness = self.soundness;
        async move {
            // One after the other on the wire, in one round trip. The lack behind the messages: it
            // stands for all that they were without.
            let messages = Box::pin(last(&client, key, size));
            let lack = Box::pin(last(&client, lack, 1));
            let sound_since = Box::pin(sound_since(&client, soundness));
            let (entries, lack, sound_since) = join3(messages, lack, sound_since).await;
            let sound_since = sound_since?;
            let lack = pairs(lack?).next().and_then(|(at, _)| StreamId::parse(at.as_bytes()?));
            let entries: Vec<_> = pairs(entries?).collect();
            let is_whole = entries.len() < size;
            let read = entries.len() as u64;
            let entries: Vec<StreamEntry> = entries.iter().rev().filter_map(entry).collect();
            let rubbish = read - entries.len() as u64;
            let lacking_at = lack.map(|at| at.unix_millis);
            Ok(Found { kept: Kept { entries, is_whole, sound_since, lacking_at }, rubbish })
        }
    }

    fn write(
        &self,
        publisher: &Client,
        command: &'static str,
        words: Vec<Value>,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let client = self.writer.as_ref().unwrap_or(publisher).clone();
        async move { client.custom(command_of(command), words).await }
    }
}

impl Drop for Streams {
    /// Without a word to Redis, as with a node.
    fn drop(&mut self) {
        self.tasks.iter().for_each(ConnectHandle::abort);
    }
}

fn command_of(name: &'static str) -> CustomCommand {
    CustomCommand::new_static(name, ClusterHash::FirstKey, false)
}

/// The last entries of a stream, the last first.
async fn last(client: &Client, key: String, count: usize) -> Result<Value, Error> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let [to, from, word] = ["+", "-", "COUNT"].map(Value::from_static_str);
    let words: Vec<Value> = vec![key.into(), to, from, word, count.into()];
    client.with_options(&reading()).custom(command_of("XREVRANGE"), words).await
}

/// Since when Redis has lost nothing, in milliseconds since 1970.
async fn sound_since(client: &Client, soundness: Soundness) -> Result<u64, Error> {
    match soundness {
        Soundness::Session(since) => Ok(since),
        Soundness::Unknown => Ok(u64::MAX),
        Soundness::Uptime(connected_at) => {
            let command = CustomCommand::new_static("INFO", None, false);
            let told: String =
                client.with_options(&reading()).custom(command, vec!["server"]).await?;
            let uptime = told.lines().find_map(|line| line.strip_prefix("uptime_in_seconds:"));
            let uptime = uptime.and_then(|seconds| seconds.trim().parse::<u64>().ok());
            let since = |seconds| stream_history::sound_since(unix_millis(), seconds, connected_at);
            Ok(uptime.map_or(u64::MAX, since))
        }
    }
}

/// How a command of a read is sent.
fn reading() -> Options {
    Options {
        timeout: Some(READ_TIMEOUT),
        fail_fast: true,
        max_attempts: Some(1),
        ..Options::default()
    }
}

fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    millis(since)
}

/// Places and fields.
fn pairs(answer: Value) -> impl Iterator<Item = (Value, Vec<Value>)> {
    let entries = if answer.is_array() { answer.into_array() } else { Vec::new() };
    entries.into_iter().filter_map(|entry| {
        let mut parts = entry.into_array().into_iter();
        Some((parts.next()?, parts.next().map(Value::into_array).unwrap_or_default()))
    })
}

fn entry((at, fields): &(Value, Vec<Value>)) -> Option<StreamEntry> {
    let fields = fields.iter().map(|field| field.as_bytes().unwrap_or_default());
    StreamEntry::parse(at.as_bytes()?, fields)
}

fn client(config: Config) -> Result<Client, Error> {
    let mut builder = Builder::from_config(Config { fail_fast: false, ..config });
    builder.set_performance_config(PerformanceConfig {
        default_command_timeout: CONNECT_TIMEOUT,
        ..PerformanceConfig::default()
    });
    builder.set_connection_config(ConnectionConfig {
        connection_timeout: CONNECT_TIMEOUT,
        internal_command_timeout: CONNECT_TIMEOUT,
        max_command_attempts: 1,
        tcp: TcpConfig { nodelay: Some(true), ..TcpConfig::default() },
        ..ConnectionConfig::default()
    });
    let wait = u32::try_from(RECONNECT_AFTER.as_millis()).unwrap_or(u32::MAX);
    builder.set_policy(ReconnectPolicy::new_constant(0, wait));
    builder.build()
}
