//! One HTTP request to a running pod, and what it answers.
//!
//! A connection a request: nobody who types commands notices, and nothing has to be kept alive.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stentor_client::{Address, ConnectError, Stream, Trust};
use tokio::time::timeout;

use super::failure::Failure;
use super::pod::{Pod, authority, hint};
use super::printable::printable;
use crate::exchange::exchange;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A pod and what lets one in there.
pub(super) struct Asker<'a> {
    pub(super) pod: &'a Pod,
    pub(super) key: Option<&'a str>,
}

/// How a pod says that it will not: `{"error":{"code":…,"message":…}}`.
#[derive(Deserialize)]
struct Refusal {
    error: Problem,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    message: String,
}

impl Asker<'_> {
    /// What stands at a path below the base path, read as a `T`.
    ///
    /// # Errors
    /// Nobody answers there, or not as Stentor does, or it refuses.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let body = self.exchange(&self.pod.base, Method::GET, path, Bytes::new()).await?;
        self.read(&body)
    }

    /// The text at a path before the base path.
    ///
    /// # Errors
    /// As [`Asker::get`].
    pub(super) async fn get_text(&self, path: &str) -> Result<String, Failure> {
        let body = self.exchange(&self.pod.root, Method::GET, path, Bytes::new()).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Posts a body below the base path; what is answered, as a `T`.
    ///
    /// # Errors
    /// As [`Asker::get`].
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: String,
    ) -> Result<T, Failure> {
        let body = self.exchange(&self.pod.base, Method::POST, path, body.into()).await?;
        self.read(&body)
    }

    async fn exchange(
        &self,
        address: &Address,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Bytes, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", address.base_path()))
            .header(HOST, authority(address));
        let request = match self.key {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        };
        let request = request.body(body).map_err(Failure::failed)?;
        let answered = timeout(PATIENCE, send(address, &self.pod.trust, request)).await;
        let answer = answered
            .map_err(|_| self.failed(&format!("does not answer within {PATIENCE:?}")))?
            .map_err(|fault| self.failed(&fault))?;
        let (status, body) = (answer.status(), answer.into_body());
        if status.is_success() { Ok(body) } else { Err(self.refused(status, &body)) }
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(body).map_err(|_| self.failed("answers, but not as Stentor does"))
    }

    fn refused(&self, status: StatusCode, body: &[u8]) -> Failure {
        let Ok(Refusal { error }) = serde_json::from_slice::<Refusal>(body) else {
            let fault = format!("answers with {}, not as Stentor does", status.as_u16());
            return self.failed(&fault);
        };
        let hint = match (status, self.key) {
            (StatusCode::UNAUTHORIZED, None) => " (--api-key or API_KEY)",
            (StatusCode::NOT_FOUND, _) => " (is --base-path right?)",
            _ => "",
        };
        let Problem { code, message } = error;
        let (code, message) = (printable(&code), printable(&message));
        self.failed(&format!("refuses with {} {code}: {message}{hint}", status.as_u16()))
    }

    fn failed(&self, fault: &str) -> Failure {
        Failure::failed(format_args!("{} {fault}", self.pod))
    }
}

/// What is answered; else what went wrong, to be said behind the pod's name.
async fn send(
    address: &Address,
    trust: &Trust,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, String> {
    let stream = Stream::connect(address, trust).await.map_err(|error| match error {
        ConnectError::Unreachable(kind) => format!("cannot be reached: {kind}"),
        ConnectError::Tls(fault) => {
            format!("is not talked to: {}{}", printable(&fault.to_string()), hint(&fault))
        }
        error => format!("cannot be reached: {error}"),
    })?;
    exchange(stream, request, ANSWER_BYTES_MAX).await.map_err(|error| error.to_string())
}
