//! The policy: who may come in and speak, as the settings say now.
//!
//! One value, replaced whole when settings are read again, so that no request is judged by half of
//! the old and half of the new.

use std::net::IpAddr;

use hyper::header::HeaderMap;
use stentor_engine::AddressBlock;

use crate::client_address::TrustedProxies;
use crate::identity::Guard;
use crate::origins::Origins;
use crate::settings::{Secret, Settings};

/// What requests are held against.
#[derive(Debug)]
pub struct Policy {
    /// Which web pages may use the server.
    pub allowed_origins: Origins,
    /// What guards the publishing and reading routes, where it is set.
    pub api_key: Option<Secret>,
    /// Who judges tokens.
    pub guard: Guard,
    trusted_proxies: TrustedProxies,
    /// Whether connections or refusals of an address are counted.
    counts_addresses: bool,
}

impl Policy {
    /// The policy of these settings, with this judge of tokens.
    pub fn new(settings: &Settings, guard: Guard) -> Policy {
        let gates = &settings.gates;
        Policy {
            allowed_origins: settings.allowed_origins.clone(),
            api_key: settings.api_key.clone(),
            guard,
            trusted_proxies: gates.trusted_proxies.clone(),
            counts_addresses: gates.connections_per_ip_max > 0 || gates.attempts_per_ip_max > 0,
        }
    }

    /// Where the client is, as far as anything is counted by that.
    pub(crate) fn address(&self, headers: &HeaderMap, peer: IpAddr) -> Option<AddressBlock> {
        self.counts_addresses
            .then(|| AddressBlock::of(self.trusted_proxies.client_address(peer, headers)))
    }
}
