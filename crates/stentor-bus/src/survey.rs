//! What the servers of an address say of themselves, to a person who asks before it matters.
//!
//! Asks and judges nothing; a pod that runs does not use it. Each server is asked over a connection
//! of its own that is closed again, within [`PATIENCE`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fred::error::Error;
use fred::types::config::Server as Place;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use crate::address::Address;
use crate::session::{Connection, Frame, discover, list, number, text};

/// How long one server may take for all of its answers, or the Sentinels or a cluster to name it.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Round trips of which the shortest counts: the longer ones had to wait for something.
const ROUND_TRIPS: usize = 5;

/// One server.
#[derive(Clone, Debug)]
pub struct Server {
    /// `host:port`.
    pub name: String,
    /// What it says; the text of what kept it from answering.
    pub answers: Result<Answers, String>,
}

/// What a server says. What it may not be asked by this user is the text of its refusal.
#[derive(Clone, Debug)]
pub struct Answers {
    /// `7.2.4`.
    pub version: Result<String, String>,
    /// The value of `client-output-buffer-limit` for `pubsub`.
    pub pubsub_limit: Result<OutputLimit, String>,
    /// `maxmemory` in bytes; 0 is none.
    pub memory_max: Result<u64, String>,
    /// `maxmemory-policy`.
    pub memory_policy: Result<String, String>,
    /// The shortest of some.
    pub round_trip: Duration,
    /// By how much at least its clock is ahead of this machine's, in microseconds: 0 where what it
    /// says lies between asking and hearing it.
    pub clock_ahead_micros: Result<i64, String>,
}

/// When Redis gives up a client that does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimit {
    /// Bytes at which it does so at once; 0 is never.
    pub hard_bytes: u64,
    /// Bytes at which it does so after `soft_seconds`; 0 is never.
    pub soft_bytes: u64,
    /// How long the soft limit may be passed.
    pub soft_seconds: u64,
}

/// Asks all servers that messages go through: one, the master that Sentinels name, or the masters of
/// a cluster.
///
/// # Errors
/// Sentinels or a cluster name none.
pub async fn survey(address: &Address) -> Result<Vec<Server>, String> {
    let found = timeout(PATIENCE, discover(address, &[])).await;
    let found = found.map_err(|_| no_answer())?.map_err(|error| said(&error))?;
    Ok(join_all(found.servers.iter().map(|server| look_at(server, address))).await)
}

async fn look_at(server: &Place, address: &Address) -> Server {
    let asking = async {
        let mut connection = Connection::open(server, &address.login()).await?;
        ask(&mut connection).await
    };
    let answers = match timeout(PATIENCE, asking).await {
        Ok(answers) => answers.map_err(|error| said(&error)),
        Err(_) => Err(no_answer()),
    };
    Server { name: format!("{}:{}", server.host, server.port), answers }
}

async fn ask(connection: &mut Connection) -> Result<Answers, Error> {
    let mut round_trip = PATIENCE;
    for _ in 0..ROUND_TRIPS {
        let asked = Instant::now();
        // A refusal travels as far as an answer.
        let _ = connection.ask(&["PING"]).await;
        round_trip = round_trip.min(asked.elapsed());
    }
    let version = ask_for(connection, &["INFO", "server"], version).await;
    let pubsub_limit = config(connection, "client-output-buffer-limit", pubsub_limit).await;
    let memory_max = config(connection, "maxmemory", |value| value.parse().ok()).await;
    let memory_policy =
        config(connection, "maxmemory-policy", |value| Some(value.to_owned())).await;
    let asked_at = micros_now();
    let time = ask_for(connection, &["TIME"], micros_of_time).await;
    let heard_at = micros_now().max(asked_at);
    let clock_ahead_micros = time.map(|time| time - time.clamp(asked_at, heard_at));
    Ok(Answers { version, pubsub_limit, memory_max, memory_policy, round_trip, clock_ahead_micros })
}

async fn ask_for<T>(
    connection: &mut Connection,
    words: &[&str],
    read: impl FnOnce(&Frame) -> Option<T>,
) -> Result<T, String> {
    let answer = connection.ask(words).await.map_err(|error| said(&error))?;
    read(&answer).ok_or_else(|| format!("{} is answered in a way that is not known", words[0]))
}

async fn config<T>(
    connection: &mut Connection,
    name: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, String> {
    ask_for(connection, &["CONFIG", "GET", name], |frame| read(text(list(frame).get(1)?)?)).await
}

fn version(info: &Frame) -> Option<String> {
    let version = text(info)?.lines().find_map(|line| line.strip_prefix("redis_version:"))?;
    Some(version.trim().to_owned())
}

/// `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60`.
fn pubsub_limit(value: &str) -> Option<OutputLimit> {
    let mut words = value.split(' ').skip_while(|word| *word != "pubsub").skip(1);
    let mut next = || words.next()?.parse().ok();
    Some(OutputLimit { hard_bytes: next()?, soft_bytes: next()?, soft_seconds: next()? })
}

/// Seconds, and microseconds of the second.
fn micros_of_time(time: &Frame) -> Option<i64> {
    let [seconds, micros] = list(time) else { return None };
    i64::try_from(number(seconds)? * 1_000_000 + number(micros)?).ok()
}

fn micros_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn no_answer() -> String {
    format!("no answer within {PATIENCE:?}")
}

fn said(error: &Error) -> String {
    error.details().to_owned()
}
