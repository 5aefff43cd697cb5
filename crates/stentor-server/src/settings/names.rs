//! The settings by the names of their variables: a table of the texts, and what a wrong name may mean.

use super::Arguments;

/// How many letters a name may be off, to be taken for another.
const DISTANCE_MAX: usize = 2;

/// One line for each setting, so that neither a name nor a field can be forgotten: a test compares
/// them with the command line's own.
macro_rules! settings {
    ($($name:literal $field:ident)*) => {
        /// The name of every setting.
        pub(super) const NAMES: [&str; [$($name),*].len()] = [$($name),*];

        impl Arguments {
            /// Every text, in the order of [`NAMES`].
            pub(super) fn texts(&self) -> [&Option<String>; NAMES.len()] {
                [$(&self.$field),*]
            }

            /// The same, to be changed.
            pub(super) fn texts_mut(&mut self) -> [&mut Option<String>; NAMES.len()] {
                [$(&mut self.$field),*]
            }
        }
    };
}

settings! {
    "SETTINGS_FILE" settings_file
    "HOST" host
    "PORT" port
    "SHARE_PORT" share_port
    "TLS_CERT" tls_cert
    "TLS_KEY" tls_key
    "BASE_PATH" base_path
    "API_KEY" api_key
    "ALLOWED_ORIGINS" allowed_origins
    "AUTH_ENABLED" auth_enabled
    "JWT_SECRET" jwt_secret
    "JWT_PUBLIC_KEY" jwt_public_key
    "JWT_JWKS_FILE" jwt_jwks_file
    "JWT_ISSUER" jwt_issuer
    "JWT_AUDIENCE" jwt_audience
    "JWT_LEEWAY" jwt_leeway
    "SHARDS" shards
    "MAX_CONNECTIONS" max_connections
    "RATE_LIMIT" rate_limit
    "RATE_LIMIT_USER" rate_limit_user
    "MAX_HANDSHAKES" max_handshakes
    "ACCEPT_RATE" accept_rate
    "MAX_CONNECTIONS_PER_IP" max_connections_per_ip
    "MAX_ATTEMPTS_PER_IP" max_attempts_per_ip
    "TRUSTED_PROXIES" trusted_proxies
    "CLIENT_GLOBAL" client_global
    "SLOW_CONSUMER" slow_consumer
    "FLUSH_GAP_MAX" flush_gap_max
    "PING_INTERVAL" ping_interval
    "PONG_TIMEOUT" pong_timeout
    "DRAIN_TIMEOUT" drain_timeout
    "REDIS_URL" redis_url
    "REDIS_PREFIX" redis_prefix
    "REDIS_CA_FILE" redis_ca_file
    "REDIS_SHARDED" redis_sharded
    "READY_REQUIRES_BUS" ready_requires_bus
    "LOG_LEVEL" log_level
    "LOG_FORMAT" log_format
    "OTEL_EXPORTER_OTLP_ENDPOINT" otel_exporter_otlp_endpoint
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" otel_exporter_otlp_traces_endpoint
    "HISTORY" history
    "HISTORY_SIZE" history_size
    "HISTORY_TTL" history_ttl
    "HISTORY_BYTES" history_bytes
    "PRESENCE_GRACE" presence_grace
    "PRESENCE_MEMBERS_MAX" presence_members_max
}

/// The setting whose name is nearest to this one, where one is near.
pub(super) fn nearest_name(name: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_uppercase().replace('-', "_");
    let longest = NAMES.iter().map(|known| known.len()).max().unwrap_or(0);
    if name.len() > longest + DISTANCE_MAX {
        return None;
    }
    let distances = NAMES.into_iter().map(|known| (distance(&name, known), known));
    let (distance, nearest) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= DISTANCE_MAX).then_some(nearest)
}

/// How many letters are to be changed, added or left out (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, &candidate) in other.iter().enumerate() {
            let changed = diagonal + usize::from(candidate != letter);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests;
