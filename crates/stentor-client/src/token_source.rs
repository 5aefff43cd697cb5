//! Where a client gets its tokens from, one after the other.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::options::Token;

/// Why a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyToken {
    /// To connect.
    Connect,
    /// The one that the connection came with ends soon.
    Expiring,
    /// The server did not take the last one; another may help.
    Refused,
}

/// The future of a token; `None` where there is none to be had.
pub(crate) type Asking = Pin<Box<dyn Future<Output = Option<Token>> + Send>>;

/// A program's own way to a token: an async function that a client calls before it connects, and
/// when a token ends.
#[derive(Clone)]
pub struct TokenSource(Arc<dyn Fn(WhyToken) -> Asking + Send + Sync>);

impl TokenSource {
    /// Asks this function; what it returns is shown. `None`: the client goes on without a new one.
    pub fn new<F, Asked>(ask: F) -> TokenSource
    where
        F: Fn(WhyToken) -> Asked + Send + Sync + 'static,
        Asked: Future<Output = Option<Token>> + Send + 'static,
    {
        TokenSource(Arc::new(move |why| Box::pin(ask(why))))
    }

    pub(crate) fn ask(&self, why: WhyToken) -> Asking {
        (self.0)(why)
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource(…)")
    }
}
