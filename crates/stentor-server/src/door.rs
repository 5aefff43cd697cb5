//! The door of the engine: HTTP at the first bytes of a socket.
//!
//! A WebSocket upgrade is answered here, on the shard's own thread: when the head is whole, hyper
//! reads it from memory and is polled once, so that a client that never finishes its head holds
//! no more than those bytes. So are the probes of an orchestrator. Everything else goes to
//! [`crate::http`] together with its socket.

mod memory;
mod query;
#[cfg(test)]
mod tests;
mod upgrade;

use std::borrow::Cow;
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use stentor_engine::{Admission, Answer, Door, Identity, Knock, Stream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

pub(crate) use upgrade::no_upgrade;
pub use upgrade::{Judgement, Upgrades};

use crate::diverted::Diverted;
use crate::health::Health;
use crate::problem::{Kind, Problem};
use crate::request_head;
use memory::MemoryIo;

/// The largest request head, in bytes; a larger one is answered 431.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The longest a socket's answer usually is; a first guess, not a bound.
const RESPONSE_BYTES_USUAL: usize = 256;

/// HTTP at the door of the engine.
#[derive(Debug)]
pub struct HttpDoor {
    upgrades: Arc<Upgrades>,
    health: Arc<Health>,
    diverted: mpsc::Sender<Diverted>,
    http: http1::Builder,
}

impl HttpDoor {
    /// A door that answers upgrades as `upgrades` judges and probes from `health`, and sends the
    /// rest to `diverted`. Where that queue is full, sockets are answered 503.
    pub fn new(
        upgrades: Arc<Upgrades>,
        health: Arc<Health>,
        diverted: mpsc::Sender<Diverted>,
    ) -> HttpDoor {
        let mut http = http1::Builder::new();
        http.max_buf_size(HEAD_BYTES_MAX).auto_date_header(false).header_read_timeout(None);
        HttpDoor { upgrades, health, diverted, http }
    }

    /// Judges a whole head; what follows it is not looked at.
    fn judge(&self, head: &[u8], knock: &Knock<'_>) -> Answer {
        let verdict = Cell::new(None);
        let service =
            service_fn(|mut request: Request<Incoming>| -> Ready<Result<_, Infallible>> {
                if let Err(problem) = request_head::check(request.version(), request.headers()) {
                    verdict.set(Some(self.refuse(&problem)));
                    return ready(Ok(Response::default()));
                }
                let judgement = self.upgrades.judge(&mut request, knock.gate, knock.peer.ip());
                let response = match judgement {
                    Judgement::Elsewhere => {
                        let probed = self.health.probed(&request, knock.gate);
                        verdict.set(Some(probed.map_or(Answer::Divert, Answer::Respond)));
                        Response::default()
                    }
                    Judgement::Refuse(problem) => {
                        verdict.set(Some(Answer::Refuse(problem.bytes())));
                        Response::default()
                    }
                    Judgement::Admit { admission, response } => {
                        verdict.set(Some(Answer::Admit(admission)));
                        response.map(|_| Full::<Bytes>::default())
                    }
                };
                ready(Ok(response))
            });
        let mut io = MemoryIo::new(head, Vec::with_capacity(RESPONSE_BYTES_USUAL));
        let mut connection = self.http.serve_connection(&mut io, service);
        let outcome = connection.poll_without_shutdown(&mut Context::from_waker(Waker::noop()));
        drop(connection);
        match verdict.into_inner() {
            Some(Answer::Admit(admission)) => Answer::Admit(Box::new(Admission {
                response: io.into_written(),
                consumed: head.len(),
                ..*admission
            })),
            Some(answer) => answer,
            None => self.refuse(&unreadable(&outcome)),
        }
    }

    /// Refuses what is no request, so that nobody has judged it.
    fn refuse(&self, problem: &Problem) -> Answer {
        self.upgrades.refusals().count(problem.kind);
        Answer::Refuse(problem.bytes())
    }
}

impl Door for HttpDoor {
    fn knock(&self, knock: &Knock<'_>) -> Answer {
        // What lies beyond is not looked at: else the answer would depend on how the bytes came.
        let seen = &knock.received[..knock.received.len().min(HEAD_BYTES_MAX)];
        let end = memchr::memmem::find(seen, b"\r\n\r\n").map(|end| end + 4);
        let head = &seen[..end.unwrap_or(seen.len())];
        if has_bare_line_feed(head) {
            let message = "the lines of a request's head end with CR LF";
            return self.refuse(&Problem::new(Kind::BadRequest, message));
        }
        match end {
            Some(_) => self.judge(head, knock),
            None if head.len() < HEAD_BYTES_MAX => Answer::Wait,
            None => self.refuse(&head_too_large()),
        }
    }

    fn recognise(&self, data: &[u8]) -> Result<Identity, Cow<'static, str>> {
        self.upgrades.policy().guard.recognise(data)
    }

    fn crowded(&self) -> Vec<u8> {
        Problem::new(Kind::Overloaded, "too many are at the door").bytes()
    }

    fn plain(&self) -> Vec<u8> {
        Problem::new(Kind::BadRequest, "this port speaks TLS: https:// and wss://").bytes()
    }

    fn divert(&self, stream: Stream, peer: SocketAddr, received: Vec<u8>) {
        match self.diverted.try_send(Diverted { stream, peer, received }) {
            Ok(()) => {}
            Err(TrySendError::Full(refused)) => refused.refuse(&Problem::too_many_requests()),
            Err(TrySendError::Closed(refused)) => refused.refuse(&Problem::stopping()),
        }
    }
}

/// A bare LF as a line's end, which RFC 9112 section 2.2 lets a server take or not. Not taken,
/// because a head that ends with two of them would be waited for in silence.
fn has_bare_line_feed(head: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', head).any(|at| at == 0 || head[at - 1] != b'\r')
}

/// What to say where hyper found no request in a whole head.
fn unreadable(outcome: &std::task::Poll<hyper::Result<()>>) -> Problem {
    match outcome {
        std::task::Poll::Ready(Err(error)) if error.is_parse_too_large() => head_too_large(),
        _ => Problem::new(Kind::BadRequest, "what arrived is no HTTP/1.1 request"),
    }
}

fn head_too_large() -> Problem {
    Problem::new(Kind::HeadTooLarge, "the request's head is larger than 16 KiB or 100 headers")
}
