use std::time::Duration;

use stentor_engine::bus::counters::{Counters, HistoryCounters};

use super::*;
use crate::http::exposition::tests::check;

fn page(counters: Option<Counters>, link: Option<LinkState>) -> String {
    page_of(&Figures { bus: counters, ..Figures::default() }, link)
}

fn page_of(figures: &Figures, link: Option<LinkState>) -> String {
    let mut page = Exposition::default();
    bus(&mut page, figures, link);
    page.into_text()
}

#[test]
fn a_pod_without_redis_shows_no_link_that_could_be_down() {
    let page = page(None, None);
    let samples = check(&page).expect("a valid page");
    assert_eq!(samples.len(), 2, "{page}");
    assert_eq!(samples["realtime_redis_publish_errors"], 0.0);
    assert_eq!(samples["realtime_redis_publish_errors_total"], 0.0);
}

#[test]
fn a_link_is_up_only_when_it_is_proven() {
    for (link, up) in [
        (LinkState::Up, 1.0),
        (LinkState::Connecting, 0.0),
        (LinkState::Deaf, 0.0),
        (LinkState::Down, 0.0),
    ] {
        let page = page(Some(Counters::default()), Some(link));
        assert_eq!(check(&page).expect("a valid page")["realtime_redis_up"], up, "{link:?}");
    }
}

#[test]
fn every_figure_stands_in_a_family_of_its_own() {
    let mut figures = 0;
    let mut next = || {
        figures += 1;
        1_u64 << figures
    };
    let counters = Counters {
        pipeline: PipelineCounters {
            failed: next(),
            overflowed: next(),
            published: next(),
            dropped: next(),
            waiting: next(),
            waiting_bytes: next(),
            in_flight: next(),
            ..PipelineCounters::default()
        },
        inbox: InboxCounters {
            delivered: next(),
            foreign: next(),
            echoes: next(),
            duplicates: next(),
            late: next(),
            rubbish: next(),
            missed: next(),
            gaps: next(),
            ..InboxCounters::default()
        },
        subscriptions: SubscriptionCounters {
            desired: next(),
            confirmed: next(),
            forbidden: next(),
            away: next(),
            failures: next(),
            waiting: next(),
            overdue: next(),
            ..SubscriptionCounters::default()
        },
        link: LinkCounters {
            attempts: next(),
            ups: next(),
            deaf: next(),
            probe_latency: Duration::from_micros(1_500),
            ..LinkCounters::default()
        },
        history: HistoryCounters {
            appended: next(),
            errors: next(),
            reads: next(),
            answered: next(),
            unanswered: next(),
            rubbish: next(),
            waiting: next(),
        },
        panics: next(),
    };
    let shard = ShardFigures {
        gaps_told: next(),
        gaps_untold: next(),
        batches_missed: next(),
        ..ShardFigures::default()
    };
    let shards = vec![shard; 2];
    let figures = Figures { bus: Some(counters), shards, ..Figures::default() };
    let page = page_of(&figures, Some(LinkState::Up));
    let samples = check(&page).expect("a valid page");
    let (pipeline, inbox) = (counters.pipeline, counters.inbox);
    let (subscriptions, link) = (counters.subscriptions, counters.link);
    let history = counters.history;
    let errors = pipeline.failed + pipeline.overflowed;
    for (name, value) in [
        ("publish_errors", errors),
        ("publish_errors_total", errors),
        ("connect_attempts_total", link.attempts),
        ("reconnects_total", link.ups - 1),
        ("deaf_total", link.deaf),
        ("messages_published_total", pipeline.published),
        ("messages_dropped_total", pipeline.dropped + pipeline.overflowed),
        ("in_flight", pipeline.in_flight),
        ("outage_buffer_messages", pipeline.waiting),
        ("outage_buffer_bytes", pipeline.waiting_bytes),
        ("messages_heard_total", inbox.delivered),
        ("messages_foreign_total", inbox.foreign),
        ("messages_echoed_total", inbox.echoes),
        ("messages_duplicate_total", inbox.duplicates + inbox.late),
        ("messages_missed_total", inbox.missed),
        ("gaps_total", inbox.gaps),
        ("payloads_rubbish_total", inbox.rubbish),
        ("gaps_told_total", 2 * shard.gaps_told),
        ("gaps_untold_total", 2 * shard.gaps_untold),
        ("batches_lagged_total", 2 * shard.batches_missed),
        ("subscriptions", subscriptions.confirmed),
        ("subscriptions_wanted", subscriptions.desired),
        ("subscriptions_forbidden", subscriptions.forbidden),
        ("subscriptions_away", subscriptions.away),
        ("joins_waiting", subscriptions.waiting),
        ("joins_overdue_total", subscriptions.overdue),
        ("subscription_failures_total", subscriptions.failures),
        ("history_appended_total", history.appended),
        ("history_errors_total", history.errors),
        ("history_reads_total", history.reads),
        ("history_answered_total", history.answered),
        ("history_unanswered_total", history.unanswered),
        ("history_rubbish_total", history.rubbish),
        ("history_waiting", history.waiting),
        ("panics_total", counters.panics),
        ("up", 1),
    ] {
        assert_eq!(samples[&format!("realtime_redis_{name}")], value as f64, "{name}");
    }
    assert_eq!(samples["realtime_redis_probe_latency_seconds"], 0.0015);
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').expect("a name and its type");
        let is_counter = kind == "counter" && name != "realtime_redis_publish_errors";
        assert_eq!(name.ends_with("_total"), is_counter, "{line}");
    }
}

#[test]
fn what_is_kept_over_an_outage_is_an_error_as_well() {
    let pipeline = PipelineCounters { failed: 5, ..PipelineCounters::default() };
    let page = page(Some(Counters { pipeline, ..Counters::default() }), Some(LinkState::Down));
    assert!(page.contains("\nrealtime_redis_publish_errors 5\n"), "{page}");
}
