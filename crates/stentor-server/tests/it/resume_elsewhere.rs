//! Clients that come back to another pod than they left, with Redis between the two.

use std::time::Duration;

use serde_json::{Value, json};
use stentor_server::{HistoryMode, Settings};
use stentor_testbed::Redis;

use crate::client::Client;
use crate::pod::{Pod, wait_until};
use crate::redis::{at, pod, wait_down, wait_for_metric, wait_up};
use crate::resume::{come_back, id, say_texts, texts};

/// A pod whose rooms are kept at this Redis too.
pub(crate) fn keeping(redis: &Redis) -> Pod {
    redis.wait_until_settled();
    let tell = at(&redis.url());
    let pod = Pod::start(|settings: &mut Settings| {
        tell(settings);
        settings.history.mode = HistoryMode::Redis;
        settings.history.kept.at_redis = true;
    });
    wait_up(&pod);
    pod
}

/// The texts that follow `resume`, so many of them.
fn replayed(resume: &Value, client: &mut Client) -> Vec<String> {
    let count = resume["replayed"].as_u64().expect("a number");
    texts(client, usize::try_from(count).expect("a few"))
}

#[test]
fn a_pod_that_hears_the_room_has_what_was_missed_on_the_other() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut here = b.connect("/ws/a");
    let mut speaker = a.connect("/ws/a");
    wait_up(&b);
    // Before a second is over it cannot be known what was said before, and a pod that stood still
    // promises nothing. Nor can it where a second's messages are more than a room keeps: hence the
    // pause.
    wait_until("a promise", || {
        std::thread::park_timeout(Duration::from_millis(100));
        let last = say_texts(&mut speaker, "a", &["x"]).remove(0);
        while here.next_json()["id"] != last["id"] {}
        say_texts(&mut speaker, "a", &["1", "2", "3"]);
        let (resume, mut client) = come_back(&b, "/ws/a", id(&last));
        say_texts(&mut speaker, "a", &["4"]);
        let mut heard: Vec<String> = Vec::new();
        while heard.last().is_none_or(|text| text != "4") {
            heard.extend(texts(&mut client, 1));
        }
        let is_promised = resume["recovered"] == true;
        // It may begin a second early: what was heard before stands in front.
        let is_kept = heard.ends_with(&["1", "2", "3", "4"].map(str::to_owned));
        assert!(is_kept || !is_promised, "{resume} {heard:?}");
        is_promised
    });
}

#[test]
fn a_pod_that_did_not_hear_the_room_promises_nothing() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut speaker = a.connect("/ws/a");
    let last = say_texts(&mut speaker, "a", &["1", "2"]).remove(0);
    // What is published later the other pod hears live.
    wait_for_metric(&a, "messages_published_total", 2.0);
    let (resume, mut client) = come_back(&b, "/ws/a", id(&last));
    assert_eq!(resume["recovered"], false);
    client.expect_nothing();
}

#[test]
fn with_history_at_redis_any_pod_has_what_was_missed_also_one_that_begins_later() {
    let redis = Redis::start();
    let a = keeping(&redis);
    let mut speaker = a.connect("/ws/a");
    let last = say_texts(&mut speaker, "a", &["1", "2"]).remove(1);
    say_texts(&mut speaker, "a", &["3", "4", "5"]);
    drop(a);
    let b = keeping(&redis);
    let (resume, mut client) = come_back(&b, "/ws/a", id(&last));
    assert_eq!(resume["recovered"], true, "{resume}");
    let heard = replayed(&resume, &mut client);
    assert!(heard.ends_with(&["3", "4", "5"].map(str::to_owned)), "{heard:?}");
    // From here on it is a member like any other, and what it hears is no repeat.
    let mut speaker = b.connect("/ws/a");
    say_texts(&mut speaker, "a", &["6"]);
    assert_eq!(texts(&mut client, 1), ["6"]);
    client.expect_nothing();
}

#[test]
fn with_history_at_redis_an_unknown_id_brings_all_that_is_kept() {
    let redis = Redis::start();
    let a = keeping(&redis);
    let mut speaker = a.connect("/ws/a");
    let said = say_texts(&mut speaker, "a", &["1", "2"]);
    let b = keeping(&redis);
    let (resume, mut client) = come_back(&b, "/ws/a", "7f2d3c1e-5a6b-4c7d-8e9f-0a1b2c3d4e5f");
    assert_eq!(
        resume,
        json!({"event": "resume", "recovered": false, "replayed": 2,
                              "oldest_id": id(&said[0])})
    );
    assert_eq!(texts(&mut client, 2), ["1", "2"]);
}

#[test]
fn where_redis_does_not_answer_memory_does_and_promises_nothing() {
    let redis = Redis::start();
    let pod = keeping(&redis);
    let mut speaker = pod.connect("/ws/a");
    let said = say_texts(&mut speaker, "a", &["1", "2"]);
    // Its sockets stay open: who asks now waits until the link is found deaf, who asks later for
    // nothing.
    redis.pause();
    let unknown = "7f2d3c1e-5a6b-4c7d-8e9f-0a1b2c3d4e5f";
    let expected = json!({"event": "resume", "recovered": false, "replayed": 2,
                          "oldest_id": id(&said[0])});
    let (resume, mut client) = come_back(&pod, "/ws/a", unknown);
    assert_eq!(resume, expected);
    assert_eq!(texts(&mut client, 2), ["1", "2"]);
    wait_down(&pod);
    let (resume, mut client) = come_back(&pod, "/ws/a", unknown);
    assert_eq!(resume, expected);
    assert_eq!(texts(&mut client, 2), ["1", "2"]);
    say_texts(&mut speaker, "a", &["3"]);
    assert_eq!(texts(&mut client, 1), ["3"]);
    redis.resume();
    wait_up(&pod);
}

#[test]
fn what_waits_for_redis_is_not_missing_in_what_is_read_from_it() {
    let redis = Redis::start();
    let pod = keeping(&redis);
    let mut speaker = pod.connect("/ws/a");
    wait_up(&pod);
    let last = say_texts(&mut speaker, "a", &["before"]).remove(0);
    redis.pause();
    wait_down(&pod);
    say_texts(&mut speaker, "a", &["1", "2", "3"]);
    redis.resume();
    pod.wait_for_stats("redis to be heard", |stats| stats["redis"]["connected"] == true);
    // What was kept over the outage goes out a while after that.
    let (resume, mut client) = come_back(&pod, "/ws/a", id(&last));
    let heard = replayed(&resume, &mut client);
    assert!(heard.ends_with(&["1", "2", "3"].map(str::to_owned)), "{resume} {heard:?}");
}
