//! TLS between a socket and what is said on it.
//!
//! A session is a connection's keys and nothing more: what it works with, the [`Workspace`], is one a
//! shard, so that a connection that says nothing costs no buffer. Only the half of a record that
//! has come, and what a full socket did not take, is a session's own.
//!
//! The bad case first: a record that was encrypted cannot be taken back. Where a socket takes a part
//! only of the record that ends what was offered, the last byte is reported as not taken, and whoever
//! writes offers it again as the beginning of what it offers next, as for any full socket. So all
//! that was offered counts as written only when the socket has all of it. That byte is the end of a
//! frame, whose beginning has gone out: no ring drops it. A record within what was offered may end
//! anywhere, and counts as taken whole.
//!
//! Knows no socket, no certificate and no HTTP.

mod session;
mod workspace;

pub use session::{Received, Session};
pub use workspace::Workspace;

#[cfg(test)]
mod tests;
