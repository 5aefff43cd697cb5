//! HTTP for whatever is no WebSocket upgrade: ordinary hyper on one thread.
//!
//! Sockets come from the [door](crate::door) with the bytes that it read. A route family is one
//! file; `routes` is the table that the router and the OpenAPI description are both made from,
//! `schemas` the shapes that both descriptions share. Nothing here is on the way of a delivery.

mod access;
mod answer;
mod app;
mod asyncapi;
mod body;
mod codes;
mod connection;
mod docs;
mod exposition;
mod metrics;
mod occupancy;
mod openapi;
mod pages;
mod publish;
mod query;
mod respond;
mod routes;
mod schemas;
mod socket;
mod standouts;
mod stats;
mod transport;

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, LocalSet};

pub use app::App;
use connection::Connection;

use crate::diverted::Diverted;
use crate::problem::Problem;

/// HTTP connections at once; one more is answered 503.
pub const CONNECTIONS_MAX: usize = 512;

/// How long requests under way may take once the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves diverted sockets until `stop` completes, then lets requests under way end, for at most
/// two seconds.
///
/// # Cancel safety
/// Dropping the future drops every HTTP connection.
pub async fn run(
    app: Rc<App>,
    mut diverted: mpsc::Receiver<Diverted>,
    stop: impl Future<Output = ()>,
) {
    let local = LocalSet::new();
    local
        .run_until(async move {
            let (stopping, stopped) = watch::channel(false);
            let mut connections = JoinSet::new();
            let mut stop = std::pin::pin!(stop);
            loop {
                tokio::select! {
                    biased;
                    () = &mut stop => break,
                    Some(ended) = connections.join_next() => report(ended),
                    socket = diverted.recv() => match socket {
                        Some(socket) if connections.len() < CONNECTIONS_MAX => {
                            let connection = Connection::new(Rc::clone(&app), stopped.clone());
                            connections.spawn_local(connection.serve(socket));
                        }
                        Some(socket) => socket.refuse(&Problem::too_many_requests()),
                        None => break,
                    },
                }
            }
            stopping.send_replace(true);
            // Who comes from here on is told so by the door; these have come.
            diverted.close();
            while let Ok(socket) = diverted.try_recv() {
                socket.refuse(&Problem::stopping());
            }
            let all_ended = async {
                while let Some(ended) = connections.join_next().await {
                    report(ended);
                }
            };
            if tokio::time::timeout(STOP_TIMEOUT, all_ended).await.is_err() {
                tracing::warn!("some HTTP requests did not end in time");
            }
        })
        .await;
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "an HTTP connection ended with a fault of the server");
    }
}
