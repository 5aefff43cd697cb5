//! The settings of the gates: how many may come in at once, how fast, and from where.

use std::time::Duration;

use super::read::Reader;
use super::{Arguments, descriptors, values};
use crate::client_address::TrustedProxies;

/// The most handshakes at once that any pod takes; each may hold a head of 16 KiB.
const HANDSHAKES_MAX: u64 = 65_536;

/// The highest of the other numbers; who wants more wants no limit, which is 0.
const NUMBER_MAX: u64 = 1_000_000;

/// What may come in.
#[derive(Clone, Debug)]
pub struct GateSettings {
    /// Handshakes under way at once; an eighth of them is kept for clients that resume.
    pub handshakes_max: usize,
    /// Connections let in a second, in bursts of a second's worth; 0 = no limit.
    pub accept_rate: u32,
    /// Connections of one IPv4 address or IPv6 /64 at once; 0 = no limit.
    pub connections_per_ip_max: usize,
    /// Refused upgrades of one address a minute, past which it is answered 429; 0 = no limit.
    pub attempts_per_ip_max: u32,
    /// The proxies that may say whom they speak for.
    pub trusted_proxies: TrustedProxies,
}

/// How long peers may take. None of these is a setting: they are what the contract names.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From a socket's first byte to the end of its head, and between two requests.
    pub head: Duration,
    /// From the end of a head to the end of its body.
    pub body: Duration,
    /// Without reading anything of an answer.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let ten_seconds = Duration::from_secs(10);
        Patience { head: ten_seconds, body: ten_seconds, write: ten_seconds }
    }
}

/// What the settings say of the gates, and what has no effect or too much of it.
pub(super) struct Judged {
    pub(super) gates: GateSettings,
    pub(super) warning: Option<String>,
}

/// Each setting on its own, then against the others; `None` where the reader has a fault of them.
pub(super) fn judge(arguments: &Arguments, reader: &mut Reader) -> Option<Judged> {
    let a = arguments;
    let handshakes_max = reader.read_or_else(
        "MAX_HANDSHAKES",
        &a.max_handshakes,
        descriptors::handshakes_allowed,
        |text| values::number(text, 1, HANDSHAKES_MAX),
    );
    let mut number = |setting, value| {
        reader.read(setting, value, "0", |text| values::number(text, 0, NUMBER_MAX))
    };
    let accept_rate = number("ACCEPT_RATE", &a.accept_rate);
    let connections_per_ip_max = number("MAX_CONNECTIONS_PER_IP", &a.max_connections_per_ip);
    let attempts_per_ip_max = number("MAX_ATTEMPTS_PER_IP", &a.max_attempts_per_ip);
    let trusted_proxies =
        reader.read("TRUSTED_PROXIES", &a.trusted_proxies, "", TrustedProxies::parse);
    let gates = GateSettings {
        handshakes_max: handshakes_max? as usize,
        accept_rate: accept_rate? as u32,
        connections_per_ip_max: connections_per_ip_max? as usize,
        attempts_per_ip_max: attempts_per_ip_max? as u32,
        trusted_proxies: trusted_proxies?,
    };
    let warning = warning(&gates);
    Some(Judged { gates, warning })
}

fn warning(gates: &GateSettings) -> Option<String> {
    let counts_addresses = gates.connections_per_ip_max > 0 || gates.attempts_per_ip_max > 0;
    if gates.trusted_proxies.trusts_everybody() {
        return Some("TRUSTED_PROXIES trusts everybody: any client may claim any address".into());
    }
    (!gates.trusted_proxies.is_empty() && !counts_addresses).then(|| {
        "no effect without MAX_CONNECTIONS_PER_IP or MAX_ATTEMPTS_PER_IP: TRUSTED_PROXIES".into()
    })
}

#[cfg(test)]
mod tests;
