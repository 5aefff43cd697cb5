//! Which servers there are, and which of them a channel belongs to.
//!
//! One server is all there is to it; a master is named by its Sentinels; the masters of a cluster
//! and their slots by its nodes. Several are asked at once, and of their answers that of the
//! latest epoch counts: one that was cut off from the others tells of old times.

use std::cmp::Reverse;
use std::time::Duration;

use fred::error::{Error, ErrorKind};
use fred::types::config::Server;
use fred::util::redis_keyslot;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, timeout, timeout_at};

use super::connection::{Connection, Frame, list, number, text};
use crate::address::{Address, Kind, Login};

/// The slots of a cluster.
const SLOTS: usize = 16_384;

/// How many servers are asked at once.
const ASKED_MAX: usize = 16;

/// How long a server may take to tell.
const PATIENCE: Duration = Duration::from_millis(600);

/// How long the others are waited for after the first has told.
const PATIENCE_AFTER_FIRST: Duration = Duration::from_millis(150);

/// The servers that matter, by number, and what each of them serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Topology {
    pub(crate) servers: Vec<Server>,
    /// The number of the server of each slot.
    owners: Vec<Option<u16>>,
}

/// What one server tells, and how much that is worth.
struct View {
    rank: (bool, u64),
    topology: Topology,
}

impl Topology {
    /// A server that serves everything.
    pub(crate) fn one(server: Server) -> Topology {
        Topology { servers: vec![server], owners: vec![Some(0); SLOTS] }
    }

    /// The server of a channel; `None` where nobody serves its slot.
    pub(crate) fn server_of(&self, channel: &str) -> Option<usize> {
        let slot = usize::from(redis_keyslot(channel.as_bytes()));
        self.owners.get(slot).copied().flatten().map(usize::from)
    }

    /// A node said `MOVED slot host:port`; whether that names a server that is known.
    pub(crate) fn take_moved(&mut self, said: &str) -> Option<usize> {
        let mut words = said.strip_prefix("MOVED ")?.split(' ');
        let slot: usize = words.next()?.parse().ok()?;
        let (host, port) = words.next()?.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let mut known = self.servers.iter();
        let number = known.position(|server| server.port == port && &*server.host == host)?;
        *self.owners.get_mut(slot)? = u16::try_from(number).ok();
        Some(number)
    }

    /// A channel below `name` that belongs to a server.
    pub(crate) fn channel_at(&self, name: &str, server: usize) -> Option<String> {
        if self.server_of(name) == Some(server) {
            return Some(name.to_owned());
        }
        let is_served = self.owners.iter().any(|owner| owner.map(usize::from) == Some(server));
        // A server of a single slot is met once in 16,384 tries, by far.
        let mut names = (0..SLOTS * 64).map(|number| format!("{name}:{number}"));
        is_served.then(|| names.find(|name| self.server_of(name) == Some(server)))?
    }

    /// Whether both have the same servers, in any order.
    pub(crate) fn has_servers_of(&self, other: &Topology) -> bool {
        self.servers.len() == other.servers.len()
            && other.servers.iter().all(|server| self.servers.contains(server))
    }

    /// The same with the servers' numbers of another, which has all of them.
    pub(crate) fn renumbered_as(&self, other: &Topology) -> Topology {
        let number = |server: &Server| {
            let place = other.servers.iter().position(|known| known == server)?;
            u16::try_from(place).ok()
        };
        let numbers: Vec<Option<u16>> = self.servers.iter().map(number).collect();
        let renumber = |owner: &Option<u16>| numbers[usize::from((*owner)?)];
        Topology {
            servers: other.servers.clone(),
            owners: self.owners.iter().map(renumber).collect(),
        }
    }
}

/// Asks which servers there are; `known` are some of earlier, to be asked beside the address's.
///
/// # Errors
/// Nobody tells.
pub(crate) async fn discover(address: &Address, known: &[Server]) -> Result<Topology, Error> {
    let mut hosts = address.hosts();
    match address.kind() {
        Kind::One => Ok(Topology::one(hosts.swap_remove(0))),
        Kind::Sentinels { service } => {
            let login = address.sentinel_login();
            best(hosts.iter().map(|host| ask_sentinel(host, &login, &service))).await
        }
        Kind::Cluster => {
            let login = address.login();
            let new: Vec<Server> =
                known.iter().filter(|server| !hosts.contains(server)).cloned().collect();
            hosts.extend(new);
            best(hosts.iter().map(|host| ask_node(host, &login))).await
        }
    }
}

