//! What a Redis says of itself, and what that means for pods.

#[cfg(test)]
mod tests;

use std::time::Duration;

use stentor_engine::bus::mode::Mode;
use stentor_engine::bus::survey::{Answers, OutputLimit, Server};

use super::finding::{Finding, Verdict};

/// The first version whose behaviour is tested, and that has sharded channels.
const VERSION_MIN: u32 = 7;

/// What a burst to a pod may take at Redis, in bytes, as `deploy/TUNING.md` has it.
const HARD_BYTES_MIN: u64 = 256 << 20;
const SOFT_BYTES_MIN: u64 = 64 << 20;

/// Each message to another pod takes one round trip, half of it either way.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(5);

/// What the replay of a history bears with: it begins a second early.
const CLOCK_MICROS_MAX: u64 = 500_000;

/// What the settings use Redis for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Uses {
    /// `HISTORY=redis`.
    pub(super) keeps_history: bool,
    pub(super) mode: Mode,
}

/// Nobody says which servers there are.
pub(super) fn unreachable(address: &str, why: &str) -> Finding {
    let advice = format!("{why}: pods start without it, and hear each other once it is there");
    Finding::new(Verdict::Fail, "redis", address, advice)
}

/// What one server says; its name comes first.
pub(super) fn findings(server: &Server, uses: Uses) -> Vec<Finding> {
    let answers = match &server.answers {
        Ok(answers) => answers,
        Err(why) => return vec![unreachable(&server.name, why)],
    };
    vec![
        Finding::ok("redis", &*server.name, "it answers, and lets this user in"),
        version(answers, uses),
        round_trip(answers.round_trip),
        output_limit(answers),
        memory_policy(answers, uses),
        clock(answers),
    ]
}

fn version(answers: &Answers, uses: Uses) -> Finding {
    const NAME: &str = "redis version";
    let version = match &answers.version {
        Ok(version) => version,
        Err(refusal) => return not_told(NAME, refusal),
    };
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= VERSION_MIN => Finding::ok(NAME, version, "7 or newer is tested"),
        _ if uses.mode == Mode::Sharded => {
            Finding::new(Verdict::Fail, NAME, version, "REDIS_SHARDED takes 7 or newer")
        }
        _ => Finding::warn(NAME, version, "nothing before 7 is tested"),
    }
}

fn round_trip(round_trip: Duration) -> Finding {
    let value = format!("{:.2} ms", round_trip.as_secs_f64() * 1e3);
    let advice = "so much later other pods hear a message";
    let verdict = if round_trip > ROUND_TRIP_MAX { Verdict::Warn } else { Verdict::Ok };
    Finding::new(verdict, "redis round trip", value, advice)
}

fn output_limit(answers: &Answers) -> Finding {
    const NAME: &str = "redis pubsub limit";
    let OutputLimit { hard_bytes, soft_bytes, soft_seconds } = match answers.pubsub_limit {
        Ok(limit) => limit,
        Err(ref refusal) => return not_told(NAME, refusal),
    };
    let value = format!("{} MiB, {} MiB for {soft_seconds} s", hard_bytes >> 20, soft_bytes >> 20);
    // 0 is no limit.
    let is_narrow =
        (1..HARD_BYTES_MIN).contains(&hard_bytes) || (1..SOFT_BYTES_MIN).contains(&soft_bytes);
    if is_narrow {
        let advice = "a burst cuts the pod off: \
                      CONFIG SET client-output-buffer-limit \"pubsub 256mb 64mb 60\"";
        Finding::warn(NAME, value, advice)
    } else {
        Finding::ok(NAME, value, "wide enough for a burst to a pod")
    }
}

fn memory_policy(answers: &Answers, uses: Uses) -> Finding {
    const NAME: &str = "redis maxmemory";
    let (most, policy) = match (&answers.memory_max, &answers.memory_policy) {
        (Ok(most), Ok(policy)) => (*most, policy),
        (Err(refusal), _) | (_, Err(refusal)) => return not_told(NAME, refusal),
    };
    let value = if most == 0 { "none".to_owned() } else { format!("{} MiB, {policy}", most >> 20) };
    match policy.as_str() {
        _ if !uses.keeps_history => Finding::ok(NAME, value, "pods keep nothing there"),
        _ if most == 0 => Finding::ok(NAME, value, "nothing of the history is evicted"),
        "noeviction" => {
            let advice = "where it is full nothing more is kept of the history: leave room for it";
            Finding::warn(NAME, value, advice)
        }
        _ => {
            let advice = "where it is full, histories are evicted before HISTORY_TTL: set noeviction \
                          and leave room for them";
            Finding::warn(NAME, value, advice)
        }
    }
}

fn clock(answers: &Answers) -> Finding {
    const NAME: &str = "redis clock";
    let ahead = match answers.clock_ahead_micros {
        Ok(ahead) => ahead,
        Err(ref refusal) => return not_told(NAME, refusal),
    };
    let sign = if ahead < 0 { '-' } else { '+' };
    let value = format!("{sign}{:.1} ms", ahead.unsigned_abs() as f64 / 1e3);
    if ahead.unsigned_abs() > CLOCK_MICROS_MAX {
        let advice = "clocks differ: who resumes on another pod may miss messages; run NTP on all";
        Finding::warn(NAME, value, advice)
    } else {
        Finding::ok(
            NAME,
            value,
            "as this machine's, so that ids of all pods are in the order of time",
        )
    }
}

fn not_told(name: &'static str, refusal: &str) -> Finding {
    let advice = format!("not judged, this user may not ask: {refusal}");
    Finding::warn(name, "unknown", advice)
}
