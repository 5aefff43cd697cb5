//! What is shown of two readings of a pod: lines of text, the same for a screen and for a pipe.
//!
//! Knows no terminal. What comes from the pod is escaped here.

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::super::printable::printable;
use super::reading::{Behind, Busy, Order, Reading};

/// The most characters of a name that somebody else chose.
const NAME_CHARS_MAX: usize = 40;

/// The lines, and what went wrong since.
#[derive(Clone, Debug)]
pub(super) struct Page {
    lines: Vec<String>,
    fault: Option<String>,
}

impl Page {
    /// Shows the later reading, and the rates between the two. Without time between them there are
    /// no rates.
    pub(super) fn of(
        pod: &str,
        earlier: &Reading,
        later: &Reading,
        between: Duration,
        order: Order,
    ) -> Page {
        let seconds = between.as_secs_f64();
        let rates = Rates { earlier, later, seconds };
        let mut lines = head(pod, later, &rates);
        lines.push(String::new());
        lines.extend(shards(&rates));
        lines.push(String::new());
        lines.extend(behind(&later.behind, order));
        lines.push(String::new());
        lines.extend(busy(&later.rooms));
        Page { lines, fault: None }
    }

    /// Says that the pod did not answer the last time; the figures are old then.
    pub(super) fn set_fault(&mut self, fault: String) {
        self.fault = Some(fault);
    }

    /// All lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.fault.iter().chain(&self.lines).map(String::as_str)
    }

    /// All lines as a text.
    pub(super) fn text(&self) -> String {
        self.lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// What grew between two readings.
struct Rates<'a> {
    earlier: &'a Reading,
    later: &'a Reading,
    seconds: f64,
}

impl Rates<'_> {
    /// So many more a second; `-` where that is not known, as for a pod that began anew.
    fn of(&self, count: fn(&Reading) -> u64) -> String {
        match count(self.later).checked_sub(count(self.earlier)) {
            Some(more) if self.seconds > 0.0 => format!("{:.1}", more as f64 / self.seconds),
            _ => "-".to_owned(),
        }
    }

    /// The part of the time in which a shard was at work.
    fn busy(&self, shard: usize) -> String {
        let busy = |of: &Reading| of.metrics.of_shard("realtime_shard_busy_seconds_total", shard);
        match (busy(self.earlier), busy(self.later)) {
            (Some(earlier), Some(later)) if later >= earlier && self.seconds > 0.0 => {
                format!("{:.0} %", ((later - earlier) / self.seconds * 100.0).min(100.0))
            }
            _ => "-".to_owned(),
        }
    }
}

fn head(pod: &str, later: &Reading, rates: &Rates<'_>) -> Vec<String> {
    let (stats, metrics) = (&later.stats, &later.metrics);
    let uptime = humantime::format_duration(Duration::from_secs(stats.uptime_seconds));
    let most = metrics.value("realtime_connections_max");
    let most = most.map(|most| format!(" of {most:.0}")).unwrap_or_default();
    let memory = metrics.value("process_resident_memory_bytes");
    let memory = memory.map(|bytes| format!("   memory {:.0} MiB", bytes / 1_048_576.0));
    let drains = metrics.value("realtime_draining").is_some_and(|draining| draining > 0.0);
    vec![
        format!(
            "pod {}   {pod}   up {uptime}{}",
            short(&stats.pod),
            if drains { "   draining" } else { "" }
        ),
        format!(
            "connections {}{most}   rooms {}{}",
            stats.connections,
            stats.rooms,
            memory.unwrap_or_default()
        ),
        format!(
            "messages/s in {}   out {}   dropped {} ({} since the start)",
            rates.of(|reading| reading.stats.messages_received),
            rates.of(|reading| reading.stats.messages_sent),
            rates.of(|reading| reading.stats.messages_dropped),
            stats.messages_dropped
        ),
        bus(later),
    ]
}

fn bus(later: &Reading) -> String {
    let redis = later.stats.redis;
    let state = match (redis.enabled, redis.connected) {
        (false, _) => return "bus none: this pod is alone".to_owned(),
        (true, true) => "up",
        (true, false) => "DOWN: other pods are not heard",
    };
    let errors = later.metrics.value("realtime_redis_publish_errors").unwrap_or_default();
    format!("bus {state}   publish errors {errors:.0} since the start")
}

fn shards(rates: &Rates<'_>) -> Vec<String> {
    let mut lines = vec![format!(
        "{:>5}  {:>11}  {:>9}  {:>9}  {:>6}  {:>9}",
        "shard", "connections", "rooms", "queued", "busy", "late"
    )];
    for (number, shard) in rates.later.stats.shards.iter().enumerate() {
        let lag = rates.later.metrics.of_shard("realtime_shard_lag_seconds", number);
        let lag = lag.map_or_else(|| "-".to_owned(), millis);
        lines.push(format!(
            "{number:>5}  {:>11}  {:>9}  {:>9}  {:>6}  {lag:>9}",
            shard.connections,
            shard.rooms,
            shard.queued,
            rates.busy(number)
        ));
    }
    lines
}

fn behind(behind: &[Behind], order: Order) -> Vec<String> {
    let by = match order {
        Order::Lag => "time",
        Order::Bytes => "bytes",
    };
    if behind.is_empty() {
        return vec!["slowest consumers: nobody is behind".to_owned()];
    }
    let mut lines = vec![format!(
        "{:>10}  {:>9}  {:>8}  {:>6}  slowest consumers, by {by}",
        "behind", "bytes", "messages", "rooms"
    )];
    for one in behind {
        let user = one.user.as_deref().map(|user| format!("  {}", short(user)));
        lines.push(format!(
            "{:>10}  {:>9}  {:>8}  {:>6}  {}{}",
            millis(one.lag_seconds),
            one.queued_bytes,
            one.queued,
            one.rooms,
            short(&one.client_id),
            user.unwrap_or_default()
        ));
    }
    lines
}

fn busy(rooms: &[Busy]) -> Vec<String> {
    if rooms.is_empty() {
        return vec!["busiest rooms: nothing is said".to_owned()];
    }
    let mut lines = vec![format!("{:>12}  {:>11}  busiest rooms", "deliveries/s", "connections")];
    for room in rooms {
        let name = room.room.as_deref().map_or_else(|| "(everybody)".to_owned(), short);
        lines.push(format!(
            "{:>12.1}  {:>11}  {name}",
            room.deliveries_per_second, room.connections
        ));
    }
    lines
}

fn millis(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1e3)
}

/// A name that others chose, in one line of bounded length.
fn short(name: &str) -> String {
    let shown = printable(name);
    match shown.char_indices().nth(NAME_CHARS_MAX) {
        None => shown,
        Some((end, _)) => format!("{}…", &shown[..end]),
    }
}
