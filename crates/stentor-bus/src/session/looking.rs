//! Looking whether a session still has the right servers, and what follows from it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use fred::error::Error;
use fred::types::config::Server;
use tokio::time::{sleep, timeout};

use super::connection::Connection;
use super::topology::{Topology, discover};
use super::{Session, SessionEvent};
use crate::address::Kind;
use crate::mode::Mode;

/// How often it is looked whether these are the right servers.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_secs(3);

pub(super) type Look = Pin<Box<dyn Future<Output = Result<Found, Error>> + Send>>;

/// What looking for the right servers has found.
pub(super) struct Found {
    topology: Topology,
    /// A server that did not answer does.
    is_back: bool,
}

impl Session {
    pub(super) fn look_at_once(&mut self) {
        if !self.is_looking_at_once {
            self.look_after(Duration::ZERO);
            self.is_looking_at_once = self.look.is_some();
        }
    }

    pub(super) fn look_after(&mut self, wait: Duration) {
        if self.plan.address.kind() == Kind::One {
            return;
        }
        let (address, known) = (self.plan.address.clone(), self.used.clone());
        let away: Vec<Server> = self
            .nodes
            .iter()
            .zip(&self.topology.servers)
            .filter(|(node, _)| node.is_none())
            .map(|(_, server)| server.clone())
            .collect();
        self.look = Some(Box::pin(async move {
            sleep(wait).await;
            let topology = discover(&address, &known).await?;
            let mut is_back = false;
            for server in away.iter().filter(|server| topology.servers.contains(server)) {
                let login = address.login();
                let opened = timeout(LOOK_INTERVAL, Connection::open(server, &login)).await;
                is_back |= matches!(opened, Ok(Ok(_)));
            }
            Ok(Found { topology, is_back })
        }));
    }

    pub(super) fn poll_look(&mut self, cx: &mut Context<'_>) -> Poll<SessionEvent> {
        while let Some(look) = &mut self.look {
            let Poll::Ready(found) = look.as_mut().poll(cx) else { return Poll::Pending };
            self.is_looking_at_once = false;
            self.look_after(LOOK_INTERVAL);
            // Where nobody tells, the probes find out whether that matters.
            if let Some(event) = found.ok().and_then(|found| self.take_found(&found)) {
                return Poll::Ready(event);
            }
        }
        Poll::Pending
    }

    fn take_found(&mut self, found: &Found) -> Option<SessionEvent> {
        let is_sharded_cluster =
            self.plan.mode == Mode::Sharded && self.plan.address.kind() == Kind::Cluster;
        let is_right = if is_sharded_cluster {
            self.topology.has_servers_of(&found.topology) && !found.is_back
        } else {
            self.used.iter().all(|server| found.topology.servers.contains(server))
        };
        if !is_right {
            return Some(SessionEvent::Ended(
                "other servers have become the right ones".to_owned(),
            ));
        }
        let topology = found.topology.renumbered_as(&self.topology);
        if !is_sharded_cluster || topology == self.topology {
            return None;
        }
        self.topology = topology;
        self.follow_probes();
        Some(SessionEvent::Moved)
    }
}
