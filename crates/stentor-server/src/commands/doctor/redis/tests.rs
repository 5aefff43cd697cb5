use std::time::Duration;

use stentor_engine::bus::mode::Mode;
use stentor_engine::bus::survey::{Answers, OutputLimit, Server};

use super::super::finding::Verdict;
use super::{Uses, findings};

const CHAT: Uses = Uses { keeps_history: false, mode: Mode::Classic };
const HISTORY: Uses = Uses { keeps_history: true, mode: Mode::Classic };
const SHARDED: Uses = Uses { keeps_history: false, mode: Mode::Sharded };

fn good() -> Answers {
    Answers {
        version: Ok("7.2.4".to_owned()),
        pubsub_limit: Ok(OutputLimit {
            hard_bytes: 256 << 20,
            soft_bytes: 64 << 20,
            soft_seconds: 60,
        }),
        memory_max: Ok(0),
        memory_policy: Ok("noeviction".to_owned()),
        round_trip: Duration::from_micros(200),
        clock_ahead_micros: Ok(-1_500),
    }
}

/// The finding of this name says this.
#[track_caller]
fn assert_found(answers: Answers, uses: Uses, name: &str, verdict: Verdict, text: &str) {
    let server = Server { name: "h:6379".to_owned(), answers: Ok(answers) };
    let found = findings(&server, uses);
    let finding = found.iter().find(|finding| finding.name == name).expect("a finding");
    assert_eq!(finding.verdict, verdict, "{finding:?}");
    let shown = format!("{}  {}", finding.value, finding.advice);
    assert!(shown.contains(text), "{shown}");
}

#[test]
fn a_redis_as_the_guide_has_it_is_all_right() {
    for uses in [CHAT, HISTORY, SHARDED] {
        let server = Server { name: "h:6379".to_owned(), answers: Ok(good()) };
        for finding in findings(&server, uses) {
            assert_eq!(finding.verdict, Verdict::Ok, "{finding:?}");
        }
    }
    assert_found(good(), CHAT, "redis clock", Verdict::Ok, "-1.5 ms");
}

#[test]
fn an_old_version_warns_and_fails_where_channels_are_sharded() {
    let old = |text: &str| Answers { version: Ok(text.to_owned()), ..good() };
    assert_found(old("6.2.14"), CHAT, "redis version", Verdict::Warn, "6.2.14");
    assert_found(old("6.2.14"), SHARDED, "redis version", Verdict::Fail, "REDIS_SHARDED");
    assert_found(old("255.255.255"), SHARDED, "redis version", Verdict::Ok, "255");
    assert_found(old("new"), CHAT, "redis version", Verdict::Warn, "new");
}

#[test]
fn a_narrow_output_limit_warns_and_none_does_not() {
    let limit = |hard_bytes, soft_bytes| Answers {
        pubsub_limit: Ok(OutputLimit { hard_bytes, soft_bytes, soft_seconds: 60 }),
        ..good()
    };
    let name = "redis pubsub limit";
    assert_found(limit(32 << 20, 8 << 20), CHAT, name, Verdict::Warn, "pubsub 256mb 64mb 60");
    assert_found(limit(256 << 20, 8 << 20), CHAT, name, Verdict::Warn, "8 MiB for 60 s");
    assert_found(limit(0, 0), CHAT, name, Verdict::Ok, "wide enough");
}

#[test]
fn eviction_matters_where_the_history_is_there() {
    let bounded = |policy: &str| Answers {
        memory_max: Ok(100 << 20),
        memory_policy: Ok(policy.to_owned()),
        ..good()
    };
    let name = "redis maxmemory";
    assert_found(bounded("allkeys-lru"), CHAT, name, Verdict::Ok, "keep nothing");
    assert_found(bounded("allkeys-lru"), HISTORY, name, Verdict::Warn, "before HISTORY_TTL");
    assert_found(bounded("noeviction"), HISTORY, name, Verdict::Warn, "100 MiB, noeviction");
}

#[test]
fn a_far_server_and_another_time_warn() {
    let far = Answers { round_trip: Duration::from_millis(20), ..good() };
    assert_found(far, CHAT, "redis round trip", Verdict::Warn, "20.00 ms");
    let early = Answers { clock_ahead_micros: Ok(2_000_000), ..good() };
    assert_found(early, CHAT, "redis clock", Verdict::Warn, "+2000.0 ms");
}

#[test]
fn what_the_user_may_not_ask_is_told_and_not_judged() {
    let refusal = || "NOPERM this user has no permissions".to_owned();
    let refused = Answers {
        pubsub_limit: Err(refusal()),
        memory_policy: Err(refusal()),
        clock_ahead_micros: Err(refusal()),
        version: Err(refusal()),
        ..good()
    };
    for name in ["redis version", "redis pubsub limit", "redis maxmemory", "redis clock"] {
        assert_found(refused.clone(), HISTORY, name, Verdict::Warn, "NOPERM");
    }
}

#[test]
fn a_server_that_does_not_answer_fails_in_one_line() {
    let server = Server { name: "h:6379".to_owned(), answers: Err("no answer".to_owned()) };
    let found = findings(&server, CHAT);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].verdict, &*found[0].value), (Verdict::Fail, "h:6379"));
    assert!(found[0].advice.contains("no answer"));
}
