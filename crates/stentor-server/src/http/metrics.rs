//! `GET /metrics`: the engine's figures for Prometheus.
//!
//! Some names are fixed by the contract although Prometheus would have them otherwise; each of
//! those has a well-named twin. No user and no room is ever a label.

mod bus;
#[cfg(test)]
mod tests;

use stentor_engine::{Figures, ShardFigures};

use super::App;
use super::answer::{Answer, text};
use super::exposition::{Exposition, Metric};
use crate::reloads::Reloads;
use crate::tls::LiveCertificate;

/// The media type of text format 0.0.4.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The code under which connections without a close frame are counted (RFC 6455 section 7.4.1).
const CODE_ABNORMAL: u16 = 1006;

/// All metrics of this pod.
pub(super) fn metrics(app: &App) -> Answer {
    let mut page = Exposition::default();
    let figures = app.engine.inspect();
    connections(&mut page, &figures);
    gates(&mut page, &figures, app);
    messages(&mut page, &figures);
    history(&mut page, &figures);
    presence(&mut page, &figures);
    bus::bus(&mut page, &figures, app.engine.bus_link());
    shards(&mut page, &figures.shards);
    turns(&mut page, &figures);
    tls(&mut page, app.certificate.as_deref());
    reloads(&mut page, &app.reloads);
    process(&mut page, app.started_unix_seconds, app.engine.is_draining());
    text(CONTENT_TYPE, page.into_text().into())
}

fn connections(page: &mut Exposition, figures: &Figures) {
    let connections = figures.connections();
    let opened: u64 = figures.shards.iter().map(|shard| shard.connections_opened).sum();
    for name in ["realtime_connections_total", "realtime_connections"] {
        page.single(name, Metric::Gauge, "WebSocket connections now.", connections);
    }
    for name in ["realtime_rooms_total", "realtime_rooms"] {
        page.single(name, Metric::Gauge, "Rooms with members now.", figures.rooms);
    }
    page.single(
        "realtime_connections_opened_total",
        Metric::Counter,
        "WebSocket connections that were ever opened.",
        opened,
    );
    let closed = figures.closed.iter().map(|(code, count)| (code.code(), *count));
    page.labelled(
        "realtime_connections_closed_total",
        Metric::Counter,
        "WebSocket connections that ended, by close code; 1006 ended without a close frame.",
        "code",
        closed.chain([(CODE_ABNORMAL, figures.closed_abnormally)]),
    );
}

/// Who came in, and who did not: by what an upgrade was told, or why it was told nothing.
fn gates(page: &mut Exposition, figures: &Figures, app: &App) {
    let of_all = |count: fn(&ShardFigures) -> u64| figures.shards.iter().map(count).sum::<u64>();
    let untold = [
        ("no_place_at_the_door", of_all(|shard| shard.crowded_out)),
        ("timeout", of_all(|shard| shard.timed_out)),
        ("gone", of_all(|shard| shard.gone_early)),
        ("no_tls", of_all(|shard| shard.no_tls)),
    ];
    page.labelled(
        "realtime_connections_refused_total",
        Metric::Counter,
        "Sockets that were refused before an upgrade, by the error code told, or that never asked.",
        "reason",
        app.upgrades.refusals().read().chain(untold),
    );
    page.single(
        "realtime_handshakes",
        Metric::Gauge,
        "Handshakes under way: sockets at the door, and connections that wait for the bus.",
        figures.handshakes,
    );
    page.single(
        "realtime_connection_places",
        Metric::Gauge,
        "Places of MAX_CONNECTIONS that are taken, by connections that are closing too.",
        figures.places,
    );
    page.single(
        "realtime_connections_max",
        Metric::Gauge,
        "How many such places there are: MAX_CONNECTIONS.",
        figures.connections_max,
    );
    page.single(
        "realtime_client_addresses",
        Metric::Gauge,
        "Addresses with connections; 0 where MAX_CONNECTIONS_PER_IP is not set.",
        figures.addresses,
    );
}

fn messages(page: &mut Exposition, figures: &Figures) {
    for name in ["realtime_messages_received", "realtime_messages_received_total"] {
        let help = "Messages taken from clients and backends.";
        page.single(name, Metric::Counter, help, figures.messages_received());
    }
    for name in ["realtime_messages_sent", "realtime_messages_sent_total"] {
        let help = "Deliveries, one for each connection that a message was written to.";
        page.single(name, Metric::Counter, help, figures.messages_sent());
    }
    let of_all = |count: fn(&ShardFigures) -> u64| figures.shards.iter().map(count).sum::<u64>();
    page.labelled(
        "realtime_messages_dropped_total",
        Metric::Counter,
        "Deliveries that were never made: ring_full lost the oldest, closed waited for a connection \
         that was closed, history was gone before a connection that caught up had read it.",
        "reason",
        [
            ("ring_full", of_all(|shard| shard.dropped.ring_full)),
            ("closed", of_all(|shard| shard.dropped.closed)),
            ("history", of_all(|shard| shard.dropped.history)),
        ],
    );
    page.single(
        "realtime_messages_refused_total",
        Metric::Counter,
        "Messages that were answered with an error.",
        of_all(|shard| shard.messages_refused),
    );
    page.histograms(
        "realtime_delivery_seconds",
        "To the end of the flush that delivered, from when a shard took its first message (local), \
         or from the stamp that this has by the clock of another pod (remote).",
        "path",
        &[("local", &figures.delivery_local), ("remote", &figures.delivery_remote)],
    );
}

