//! How a session is made: which servers are used, and which of them answer.

use std::time::Duration;

use fred::error::{Error, ErrorKind};
use fred::types::config::Server;
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout;

use super::connection::Connection;
use super::node::Node;
use super::topology::{Topology, discover};
use super::{Plan, Session};
use crate::address::Kind;
use crate::link::CONNECT_TIMEOUT;
use crate::mode::Mode;

/// How long a node of a cluster may take, so that a frozen one does not keep the others away.
const NODE_PATIENCE: Duration = Duration::from_millis(600);

/// How many nodes of a cluster are tried at once for the two that classic mode needs.
const TRIED_MAX: usize = 6;

impl Session {
    /// Finds the servers, connects to them, and subscribes to the channels of the probes.
    ///
    /// # Errors
    /// Whatever keeps Redis from being used: no connection, a wrong password, a forbidden channel.
    /// A node of a cluster that does not answer is left out while another does.
    ///
    /// # Cancel safety
    /// Where it is dropped, all connections are.
    pub(crate) async fn connect(plan: Plan) -> Result<Session, Error> {
        let found = discover(&plan.address, &plan.known).await?;
        match (plan.address.kind(), plan.mode) {
            (Kind::Cluster, Mode::Classic) => connect_to_two(plan, found).await,
            _ => connect_to_all(plan, found).await,
        }
    }
}

/// Each server passes on what is published at it, and is listened to.
async fn connect_to_all(plan: Plan, found: Topology) -> Result<Session, Error> {
    let patience =
        if plan.address.kind() == Kind::Cluster { NODE_PATIENCE } else { CONNECT_TIMEOUT };
    let connecting = found.servers.iter().enumerate().map(|(number, server)| {
        let (plan, found) = (&plan, &found);
        async move {
            let probe = found.channel_at(&plan.probe, number);
            let probe = probe.ok_or_else(|| failure("a node that serves nothing"))?;
            let connecting = async {
                let listening = Connection::open(server, &plan.address.login()).await?;
                Node::connect(&plan.address, plan.mode, listening, server, probe).await
            };
            timeout(patience, connecting).await.unwrap_or_else(|_| Err(failure("no answer")))
        }
    });
    let (mut nodes, mut reason) = (Vec::new(), None);
    for connected in join_all(connecting).await {
        match connected {
            Ok(node) => nodes.push(Some(node)),
            Err(error) => {
                nodes.push(None);
                reason = Some(error);
            }
        }
    }
    match reason {
        Some(error) if nodes.iter().all(Option::is_none) => Err(error),
        _ => {
            let used = found.servers.clone();
            Session::new(plan, found, used, nodes).await
        }
    }
}

/// Every node passes everything on to every other. It is published at one and listened to at
/// another, so that a node that was cut off from the others is found deaf.
async fn connect_to_two(plan: Plan, found: Topology) -> Result<Session, Error> {
    let mut servers = found.servers.clone();
    fastrand::Rng::with_seed(plan.random).shuffle(&mut servers);
    servers.truncate(TRIED_MAX);
    let login = plan.address.login();
    let mut answers: FuturesUnordered<_> = servers
        .into_iter()
        .map(|server| async {
            let opened = timeout(NODE_PATIENCE, Connection::open(&server, &login)).await;
            opened.unwrap_or_else(|_| Err(failure("no answer"))).map(|opened| (server, opened))
        })
        .collect();
    let (mut opened, mut reason) = (Vec::new(), failure("no node answers"));
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => opened.push(answer),
            Err(error) => reason = error,
        }
        if opened.len() == 2 {
            break;
        }
    }
    drop(answers);
    let used: Vec<Server> = opened.iter().map(|(server, _)| server.clone()).collect();
    let Some((_, listening)) = opened.into_iter().next() else { return Err(reason) };
    let server = used.last().expect("one at least was opened");
    let node =
        Node::connect(&plan.address, plan.mode, listening, server, plan.probe.clone()).await?;
    let topology = Topology::one(server.clone());
    Session::new(plan, topology, used, vec![Some(node)]).await
}

fn failure(text: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, text)
}
