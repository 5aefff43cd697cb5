//! The metrics of the way to other pods.
//!
//! A pod without Redis shows only that it has no errors: a gauge that says "down" there would be
//! an alarm for nothing.

use std::time::Duration;

use stentor_engine::bus::counters::{
    HistoryCounters, InboxCounters, LinkCounters, PipelineCounters, SubscriptionCounters,
};
use stentor_engine::bus::link::LinkState;
use stentor_engine::{Figures, ShardFigures};

use crate::http::exposition::{Exposition, Metric};

/// The families of a bus; `link` is `None` where the pod has none.
pub(super) fn bus(page: &mut Exposition, figures: &Figures, link: Option<LinkState>) {
    let counters = figures.bus.as_ref();
    let publish_errors = counters.map_or(0, |counters| publish_errors(&counters.pipeline));
    for name in ["realtime_redis_publish_errors", "realtime_redis_publish_errors_total"] {
        let help = "Messages that Redis did not take at once: no link, no answer or a refusal.";
        page.single(name, Metric::Counter, help, publish_errors);
    }
    let Some(counters) = counters else { return };
    let help = "Times that the bus failed by a fault of its own and was started anew.";
    page.single("realtime_redis_panics_total", Metric::Counter, help, counters.panics);
    let up = u8::from(link == Some(LinkState::Up));
    page.single("realtime_redis_up", Metric::Gauge, "1 while Redis is heard, else 0.", up);
    connection(page, &counters.link);
    way_out(page, &counters.pipeline);
    way_in(page, &counters.inbox);
    to_members(page, &figures.shards);
    subscriptions(page, &counters.subscriptions);
    history(page, &counters.history);
}

/// The messages that were not published when they were said, for whatever reason, each once. One
/// that is kept over an outage counts here too, though it may arrive later.
fn publish_errors(pipeline: &PipelineCounters) -> u64 {
    pipeline.failed + pipeline.overflowed
}

fn connection(page: &mut Exposition, link: &LinkCounters) {
    let LinkCounters { attempts, ups, deaf, probe_latency, .. } = *link;
    counters(
        page,
        &[
            ("connect_attempts", "Attempts to connect to Redis.", attempts),
            ("reconnects", "Times that Redis was heard again.", ups.saturating_sub(1)),
            ("deaf", "Links that were made anew because they passed nothing on.", deaf),
        ],
    );
    page.single(
        "realtime_redis_probe_latency_seconds",
        Metric::Gauge,
        "How long the last probe that came back took, through Redis and back.",
        seconds(probe_latency),
    );
}

fn way_out(page: &mut Exposition, pipeline: &PipelineCounters) {
    let PipelineCounters { published, dropped, overflowed, .. } = *pipeline;
    counters(
        page,
        &[
            ("messages_published", "Messages that Redis has taken.", published),
            (
                "messages_dropped",
                "Messages that no other pod will hear, because too much waited for too long.",
                dropped + overflowed,
            ),
        ],
    );
    let PipelineCounters { in_flight, waiting, waiting_bytes, .. } = *pipeline;
    gauges(
        page,
        &[
            ("in_flight", "Publishes that Redis has not answered yet.", in_flight),
            ("outage_buffer_messages", "Messages that wait for Redis.", waiting),
            ("outage_buffer_bytes", "What they weigh.", waiting_bytes),
        ],
    );
}

fn way_in(page: &mut Exposition, inbox: &InboxCounters) {
    let InboxCounters { delivered, foreign, echoes, duplicates, late, .. } = *inbox;
    let InboxCounters { rubbish, missed, gaps, .. } = *inbox;
    counters(
        page,
        &[
            ("messages_heard", "Messages of other pods that were delivered.", delivered),
            ("messages_foreign", "Messages of other programs that were delivered.", foreign),
            ("messages_echoed", "Messages of this pod itself, ignored.", echoes),
            (
                "messages_duplicate",
                "Messages heard before, or too late; ignored.",
                duplicates + late,
            ),
            ("messages_missed", "Messages of other pods known to be lost.", missed),
            ("gaps", "Times that messages of another pod were found to be lost.", gaps),
            ("payloads_rubbish", "Payloads that are no message, ignored.", rubbish),
        ],
    );
}

fn to_members(page: &mut Exposition, shards: &[ShardFigures]) {
    let sum = |figure: fn(&ShardFigures) -> u64| shards.iter().map(figure).sum();
    counters(
        page,
        &[
            ("gaps_told", "Members told of a gap.", sum(|shard| shard.gaps_told)),
            (
                "gaps_untold",
                "Members not told of a gap, because they hear no events.",
                sum(|shard| shard.gaps_untold),
            ),
            (
                "batches_lagged",
                "Batches of messages that a shard was too slow for.",
                sum(|shard| shard.batches_missed),
            ),
        ],
    );
}

fn subscriptions(page: &mut Exposition, subscriptions: &SubscriptionCounters) {
    let SubscriptionCounters { desired, confirmed, forbidden, away, .. } = *subscriptions;
    let SubscriptionCounters { waiting, overdue, failures, .. } = *subscriptions;
    gauges(
        page,
        &[
            ("subscriptions", "Channels that Redis has confirmed.", confirmed),
            ("subscriptions_wanted", "Channels that are to be heard.", desired),
            ("subscriptions_forbidden", "Channels that Redis forbids.", forbidden),
            ("subscriptions_away", "Channels whose node of the cluster is not heard.", away),
            ("joins_waiting", "Handshakes that wait for a subscription.", waiting),
        ],
    );
    counters(
        page,
        &[
            ("joins_overdue", "Handshakes answered before their subscription was there.", overdue),
            ("subscription_failures", "Commands to subscribe that failed.", failures),
        ],
    );
}

fn history(page: &mut Exposition, history: &HistoryCounters) {
    let HistoryCounters { appended, errors, reads, answered, .. } = *history;
    let HistoryCounters { unanswered, rubbish, waiting, .. } = *history;
    gauges(page, &[("history_waiting", "Who waits for a history that Redis keeps.", waiting)]);
    counters(
        page,
        &[
            ("history_appended", "Messages that Redis took into a history.", appended),
            ("history_errors", "Commands for a history that Redis did not take.", errors),
            ("history_reads", "Histories read from Redis.", reads),
            ("history_answered", "Those who asked for a history and got it.", answered),
            ("history_unanswered", "Those who asked for a history in vain.", unanswered),
            ("history_rubbish", "Entries of histories that are no message.", rubbish),
        ],
    );
}

/// Counters by the middle of their names.
fn counters(page: &mut Exposition, families: &[(&str, &str, u64)]) {
    for (name, help, value) in families {
        page.single(&format!("realtime_redis_{name}_total"), Metric::Counter, help, value);
    }
}

/// Gauges by the end of their names.
fn gauges(page: &mut Exposition, families: &[(&str, &str, u64)]) {
    for (name, help, value) in families {
        page.single(&format!("realtime_redis_{name}"), Metric::Gauge, help, value);
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.6}", duration.as_secs_f64())
}

#[cfg(test)]
mod tests;
