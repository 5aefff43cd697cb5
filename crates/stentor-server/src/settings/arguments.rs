//! What the command line and the environment may say, as texts.
//!
//! Judging the texts is left to [`super::Settings::read`], which names settings in one way
//! whether they come from a flag or from the environment.

/// Every setting is a flag, an environment variable and a line of SETTINGS_FILE: flag over
/// environment over file over default.
///
/// An empty value counts as unset. Durations are written 250ms, 25s, 2m.
/// Exit codes: 0 clean, 2 a bad setting (the message names it), 1 anything else.
#[derive(clap::Parser, Clone, Debug, Default)]
#[command(name = "stentor", version, about = "A sharded WebSocket broadcast server", long_about)]
#[command(hide_possible_values = true, disable_help_subcommand = true)]
pub struct Arguments {
    /// File of settings, KEY=value lines, read again at SIGHUP [default: none]
    #[arg(long, env = "SETTINGS_FILE", value_name = "FILE", help_heading = SETTINGS)]
    #[arg(hide_env_values = true)]
    pub settings_file: Option<String>,

    /// IP address to listen on [default: 0.0.0.0]
    #[arg(long, env = "HOST", value_name = "ADDRESS", help_heading = "Where it listens")]
    #[arg(hide_env_values = true)]
    pub host: Option<String>,
    /// TCP port, 0 to 65535; 0 lets the system choose [default: 8080]
    #[arg(long, env = "PORT", value_name = "NUMBER", help_heading = "Where it listens")]
    #[arg(hide_env_values = true)]
    pub port: Option<String>,
    /// Whether another process may listen there too, to take over from this one [default: false]
    #[arg(long, env = "SHARE_PORT", value_name = "BOOL", help_heading = "Where it listens")]
    #[arg(hide_env_values = true, num_args = 0..=1, default_missing_value = "true")]
    pub share_port: Option<String>,
    /// PEM file of the certificate and its chain, read again when it changes: TLS [default: plain]
    #[arg(long, env = "TLS_CERT", value_name = "FILE", help_heading = "Where it listens")]
    #[arg(hide_env_values = true)]
    pub tls_cert: Option<String>,
    /// PEM file of its private key
    #[arg(long, env = "TLS_KEY", value_name = "FILE", help_heading = "Where it listens")]
    #[arg(hide_env_values = true)]
    pub tls_key: Option<String>,
    /// Path before the routes of the API [default: /api/chat-api]
    #[arg(long, env = "BASE_PATH", value_name = "PATH", help_heading = "Where it listens")]
    #[arg(hide_env_values = true)]
    pub base_path: Option<String>,

    /// Key that guards publishing, occupancy and statistics [default: none, they are open]
    #[arg(long, env = "API_KEY", value_name = "KEY", help_heading = "Who may come in")]
    #[arg(hide_env_values = true)]
    pub api_key: Option<String>,
    /// Web origins, comma-separated: https://a.example, https://*.a.example, * [default: *]
    #[arg(long, env = "ALLOWED_ORIGINS", value_name = "LIST", help_heading = "Who may come in")]
    #[arg(hide_env_values = true)]
    pub allowed_origins: Option<String>,

    /// Whether a client must bring a token [default: false]
    #[arg(long, env = "AUTH_ENABLED", value_name = "BOOL", help_heading = IDENTITY)]
    #[arg(hide_env_values = true, num_args = 0..=1, default_missing_value = "true")]
    pub auth_enabled: Option<String>,
    /// Secret of HS256, HS384 and HS512 tokens, 32 bytes or more
    #[arg(long, env = "JWT_SECRET", value_name = "KEY", help_heading = IDENTITY)]
    #[arg(hide_env_values = true)]
    pub jwt_secret: Option<String>,
    /// Public key of RS*, PS*, ES* or EdDSA tokens: PEM text, or a file of it
    #[arg(long, env = "JWT_PUBLIC_KEY", value_name = "PEM", help_heading = IDENTITY)]
    #[arg(hide_env_values = true)]
    pub jwt_public_key: Option<String>,
    /// JSON Web Key Set, read again when it changes and at SIGHUP
    #[arg(long, env = "JWT_JWKS_FILE", value_name = "FILE", help_heading = IDENTITY)]
    #[arg(hide_env_values = true)]
    pub jwt_jwks_file: Option<String>,
    /// Issuers whose tokens are taken, comma-separated [default: any]
    #[arg(long, env = "JWT_ISSUER", value_name = "LIST", help_heading = IDENTITY)]
    #[arg(hide_env_values = true)]
    pub jwt_issuer: Option<String>,
    /// Audiences, of which a token must name one, comma-separated [default: any]
    #[arg(long, env = "JWT_AUDIENCE", value_name = "LIST", help_heading = IDENTITY)]
    #[arg(hide_env_values = true)]
    pub jwt_audience: Option<String>,
    /// By how much clocks may differ, a duration [default: 30s]
    #[arg(long, env = "JWT_LEEWAY", value_name = "DURATION", help_heading = IDENTITY)]
    #[arg(hide_env_values = true)]
    pub jwt_leeway: Option<String>,

