//! An upgrade that the server refused, in its own words.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// The largest body of a refusal that is read, in bytes; of a larger one the code is not known.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024;

/// A response that is not 101: `{"error":{"code":…,"message":…}}` where Stentor itself answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    status: u16,
    code: Option<String>,
    message: Option<String>,
    retry_after: Option<Duration>,
}

#[derive(Deserialize)]
struct Body {
    error: Problem,
}

#[derive(Deserialize)]
struct Problem {
    code: String,
    message: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: u16, retry_after_seconds: Option<u32>) -> Refusal {
        let retry_after = retry_after_seconds.map(|seconds| Duration::from_secs(seconds.into()));
        Refusal { status, code: None, message: None, retry_after }
    }

    /// Takes what the body says, if it is one of Stentor's; another server's is left alone.
    pub(crate) fn read_body(&mut self, body: &[u8]) {
        if let Ok(Body { error }) = serde_json::from_slice(body) {
            self.code = Some(error.code);
            self.message = error.message;
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The word in `error.code`.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The sentence in `error.message`.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// After how long to come back, where the server says so in seconds; a date is left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the same request may be answered otherwise later: the server is full, is leaving or
    /// is not there behind its proxy.
    pub fn is_retryable(&self) -> bool {
        matches!(self.status, 408 | 425 | 429 | 500 | 502..=504)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl Error for Refusal {}