/// What is kept, and what it was good for.
fn history(page: &mut Exposition, figures: &Figures) {
    let of_all = |count: fn(&ShardFigures) -> u64| figures.shards.iter().map(count).sum::<u64>();
    let results = [
        ("recovered", of_all(|shard| shard.resumes_recovered)),
        ("incomplete", of_all(|shard| shard.resumes_incomplete)),
    ];
    page.labelled(
        "realtime_resumes_total",
        Metric::Counter,
        "Clients that came back with a last_id, by whether all that they missed was there.",
        "result",
        results,
    );
    page.single(
        "realtime_messages_replayed_total",
        Metric::Counter,
        "Deliveries out of the history, which realtime_messages_sent_total counts too.",
        of_all(|shard| shard.messages_replayed),
    );
    let (messages, bytes) = figures.kept();
    page.single(
        "realtime_history_messages",
        Metric::Gauge,
        "Messages that are kept for clients that come back.",
        messages,
    );
    page.single(
        "realtime_history_bytes",
        Metric::Gauge,
        "What they weigh, with all that it takes to keep them; at most HISTORY_BYTES.",
        bytes,
    );
}

/// Who is told of whom.
fn presence(page: &mut Exposition, figures: &Figures) {
    let of_all = |count: fn(&ShardFigures) -> u64| figures.shards.iter().map(count).sum::<u64>();
    page.single(
        "realtime_presence_rosters",
        Metric::Gauge,
        "Rooms of which a shard knows who is there, because a client asked to be told.",
        of_all(|shard| shard.rosters),
    );
    page.single(
        "realtime_presence_messages_total",
        Metric::Counter,
        "Words about who came, went or is away, one for each connection that was told.",
        of_all(|shard| shard.presence_told),
    );
    page.single(
        "realtime_presence_leases",
        Metric::Gauge,
        "Rooms of which a shard tells others who is there, because they asked; at most 65,536 each.",
        of_all(|shard| shard.leases),
    );
    page.single(
        "realtime_presence_leases_refused_total",
        Metric::Counter,
        "Questions about a room more than that: they are answered, but not told of changes.",
        of_all(|shard| shard.leases_refused),
    );
}

fn shards(page: &mut Exposition, shards: &[ShardFigures]) {
    type Figure = fn(&ShardFigures) -> u64;
    let families: [(&str, &str, Figure); 3] = [
        ("realtime_shard_connections", "Connections of each shard now.", |s| s.connections),
        ("realtime_shard_rooms", "Rooms with members on each shard now.", |s| s.rooms),
        ("realtime_shard_queued", "Frames that wait for slow connections now.", |s| s.queued),
    ];
    for (name, help, figure) in families {
        let samples = shards.iter().map(figure).enumerate();
        page.labelled(name, Metric::Gauge, help, "shard", samples);
    }
}

/// How busy the shards are, and whether one hangs.
fn turns(page: &mut Exposition, figures: &Figures) {
    page.histogram(
        "realtime_shard_turn_seconds",
        "Turns of the shards' loops; whoever comes in during one waits for its end.",
        &figures.turns,
    );
    let busy = figures.shards.iter().map(|shard| shard.busy.as_secs_f64()).enumerate();
    page.labelled(
        "realtime_shard_busy_seconds_total",
        Metric::Counter,
        "Time that each shard spent in turns.",
        "shard",
        busy,
    );
    let ages = figures.shards.iter().map(|shard| shard.turn_age.as_secs_f64()).enumerate();
    page.labelled(
        "realtime_shard_lag_seconds",
        Metric::Gauge,
        "How long the turn takes already that each shard is in; 0 between turns.",
        "shard",
        ages,
    );
}

/// What TLS is spoken with; nothing where the pod speaks none.
fn tls(page: &mut Exposition, certificate: Option<&LiveCertificate>) {
    if let Some(certificate) = certificate {
        page.single(
            "realtime_tls_certificate_expiration_timestamp_seconds",
            Metric::Gauge,
            "When the certificate ends that handshakes get now, in seconds since 1970.",
            certificate.not_after().as_secs(),
        );
    }
}

fn reloads(page: &mut Exposition, reloads: &Reloads) {
    page.labelled(
        "realtime_config_reloads_total",
        Metric::Counter,
        "How often settings were read again, by what became of it.",
        "result",
        reloads.counts(),
    );
    page.single(
        "realtime_config_last_reload_successful",
        Metric::Gauge,
        "0 where the settings were refused when they were read again last, else 1.",
        u8::from(!reloads.is_failing()),
    );
}

fn process(page: &mut Exposition, started_unix_seconds: f64, is_draining: bool) {
    page.single(
        "realtime_draining",
        Metric::Gauge,
        "1 once the pod is leaving, else 0.",
        u8::from(is_draining),
    );
    page.labelled(
        "realtime_build_info",
        Metric::Gauge,
        "1, with the version that runs.",
        "version",
        [(env!("CARGO_PKG_VERSION"), 1)],
    );
    page.single(
        "process_start_time_seconds",
        Metric::Gauge,
        "When the process started, in seconds since 1970.",
        format_args!("{started_unix_seconds:.3}"),
    );
    if let Some(bytes) = resident_bytes() {
        page.single(
            "process_resident_memory_bytes",
            Metric::Gauge,
            "Resident memory in bytes.",
            bytes,
        );
    }
}

/// What Linux says in `/proc/self/status`; `None` elsewhere.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
