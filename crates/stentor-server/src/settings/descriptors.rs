//! How many sockets this process may hold.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is kept of the descriptors for everything but WebSocket connections: HTTP connections,
/// handshakes under way, listeners, pollers, logs.
pub(crate) const DESCRIPTOR_RESERVE: u64 = 1_024;

/// More handshakes at once than a storm of well-behaved clients needs.
const HANDSHAKES_DEFAULT_MAX: u64 = 8_192;

/// What counts as the limit where the system names none.
const UNLIMITED: u64 = 1_048_576;

/// How many connections the hard descriptor limit leaves room for; at least 1.
///
/// The reserve is 1,024 descriptors, or a quarter where there are few.
pub(super) fn connections_allowed() -> u64 {
    connections_within(getrlimit(Resource::Nofile).maximum.unwrap_or(UNLIMITED))
}

/// The same for any limit; at least 1.
pub(crate) fn connections_within(limit: u64) -> u64 {
    (limit - DESCRIPTOR_RESERVE.min(limit / 4)).max(1)
}

/// How many handshakes may be under way unless set otherwise: a quarter of the descriptors, at most
/// 8,192. They share them with the connections that they become.
pub(super) fn handshakes_allowed() -> u64 {
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(UNLIMITED);
    (limit / 4).clamp(1, HANDSHAKES_DEFAULT_MAX)
}

/// Raises the soft descriptor limit to the hard one.
///
/// # Errors
/// The system's, where it does not allow that.
pub fn raise_descriptor_limit() -> std::io::Result<()> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return Ok(());
    }
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?;
    Ok(())
}
