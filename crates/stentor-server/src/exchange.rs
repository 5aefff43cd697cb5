//! One HTTP request to somebody else, on a connection of its own, and the answer.
//!
//! Knows neither who asks nor what; how long it may take is the caller's.

use std::fmt;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use stentor_client::Stream;

/// Why there is no answer; to be said behind the name of who was asked.
#[derive(Debug)]
pub(crate) enum ExchangeError {
    /// What comes is no HTTP, or nothing does.
    NoHttp(hyper::Error),
    /// The answer began, and ended too early or was too large.
    BrokenOff(Box<dyn std::error::Error + Send + Sync>),
}

/// Sends a request, and reads the whole answer: its body at most so many bytes. Says `Connection:
/// close` where the caller has not said otherwise.
///
/// # Errors
/// No HTTP is spoken there, or the answer is not whole within the bound.
pub(crate) async fn exchange(
    stream: Stream,
    mut request: Request<Bytes>,
    answer_bytes_max: usize,
) -> Result<Response<Bytes>, ExchangeError> {
    let close = HeaderValue::from_static("close");
    request.headers_mut().entry(CONNECTION).or_insert(close);
    let io = TokioIo::new(stream);
    let (mut sender, connection) = http1::handshake(io).await.map_err(ExchangeError::NoHttp)?;
    let answering = async move {
        let response = sender.send_request(request.map(Full::new)).await;
        let (head, body) = response.map_err(ExchangeError::NoHttp)?.into_parts();
        let body = Limited::new(body, answer_bytes_max).collect().await;
        let body = body.map_err(ExchangeError::BrokenOff)?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    let mut answering = std::pin::pin!(answering);
    tokio::select! {
        biased;
        answer = &mut answering => answer,
        // The exchange knows best what went wrong.
        _ = connection => answering.await,
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::NoHttp(error) => write!(f, "does not answer in HTTP: {error}"),
            ExchangeError::BrokenOff(error) => write!(f, "breaks off its answer: {error}"),
        }
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExchangeError::NoHttp(error) => Some(error),
            ExchangeError::BrokenOff(error) => Some(&**error),
        }
    }
}
