//! From texts to settings.

use std::net::SocketAddr;

use stentor_engine::EngineConfig;

use super::{
    Arguments, BasePath, Patience, Secret, SettingFault, Settings, SettingsSource, bus,
    descriptors, gates, history, identity, presence, tls, traces, values,
};
use crate::origins::Origins;

/// What the contract gives as defaults.
mod default {
    pub(super) const HOST: &str = "0.0.0.0";
    pub(super) const PORT: &str = "8080";
    pub(super) const BASE_PATH: &str = "/api/chat-api";
    pub(super) const ALLOWED_ORIGINS: &str = "*";
    pub(super) const RATE_LIMIT: &str = "100";
    pub(super) const SLOW_CONSUMER: &str = "auto";
    pub(super) const FLUSH_GAP_MAX: &str = "5ms";
    pub(super) const PING_INTERVAL: &str = "25s";
    pub(super) const PONG_TIMEOUT: &str = "60s";
    pub(super) const DRAIN_TIMEOUT: &str = "10s";
    pub(super) const LOG_LEVEL: &str = "info";
    pub(super) const LOG_FORMAT: &str = "text";
}

/// The highest rate; who wants more wants no limit, which is 0.
pub(super) const RATE_LIMIT_MAX: u64 = 100_000;

/// See [`Settings::read`].
pub(super) fn settings(arguments: &Arguments) -> Result<Settings, Vec<SettingFault>> {
    let source = SettingsSource::read(arguments)?;
    let mut reader = Reader { faults: Vec::new() };
    let settings = judge_each(source.whole(), &mut reader);
    match settings {
        Some(mut settings) if reader.faults.is_empty() => {
            if settings.pong_timeout <= settings.ping_interval {
                return Err(vec![SettingFault::new(
                    "PONG_TIMEOUT",
                    format!(
                        "{:?} is not longer than PING_INTERVAL, which is {:?}: \
                         a connection would be given up before it is asked",
                        settings.pong_timeout, settings.ping_interval
                    ),
                )]);
            }
            fit_descriptors(&mut settings);
            settings.warnings.extend(source.warning());
            settings.source = source;
            Ok(settings)
        }
        _ => Err(reader.faults),
    }
}

