//! Which settings may change while a server runs.
//!
//! Those that are looked at when somebody comes or asks, or once a turn. The others are built into
//! what runs: threads, listeners, the link to Redis, what is kept.

use super::Settings;

impl Settings {
    /// Takes one setting over from `newer`. Those of identity contradict each other easily, so they
    /// are one, and so are those of TLS. `false`: it is one that needs a restart, and stays.
    pub(crate) fn take(&mut self, name: &str, newer: &Settings) -> bool {
        match name {
            "API_KEY" => self.api_key.clone_from(&newer.api_key),
            "ALLOWED_ORIGINS" => self.allowed_origins.clone_from(&newer.allowed_origins),
            name if is_of_identity(name) => self.identity.clone_from(&newer.identity),
            name if is_of_tls(name) => {
                // Between plain and TLS there is no changing under those who are in.
                if self.tls.is_some() != newer.tls.is_some() {
                    return false;
                }
                self.tls.clone_from(&newer.tls);
            }
            "MAX_CONNECTIONS" => self.connections_max = newer.connections_max,
            "RATE_LIMIT" => self.rate_limit = newer.rate_limit,
            "RATE_LIMIT_USER" => self.rate_limit_user = newer.rate_limit_user,
            "MAX_HANDSHAKES" => self.gates.handshakes_max = newer.gates.handshakes_max,
            "ACCEPT_RATE" => self.gates.accept_rate = newer.gates.accept_rate,
            "MAX_CONNECTIONS_PER_IP" => {
                self.gates.connections_per_ip_max = newer.gates.connections_per_ip_max;
            }
            "MAX_ATTEMPTS_PER_IP" => {
                self.gates.attempts_per_ip_max = newer.gates.attempts_per_ip_max;
            }
            "TRUSTED_PROXIES" => {
                self.gates.trusted_proxies.clone_from(&newer.gates.trusted_proxies);
            }
            "LOG_LEVEL" => self.log_level = newer.log_level,
            _ => return false,
        }
        true
    }
}

/// Whether it says who a client is.
pub(crate) fn is_of_identity(name: &str) -> bool {
    name == "AUTH_ENABLED" || name.starts_with("JWT_")
}

/// Whether it says what TLS is spoken with.
pub(crate) fn is_of_tls(name: &str) -> bool {
    name.starts_with("TLS_")
}

#[cfg(test)]
mod tests;
