//! One HTTP connection, from the door to its end or to the engine.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use stentor_engine::{Admission, AttachError, NotAttached};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;

use super::socket::{Handover, HttpSocket, TakenBack};
use super::transport::Transport;
use super::{App, respond};
use crate::diverted::Diverted;
use crate::door::HEAD_BYTES_MAX;
use crate::problem::{Kind, Problem};

/// How long a closed connection is read from, so that the peer gets the last answer.
const LINGER: Duration = Duration::from_secs(2);

/// How much is read from a closed connection at most, in bytes.
const LINGER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What serves one socket.
#[derive(Debug)]
pub(super) struct Connection {
    app: Rc<App>,
    stopping: watch::Receiver<bool>,
}

impl Connection {
    /// `stopping` turns true when no further request is to be taken.
    pub(super) fn new(app: Rc<App>, stopping: watch::Receiver<bool>) -> Connection {
        Connection { app, stopping }
    }

    /// Answers requests until either side has had enough or one is an upgrade.
    pub(super) async fn serve(mut self, diverted: Diverted) {
        let Ok(transport) = Transport::new(diverted.stream, &self.app.workbench) else { return };
        let handover = Rc::new(Handover::default());
        let (peer, patience) = (diverted.peer.ip(), self.app.patience);
        let socket =
            HttpSocket::new(diverted.received, transport, patience.write, Rc::clone(&handover));
        let io = TokioIo::new(socket);
        let service = service_fn(|request| {
            let (app, handover) = (Rc::clone(&self.app), Rc::clone(&handover));
            Box::pin(async move {
                Ok::<_, Infallible>(respond::respond(&app, request, peer, &handover).await)
            })
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(io, service);
        let outcome = tokio::select! {
            biased;
            outcome = poll_fn(|cx| connection.poll_without_shutdown(cx)) => outcome,
            _ = self.stopping.wait_for(|stopping| *stopping) => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                poll_fn(|cx| connection.poll_without_shutdown(cx)).await
            }
        };
        let admission = handover.take().filter(|_| outcome.is_ok());
        if admission.is_none() {
            // Without a shutdown hyper may leave the end of its last answer in its buffer. What
            // goes wrong from here on is of no use to anybody.
            let _ = (&mut connection).await;
        }
        let parts = connection.into_parts();
        let taken = parts.io.into_inner().take_back();
        match admission {
            Some(admission) => self.hand_over(taken, &parts.read_buf, *admission).await,
            None => close(taken.transport, &mut self.stopping).await,
        }
    }

    /// Gives the socket to the engine, with the answer that hyper wrote and what came behind the
    /// request. Where the engine does not take it, it is told so and closed.
    async fn hand_over(&mut self, taken: TakenBack, behind_request: &[u8], admission: Admission) {
        let Ok((stream, unread)) = taken.transport.into_stream() else { return };
        let received = [behind_request, &taken.unread, &unread].concat();
        let admission = Admission { response: taken.held_back, consumed: 0, ..admission };
        let Err(refused) = self.app.engine.attach(stream, received, admission) else { return };
        tracing::debug!(%refused, "the engine did not take an upgraded HTTP connection");
        let NotAttached { why, stream: Some(stream) } = refused else { return };
        let Ok(mut transport) = Transport::new(stream, &self.app.workbench) else { return };
        let problem = problem_of(why);
        self.app.upgrades.refusals().count(problem.kind);
        let answer = problem.bytes();
        let written = tokio::time::timeout(LINGER, transport.write_all(&answer)).await;
        if matches!(written, Ok(Ok(()))) {
            close(transport, &mut self.stopping).await;
        }
    }
}

fn problem_of(refused: AttachError) -> Problem {
    let (kind, backlog) = match refused {
        AttachError::Full => (Kind::AtCapacity, Duration::ZERO),
        AttachError::AddressFull => (Kind::TooManyConnections, Duration::ZERO),
        AttachError::Draining => (Kind::Draining, Duration::ZERO),
        AttachError::Overloaded => (Kind::Overloaded, Duration::ZERO),
        AttachError::Crowded { backlog } => (Kind::Overloaded, backlog),
    };
    Problem { backlog, ..Problem::new(kind, refused.to_string()) }
}

/// Says goodbye and reads on until the peer does too, because unread bytes would make the system
/// reset the connection and take our last answer from the peer. A server that stops does not wait.
async fn close(mut transport: Transport, stopping: &mut watch::Receiver<bool>) {
    if transport.shutdown().await.is_err() {
        return;
    }
    let mut scratch = [0; 4096];
    let mut budget = LINGER_BYTES_MAX;
    let until_peer_closes = async {
        while let Ok(bytes @ 1..) = transport.read(&mut scratch).await {
            budget = budget.saturating_sub(bytes);
            if budget == 0 {
                break;
            }
        }
    };
    tokio::select! {
        _ = tokio::time::timeout(LINGER, until_peer_closes) => {}
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
}