async fn best<F>(asked: impl Iterator<Item = F>) -> Result<Topology, Error>
where
    F: Future<Output = Result<View, Error>>,
{
    let mut answers: FuturesUnordered<_> =
        asked.take(ASKED_MAX).map(|ask| timeout(PATIENCE, ask)).collect();
    let (mut views, mut failure) = (Vec::new(), None);
    let mut end = Instant::now() + PATIENCE;
    while let Ok(Some(answer)) = timeout_at(end, answers.next()).await {
        match answer {
            Ok(Ok(view)) => {
                if views.is_empty() {
                    end = end.min(Instant::now() + PATIENCE_AFTER_FIRST);
                }
                views.push(view);
            }
            Ok(Err(error)) => failure = Some(error),
            Err(_) => {}
        }
    }
    views.sort_by_key(|view| Reverse(view.rank));
    let best = views.into_iter().next().map(|view| view.topology);
    best.ok_or_else(|| failure.unwrap_or_else(|| Error::new(ErrorKind::Timeout, "no answer")))
}

async fn ask_sentinel(host: &Server, login: &Login, service: &str) -> Result<View, Error> {
    let mut connection = Connection::open(host, login).await?;
    let state = connection.ask(&["SENTINEL", "MASTER", service]).await?;
    let field = |name| {
        let mut pairs = list(&state).chunks_exact(2);
        pairs.find(|pair| text(&pair[0]) == Some(name)).map(|pair| &pair[1])
    };
    let strange = || Error::new(ErrorKind::Sentinel, "a master without an address");
    let ip = field("ip").and_then(text).ok_or_else(strange)?;
    let port = field("port").and_then(number).and_then(|port| u16::try_from(port).ok());
    let epoch = field("config-epoch").and_then(number).unwrap_or_default();
    let server = Server::new(ip.to_owned(), port.ok_or_else(strange)?);
    Ok(View { rank: (true, epoch), topology: Topology::one(server) })
}

async fn ask_node(host: &Server, login: &Login) -> Result<View, Error> {
    let mut connection = Connection::open(host, login).await?;
    let info = connection.ask(&["CLUSTER", "INFO"]).await?;
    let slots = connection.ask(&["CLUSTER", "SLOTS"]).await?;
    let field = |name: &str| {
        let mut lines = text(&info).unwrap_or_default().lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    let epoch = field("cluster_current_epoch").and_then(|epoch| epoch.parse().ok());
    let is_whole = field("cluster_state") == Some("ok");
    let topology = parse_slots(&slots, host)
        .filter(|topology| !topology.servers.is_empty())
        .ok_or_else(|| Error::new(ErrorKind::Cluster, "a cluster without slots"))?;
    Ok(View { rank: (is_whole, epoch.unwrap_or_default()), topology })
}

/// An answer to `CLUSTER SLOTS`: first slot, last slot, master, replicas. A node that does not
/// know its own name is the one that was asked.
fn parse_slots(slots: &Frame, asked: &Server) -> Option<Topology> {
    let mut topology = Topology { servers: Vec::new(), owners: vec![None; SLOTS] };
    for range in list(slots) {
        let [first, last, master, ..] = list(range) else { return None };
        let host = list(master).first().and_then(text).filter(|host| !host.is_empty());
        let port = u16::try_from(number(list(master).get(1)?)?).ok()?;
        let server = Server::new(host.unwrap_or(&asked.host).to_owned(), port);
        let place = topology.servers.iter().position(|known| *known == server);
        let place = place.unwrap_or_else(|| {
            topology.servers.push(server);
            topology.servers.len() - 1
        });
        let (first, last) = (number(first)?, number(last)?);
        let range = usize::try_from(first).ok()?..=usize::try_from(last).ok()?;
        topology.owners.get_mut(range)?.fill(u16::try_from(place).ok());
    }
    Some(topology)
}

#[cfg(test)]
mod tests;
