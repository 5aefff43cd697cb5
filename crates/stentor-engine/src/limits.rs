//! The limits that may change while an engine runs.

use crate::config::EngineConfig;

/// What [`crate::Engine::change_limits`] changes; each is described at [`EngineConfig`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once; one more is refused, and those who are in stay.
    pub connections_max: usize,
    /// Handshakes under way at once.
    pub handshakes_max: usize,
    /// Connections that come in a second; 0 = no limit.
    pub accept_rate: u32,
    /// Connections of one address block at once; 0 = no limit. Those that came while there was no
    /// limit are not counted.
    pub connections_per_address_max: usize,
    /// Messages a second of each connection; 0 = no limit.
    pub rate_limit: u32,
    /// Messages a second of all connections of one user; 0 = no limit. Connections that came before
    /// there ever was one are not counted.
    pub rate_limit_user: u32,
}

impl Limits {
    /// Those that an engine starts with.
    pub fn of(config: &EngineConfig) -> Limits {
        Limits {
            connections_max: config.connections_max,
            handshakes_max: config.handshakes_max,
            accept_rate: config.accept_rate,
            connections_per_address_max: config.connections_per_address_max,
            rate_limit: config.rate_limit,
            rate_limit_user: config.rate_limit_user,
        }
    }
}