    /// Event loops, each a thread, 1 to 64 [default: the number of cores]
    #[arg(long, env = "SHARDS", value_name = "NUMBER", help_heading = "How much it takes")]
    #[arg(hide_env_values = true)]
    pub shards: Option<String>,
    /// WebSocket connections at once [default: what the descriptor limit allows]
    #[arg(
        long,
        env = "MAX_CONNECTIONS",
        value_name = "NUMBER",
        help_heading = "How much it takes"
    )]
    #[arg(hide_env_values = true)]
    pub max_connections: Option<String>,
    /// Messages a second from one connection, to 100000, bursts twice that; 0 = any [default: 100]
    #[arg(long, env = "RATE_LIMIT", value_name = "NUMBER", help_heading = "How much it takes")]
    #[arg(hide_env_values = true)]
    pub rate_limit: Option<String>,
    /// The same for all connections of one token's subject; 0 = any [default: 0]
    #[arg(
        long,
        env = "RATE_LIMIT_USER",
        value_name = "NUMBER",
        help_heading = "How much it takes"
    )]
    #[arg(hide_env_values = true)]
    pub rate_limit_user: Option<String>,

    /// Handshakes under way at once, the last eighth for clients that resume [default: by limit]
    #[arg(long, env = "MAX_HANDSHAKES", value_name = "NUMBER", help_heading = GATES)]
    #[arg(hide_env_values = true)]
    pub max_handshakes: Option<String>,
    /// Connections let in a second, bursts of a second's worth, else 503; 0 = any [default: 0]
    #[arg(long, env = "ACCEPT_RATE", value_name = "NUMBER", help_heading = GATES)]
    #[arg(hide_env_values = true)]
    pub accept_rate: Option<String>,
    /// Connections of one IPv4 address or IPv6 /64 at once, else 429; 0 = any [default: 0]
    #[arg(long, env = "MAX_CONNECTIONS_PER_IP", value_name = "NUMBER", help_heading = GATES)]
    #[arg(hide_env_values = true)]
    pub max_connections_per_ip: Option<String>,
    /// Refused upgrades of one address a minute, then 429; 0 = any [default: 0]
    #[arg(long, env = "MAX_ATTEMPTS_PER_IP", value_name = "NUMBER", help_heading = GATES)]
    #[arg(hide_env_values = true)]
    pub max_attempts_per_ip: Option<String>,
    /// Proxies whose Forwarded or X-Forwarded-For is believed: IPs, ranges [default: none]
    #[arg(long, env = "TRUSTED_PROXIES", value_name = "LIST", help_heading = GATES)]
    #[arg(hide_env_values = true)]
    pub trusted_proxies: Option<String>,

    /// Whether clients may speak to everybody, not to rooms only [default: true]
    #[arg(long, env = "CLIENT_GLOBAL", value_name = "BOOL", help_heading = "How it delivers")]
    #[arg(hide_env_values = true, num_args = 0..=1, default_missing_value = "true")]
    pub client_global: Option<String>,
    /// What happens to a client that does not read: auto, close or gap [default: auto]
    #[arg(long, env = "SLOW_CONSUMER", value_name = "POLICY", help_heading = "How it delivers")]
    #[arg(hide_env_values = true)]
    pub slow_consumer: Option<String>,
    /// Longest pause between flushes of a costly room, a duration; 0 = off [default: 5ms]
    #[arg(long, env = "FLUSH_GAP_MAX", value_name = "DURATION", help_heading = "How it delivers")]
    #[arg(hide_env_values = true)]
    pub flush_gap_max: Option<String>,

    /// Silence after which a connection is pinged, a duration [default: 25s]
    #[arg(long, env = "PING_INTERVAL", value_name = "DURATION", help_heading = "When it gives up")]
    #[arg(hide_env_values = true)]
    pub ping_interval: Option<String>,
    /// Silence after which it is closed, longer than PING_INTERVAL, a duration [default: 60s]
    #[arg(long, env = "PONG_TIMEOUT", value_name = "DURATION", help_heading = "When it gives up")]
    #[arg(hide_env_values = true)]
    pub pong_timeout: Option<String>,
    /// Time that leaving politely may take after SIGTERM, a duration [default: 10s]
    #[arg(long, env = "DRAIN_TIMEOUT", value_name = "DURATION", help_heading = "When it gives up")]
    #[arg(hide_env_values = true)]
    pub drain_timeout: Option<String>,

    /// Redis between pods: redis://, redis-cluster://, redis-sentinel://; rediss: TLS [default: none]
    #[arg(long, env = "REDIS_URL", value_name = "URL", help_heading = OTHER_PODS)]
    #[arg(hide_env_values = true)]
    pub redis_url: Option<String>,
    /// First part of the names of Redis channels [default: realtime]
    #[arg(long, env = "REDIS_PREFIX", value_name = "TEXT", help_heading = OTHER_PODS)]
    #[arg(hide_env_values = true)]
    pub redis_prefix: Option<String>,
    /// PEM file of whom to trust at rediss:// [default: whom the system trusts]
    #[arg(long, env = "REDIS_CA_FILE", value_name = "FILE", help_heading = OTHER_PODS)]
    #[arg(hide_env_values = true)]
    pub redis_ca_file: Option<String>,
    /// Whether channels are those of a cluster's slots, the same for all pods [default: false]
    #[arg(long, env = "REDIS_SHARDED", value_name = "BOOL", help_heading = OTHER_PODS)]
    #[arg(hide_env_values = true, num_args = 0..=1, default_missing_value = "true")]
    pub redis_sharded: Option<String>,
    /// Whether /readyz answers 503 while Redis is not heard [default: false]
    #[arg(long, env = "READY_REQUIRES_BUS", value_name = "BOOL", help_heading = OTHER_PODS)]
    #[arg(hide_env_values = true, num_args = 0..=1, default_missing_value = "true")]
    pub ready_requires_bus: Option<String>,

    /// off, error, warn, info, debug or trace [default: info]
    #[arg(long, env = "LOG_LEVEL", value_name = "LEVEL", help_heading = "What it writes")]
    #[arg(hide_env_values = true)]
    pub log_level: Option<String>,
    /// text or json [default: text]
    #[arg(long, env = "LOG_FORMAT", value_name = "FORMAT", help_heading = "What it writes")]
    #[arg(hide_env_values = true)]
    pub log_format: Option<String>,

    /// OpenTelemetry collector, http:// or https://, whose /v1/traces takes OTLP [default: none]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", help_heading = TRACES)]
    #[arg(hide_env_values = true)]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// The same as a whole URL, and for traces alone [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        value_name = "URL",
        help_heading = TRACES
    )]
    #[arg(hide_env_values = true)]
    pub otel_exporter_otlp_traces_endpoint: Option<String>,

    /// Where rooms keep their last messages: memory, redis or off [default: memory]
    #[arg(long, env = "HISTORY", value_name = "MODE", help_heading = HISTORY)]
    #[arg(hide_env_values = true)]
    pub history: Option<String>,
    /// Messages that a room keeps, at most 16384 [default: 256]
    #[arg(long, env = "HISTORY_SIZE", value_name = "NUMBER", help_heading = HISTORY)]
    #[arg(hide_env_values = true)]
    pub history_size: Option<String>,
    /// How long a room keeps them, a duration of at most an hour [default: 60s]
    #[arg(long, env = "HISTORY_TTL", value_name = "DURATION", help_heading = HISTORY)]
    #[arg(hide_env_values = true)]
    pub history_ttl: Option<String>,
    /// Bytes of memory that a pod keeps them in, at least 1048576 [default: 67108864, 64 MiB]
    #[arg(long, env = "HISTORY_BYTES", value_name = "BYTES", help_heading = HISTORY)]
    #[arg(hide_env_values = true)]
    pub history_bytes: Option<String>,
    /// How long a client may be gone unannounced, a duration; 0 = not at all [default: 5s]
    #[arg(long, env = "PRESENCE_GRACE", value_name = "DURATION", help_heading = PRESENCE)]
    #[arg(hide_env_values = true)]
    pub presence_grace: Option<String>,
    /// Members up to which a room tells names, at most 1024; past it, counts [default: 256]
    #[arg(long, env = "PRESENCE_MEMBERS_MAX", value_name = "NUMBER", help_heading = PRESENCE)]
    #[arg(hide_env_values = true)]
    pub presence_members_max: Option<String>,
}

/// The heading of where settings come from.
const SETTINGS: &str = "Where its settings are";

/// The heading of what [`super::identity`] judges.
pub(crate) const IDENTITY: &str = "Who a client is";

/// The heading of what [`super::gates`] judges.
const GATES: &str = "Who may come in, and how fast";

/// The heading of what [`super::traces`] judges.
const TRACES: &str = "Whom it sends traces";

/// The heading of what [`super::history`] judges.
const HISTORY: &str = "What it keeps for who comes back";

/// The heading of what [`super::bus`] judges.
const OTHER_PODS: &str = "How other pods hear it";

/// The heading of what [`super::presence`] judges.
const PRESENCE: &str = "Who comes and goes";