/// Each setting on its own; `None` where one is wrong, which the reader then knows.
fn judge_each(arguments: &Arguments, reader: &mut Reader) -> Option<Settings> {
    let a = arguments;
    let host = reader.read("HOST", &a.host, default::HOST, values::host);
    let port = reader.read("PORT", &a.port, default::PORT, |text| values::number(text, 0, 65_535));
    let shares_port = reader.read("SHARE_PORT", &a.share_port, "false", values::truth);
    let shards = reader.read_or_else("SHARDS", &a.shards, cores, |text| {
        values::number(text, 1, EngineConfig::SHARDS_MAX as u64)
    });
    let base_path = reader.read("BASE_PATH", &a.base_path, default::BASE_PATH, BasePath::parse);
    let api_key = reader.read("API_KEY", &a.api_key, "", |text| {
        values::key(text).map(|()| Some(text).filter(|text| !text.is_empty()).map(Secret::new))
    });
    let allowed_origins =
        reader.read("ALLOWED_ORIGINS", &a.allowed_origins, default::ALLOWED_ORIGINS, |text| {
            Origins::parse(text)
        });
    let connections_max = reader.read_or_else(
        "MAX_CONNECTIONS",
        &a.max_connections,
        descriptors::connections_allowed,
        |text| values::number(text, 1, 100_000_000),
    );
    let rate_limit = reader.read("RATE_LIMIT", &a.rate_limit, default::RATE_LIMIT, |text| {
        values::number(text, 0, RATE_LIMIT_MAX)
    });
    let slow_consumer = reader.read(
        "SLOW_CONSUMER",
        &a.slow_consumer,
        default::SLOW_CONSUMER,
        values::slow_consumer,
    );
    let flush_gap_max = reader.read(
        "FLUSH_GAP_MAX",
        &a.flush_gap_max,
        default::FLUSH_GAP_MAX,
        values::duration_or_zero,
    );
    let ping_interval =
        reader.read("PING_INTERVAL", &a.ping_interval, default::PING_INTERVAL, values::duration);
    let pong_timeout =
        reader.read("PONG_TIMEOUT", &a.pong_timeout, default::PONG_TIMEOUT, values::duration);
    let drain_timeout =
        reader.read("DRAIN_TIMEOUT", &a.drain_timeout, default::DRAIN_TIMEOUT, values::duration);
    let log_level = reader.read("LOG_LEVEL", &a.log_level, default::LOG_LEVEL, values::log_level);
    let log_format =
        reader.read("LOG_FORMAT", &a.log_format, default::LOG_FORMAT, values::log_format);
    let tls = tls::judge(a, reader);
    let gates = gates::judge(a, reader);
    let bus = bus::judge(a, reader);
    let history = history::judge(a, reader);
    let presence = presence::judge(a, reader);
    let identity = identity::judge(a, reader);
    let traces = traces::judge(a, reader);
    let tls::Judged { tls, warning: tls_warning } = tls?;
    let gates::Judged { gates, warning: gates_warning } = gates?;
    let bus::Judged { bus, ready_requires_bus, warning } = bus?;
    let history = history?;
    if let Some(text) = history::contradiction(&history, bus.as_ref()) {
        reader.fault(SettingFault::new("HISTORY", text));
    }
    let identity::Judged { identity, rate_limit_user, client_global, mut warnings } = identity?;
    let shares_port = shares_port?;
    if shares_port && bus.is_none() {
        let warning = "SHARE_PORT is true without REDIS_URL: while two processes listen, the clients \
                       of one do not hear those of the other";
        warnings.push(warning.to_owned());
    }
    let traces::Judged { traces, warning: traces_warning } = traces?;
    warnings
        .extend(warning.into_iter().chain(gates_warning).chain(tls_warning).chain(traces_warning));
    Some(Settings {
        address: SocketAddr::new(host?, port? as u16),
        shares_port,
        tls,
        shards: shards? as usize,
        base_path: base_path?,
        api_key: api_key?,
        allowed_origins: allowed_origins?,
        connections_max: connections_max? as usize,
        identity,
        gates,
        patience: Patience::default(),
        rate_limit: rate_limit? as u32,
        rate_limit_user,
        client_global,
        slow_consumer: slow_consumer?,
        flush_gap_max: flush_gap_max?,
        ping_interval: ping_interval?,
        pong_timeout: pong_timeout?,
        drain_timeout: drain_timeout?,
        log_level: log_level?,
        log_format: log_format?,
        traces,
        history,
        presence: presence?,
        bus,
        ready_requires_bus,
        warnings,
        source: SettingsSource::default(),
    })
}

/// What `judge` reads of some settings only.
pub(super) fn some<T>(
    judge: impl FnOnce(&mut Reader) -> Option<T>,
) -> Result<T, Vec<SettingFault>> {
    let mut reader = Reader { faults: Vec::new() };
    judge(&mut reader).filter(|_| reader.faults.is_empty()).ok_or(reader.faults)
}

/// Answers 503 where the descriptors end, instead of failing to accept.
fn fit_descriptors(settings: &mut Settings) {
    let allowed = descriptors::connections_allowed() as usize;
    if settings.connections_max > allowed {
        settings.warnings.push(format!(
            "MAX_CONNECTIONS is {}, but the descriptor limit leaves room for {allowed}: \
             more are answered 503",
            settings.connections_max
        ));
        settings.connections_max = allowed;
    }
}

fn cores() -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    cores.min(EngineConfig::SHARDS_MAX) as u64
}

/// Collects faults while values are read.
pub(super) struct Reader {
    faults: Vec<SettingFault>,
}

impl Reader {
    /// Reads `value`, or `default` where it is absent or empty.
    pub(super) fn read<'a, T>(
        &mut self,
        setting: &'static str,
        value: &'a Option<String>,
        default: &'a str,
        parse: impl FnOnce(&'a str) -> Result<T, String>,
    ) -> Option<T> {
        let text = value.as_deref().filter(|text| !text.is_empty()).unwrap_or(default);
        self.keep(setting, parse(text))
    }

    /// As [`Reader::read`], with a default that the machine decides.
    pub(super) fn read_or_else<T>(
        &mut self,
        setting: &'static str,
        value: &Option<String>,
        default: impl FnOnce() -> T,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        match value.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => self.keep(setting, parse(text)),
            None => Some(default()),
        }
    }

    /// Keeps a fault that no single value has.
    pub(super) fn fault(&mut self, fault: SettingFault) {
        self.faults.push(fault);
    }

    fn keep<T>(&mut self, setting: &'static str, outcome: Result<T, String>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(message) => {
                self.faults.push(SettingFault::new(setting, message));
                None
            }
        }
    }
}
