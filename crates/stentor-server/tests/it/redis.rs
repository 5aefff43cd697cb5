//! Pods with a Redis between them.

use serde_json::Value;
use stentor_server::{Arguments, Settings};
use stentor_testbed::Redis;

use crate::client::Client;
use crate::pod::{Pod, wait_until};

/// Tells a pod of the Redis at this URL, as `REDIS_URL` does, and lets clients speak as they like.
pub(crate) fn at(url: &str) -> impl FnOnce(&mut Settings) + use<> {
    let arguments = Arguments { redis_url: Some(url.to_owned()), ..Arguments::default() };
    let told = Settings::read(&arguments).expect("a URL of a Redis");
    move |settings| {
        settings.bus = told.bus;
        settings.rate_limit = 0;
    }
}

/// A pod that hears this Redis.
pub(crate) fn pod(redis: &Redis) -> Pod {
    let pod = Pod::start(at(&redis.url()));
    wait_up(&pod);
    pod
}

/// Waits until the pod hears its Redis and all channels that it wants.
pub(crate) fn wait_up(pod: &Pod) {
    pod.wait_for_stats("redis to be heard", |stats| stats["redis"]["connected"] == true);
    wait_until("all channels to be heard", || {
        let page = pod.get("/metrics").body;
        let wanted = metric_of(&page, "subscriptions_wanted");
        wanted >= 1.0 && metric_of(&page, "subscriptions") == wanted
    });
}

/// Waits until the pod knows that it does not hear its Redis.
pub(crate) fn wait_down(pod: &Pod) {
    pod.wait_for_stats("redis to be missed", |stats| stats["redis"]["connected"] == false);
}

/// The value of `realtime_redis_{name}`.
pub(crate) fn metric(pod: &Pod, name: &str) -> f64 {
    metric_of(&pod.get("/metrics").body, name)
}

/// Waits until `realtime_redis_{name}` is at least `least`.
pub(crate) fn wait_for_metric(pod: &Pod, name: &str, least: f64) {
    wait_until(name, || metric(pod, name) >= least);
}

fn metric_of(page: &str, name: &str) -> f64 {
    let series = format!("realtime_redis_{name} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&series));
    value.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
}

/// What another program does: a plain `PUBLISH`.
pub(crate) fn publish(redis: &Redis, channel: &str, payload: impl AsRef<[u8]>) {
    let words: [&[u8]; 3] = [b"PUBLISH", channel.as_bytes(), payload.as_ref()];
    let reply = redis.command(&words);
    assert!(reply.number().is_some(), "{reply:?}");
}

/// Says this number in the room.
pub(crate) fn say(client: &mut Client, room: &str, number: u64) {
    client.send_text(&format!(r#"{{"room":"{room}","data":{number}}}"#));
}

/// Says these numbers in the room.
pub(crate) fn say_all(client: &mut Client, room: &str, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| say(client, room, number));
}

/// Hears these numbers and nothing between them.
#[track_caller]
pub(crate) fn expect_all(client: &mut Client, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let message = client.next_json();
        assert_eq!(message["data"], number, "{message}");
    }
}

/// Hears messages of a client with `events=1` up to this number: each once and in order, and
/// where numbers are missing a `gap` came before the next.
///
/// Gives how many were heard.
#[track_caller]
pub(crate) fn expect_nothing_silent(client: &mut Client, first: u64, last: u64) -> u64 {
    let (mut next, mut heard, mut gap) = (first, 0, false);
    while next <= last {
        let message = client.next_json();
        match (&message["type"], message["data"].as_u64()) {
            (Value::String(kind), _) if kind == "system" => {
                gap |= message["data"]["event"] == "gap";
            }
            (_, Some(number)) => {
                assert!(number >= next, "{number} after {next} was due: doubled or too late");
                assert!(number == next || gap, "{next} to {number} are missing without a gap");
                (next, heard, gap) = (number + 1, heard + 1, false);
            }
            _ => panic!("what is this? {message}"),
        }
    }
    heard
}
