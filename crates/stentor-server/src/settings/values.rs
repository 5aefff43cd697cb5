//! How the value of a setting is written.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use stentor_engine::SlowConsumer;
use tracing::level_filters::LevelFilter;

use super::LogFormat;

/// The longest duration that any setting takes.
const DURATION_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// `0.0.0.0`, `::1`, `[::1]` or `localhost`.
pub(super) fn host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().map_err(|_| format!("{text:?} is no IP address (such as 0.0.0.0 or ::1)"))
}

/// A whole number from `min` to `max`.
pub(super) fn number(text: &str, min: u64, max: u64) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(format!("{text:?} is no whole number from {min} to {max}")),
    }
}

/// `true` or `false`, also written 1, 0, yes, no, on, off.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// `250ms`, `25s`, `2m`: more than nothing, at most a day.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match duration_or_zero(text)? {
        Duration::ZERO => Err(format!("{text:?} is no time at all")),
        duration => Ok(duration),
    }
}

/// As [`duration`], or `0` for off.
pub(super) fn duration_or_zero(text: &str) -> Result<Duration, String> {
    if text != "0" && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(format!("{text:?} has no unit: write {text}ms, {text}s or {text}m"));
    }
    let duration = humantime::parse_duration(text)
        .map_err(|_| format!("{text:?} is no duration (such as 250ms, 25s or 2m)"))?;
    if duration > DURATION_MAX {
        return Err(format!("{text:?} is more than a day"));
    }
    Ok(duration)
}

/// `auto`, `close` or `gap`.
pub(super) fn slow_consumer(text: &str) -> Result<SlowConsumer, String> {
    match text {
        "auto" => Ok(SlowConsumer::Auto),
        "close" => Ok(SlowConsumer::Close),
        "gap" => Ok(SlowConsumer::Gap),
        _ => Err(format!("{text:?} is none of auto, close, gap")),
    }
}

/// `off`, `error`, `warn`, `info`, `debug` or `trace`.
pub(super) fn log_level(text: &str) -> Result<LevelFilter, String> {
    match text.to_ascii_lowercase().as_str() {
        "off" => Ok(LevelFilter::OFF),
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => Err(format!("{text:?} is none of off, error, warn, info, debug, trace")),
    }
}

/// `text` or `json`.
pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("{text:?} is none of text, json")),
    }
}

/// A comma-separated list of texts, at most 64; empty where it holds none.
pub(super) fn list(text: &str) -> Result<Vec<String>, String> {
    const ENTRIES_MAX: usize = 64;
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let entries: Vec<String> = entries.map(str::to_owned).collect();
    if entries.len() > ENTRIES_MAX {
        return Err(format!("names {} texts, at most {ENTRIES_MAX}", entries.len()));
    }
    Ok(entries)
}

/// A key that fits in a header: visible ASCII.
pub(super) fn key(text: &str) -> Result<(), String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err("has a character that is not visible ASCII, so that no header could carry it".to_owned())
}
