//! The settings: parsed whole before a port is bound, or named as faults.
//!
//! Knows flags, environment variables, a file and their defaults; knows no socket. Every setting is judged
//! on its own first, then those that contradict each other, so that a person learns of all faults
//! at once.

mod arguments;
mod base_path;
mod bus;
mod descriptors;
mod fault;
mod file;
mod gates;
mod history;
mod identity;
mod names;
mod presence;
mod read;
mod reloadable;
mod secret;
mod source;
#[cfg(test)]
mod tests;
mod tls;
mod traces;
mod values;

use std::net::SocketAddr;
use std::time::Duration;

use stentor_engine::{EngineConfig, Presence, SlowConsumer};

pub use arguments::Arguments;
pub(crate) use arguments::IDENTITY;
pub use base_path::BasePath;
pub use bus::BusSettings;
pub use descriptors::raise_descriptor_limit;
pub(crate) use descriptors::{DESCRIPTOR_RESERVE, connections_within};
pub use fault::SettingFault;
pub use gates::{GateSettings, Patience};
pub use history::{HistoryMode, HistorySettings};
pub use identity::IdentitySettings;
pub(crate) use reloadable::{is_of_identity, is_of_tls};
pub use secret::Secret;
pub use source::SettingsSource;
pub use tls::TlsSettings;
pub use traces::TraceSettings;

use crate::origins::Origins;

/// Everything that the server wants to know before it starts, each value valid.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Whether another process may listen there too, to take over when this one drains.
    pub shares_port: bool,
    /// TLS on the server's own sockets; `None` = plain, as behind a proxy that ends it.
    pub tls: Option<TlsSettings>,
    /// Shards, each with a thread of its own; 1 to [`EngineConfig::SHARDS_MAX`].
    pub shards: usize,
    /// What stands before the routes of the API.
    pub base_path: BasePath,
    /// What guards the publishing and reading routes, where it is set.
    pub api_key: Option<Secret>,
    /// What clients prove who they are with; `None` = there is no key, and nobody can.
    pub identity: Option<IdentitySettings>,
    /// Which web pages may use this server from a browser.
    pub allowed_origins: Origins,
    /// WebSocket connections at once; one more is answered 503.
    pub connections_max: usize,
    /// Who may come in beside that, and how fast.
    pub gates: GateSettings,
    /// How long peers may take.
    pub patience: Patience,
    /// Messages a second that a connection may send, in bursts of twice that, at most 100,000;
    /// 0 = no limit.
    pub rate_limit: u32,
    /// The same for all connections of one proven identity together.
    pub rate_limit_user: u32,
    /// Whether clients may speak to everybody, instead of to rooms only.
    pub client_global: bool,
    /// What happens to a client that does not read.
    pub slow_consumer: SlowConsumer,
    /// The longest pause between two flushes of a room that is costly to flush; zero = none.
    pub flush_gap_max: Duration,
    /// A connection silent for this long is pinged.
    pub ping_interval: Duration,
    /// A connection without any frame for this long is closed with 4408.
    pub pong_timeout: Duration,
    /// Over how long a drain may spread its closes, and how long it waits.
    pub drain_timeout: Duration,
    /// The least important log line that is written.
    pub log_level: tracing::level_filters::LevelFilter,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Where traces go; `None` = nowhere. Without the feature `otel` they go nowhere either way.
    pub traces: Option<TraceSettings>,
    /// What is kept for clients that come back.
    pub history: HistorySettings,
    /// How members are told who comes and goes.
    pub presence: Presence,
    /// Redis between the pods; `None` = this pod is alone.
    pub bus: Option<BusSettings>,
    /// Whether a pod that does not hear Redis wants no traffic.
    pub ready_requires_bus: bool,
    /// What a person should know about these settings; logged once at the start.
    pub warnings: Vec<String>,
    /// What they were read from.
    pub source: SettingsSource,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// Reads what the command line and the environment said, and the file that they may name.
    ///
    /// # Errors
    /// Every line of the file that is wrong; else every setting that is wrong or contradicts another.
    pub fn read(arguments: &Arguments) -> Result<Settings, Vec<SettingFault>> {
        read::settings(arguments)
    }

    /// The engine's part of the settings. Each call makes another run of the pod, as other pods see
    /// it.
    pub fn engine_config(&self, pod: String) -> EngineConfig {
        EngineConfig {
            bus: self.bus.as_ref().map(|bus| bus.of_run(&pod)),
            pod,
            shards: self.shards,
            shares_port: self.shares_port,
            connections_max: self.connections_max,
            handshakes_max: self.gates.handshakes_max,
            accept_rate: self.gates.accept_rate,
            connections_per_address_max: self.gates.connections_per_ip_max,
            door_timeout: self.patience.head,
            slow_consumer: self.slow_consumer,
            flush_gap_max: self.flush_gap_max,
            ping_interval: self.ping_interval,
            pong_timeout: self.pong_timeout,
            rate_limit: self.rate_limit,
            rate_limit_user: self.rate_limit_user,
            client_global: self.client_global,
            drain_timeout: self.drain_timeout,
            history: self.history.of_engine(),
            presence: self.presence,
            ..EngineConfig::default()
        }
    }
}

impl Default for Settings {
    /// The settings of a server that was told nothing.
    ///
    /// The environment is not read.
    fn default() -> Settings {
        match Settings::read(&Arguments::default()) {
            Ok(settings) => settings,
            Err(faults) => unreachable!("the defaults are valid: {faults:?}"),
        }
    }
}
