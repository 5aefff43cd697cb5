//! A Redis that fails, in each way that an operator can have it fail.

use serde_json::json;
use stentor_testbed::Redis;

use crate::pod::{Pod, wait_until};
use crate::redis::{
    at, expect_all, expect_nothing_silent, metric, pod, say, say_all, wait_down, wait_for_metric,
    wait_up,
};

#[test]
fn a_redis_that_is_killed_and_started_again_costs_no_message() {
    let mut redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut members = [a.connect("/ws/general"), b.connect("/ws/general")];
    let mut speaker = a.connect("/ws");
    say_all(&mut speaker, "general", 0..100);
    members.iter_mut().for_each(|member| expect_all(member, 0..100));

    redis.kill();
    wait_down(&a);
    wait_down(&b);
    say_all(&mut speaker, "general", 100..200);
    expect_all(&mut members[0], 100..200);
    wait_for_metric(&a, "outage_buffer_messages", 100.0);
    assert!(metric(&a, "publish_errors") >= 100.0);
    assert_eq!(metric(&a, "up"), 0.0);

    redis.start_again();
    expect_all(&mut members[1], 100..200);
    wait_up(&a);
    wait_up(&b);
    say_all(&mut speaker, "general", 200..300);
    members.iter_mut().for_each(|member| expect_all(member, 200..300));
    wait_for_metric(&a, "messages_published_total", 300.0);
    assert_eq!(metric(&a, "outage_buffer_messages"), 0.0);
    assert_eq!(metric(&a, "messages_dropped_total"), 0.0);
    assert!(metric(&a, "reconnects_total") >= 1.0);
}

#[test]
fn a_redis_that_is_frozen_is_noticed_and_nothing_is_lost_in_silence() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut here = a.connect("/ws/general");
    let mut there = b.connect("/ws/general?events=1");
    let mut speaker = a.connect("/ws");
    say_all(&mut speaker, "general", 0..50);
    expect_nothing_silent(&mut there, 0, 49);

    // Its sockets stay open, so that only the probes can tell.
    redis.pause();
    say_all(&mut speaker, "general", 50..100);
    wait_down(&a);
    wait_down(&b);
    wait_for_metric(&a, "deaf_total", 1.0);
    wait_for_metric(&b, "deaf_total", 1.0);
    say_all(&mut speaker, "general", 100..200);
    expect_all(&mut here, 0..200);

    redis.resume();
    expect_nothing_silent(&mut there, 50, 199);
    wait_up(&a);
    wait_up(&b);
    say(&mut speaker, "general", 200);
    assert_eq!(expect_nothing_silent(&mut there, 200, 200), 1);
}

#[test]
fn subscribers_cut_ten_times_under_traffic_lose_nothing_in_silence() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut there = b.connect("/ws/general?events=1");
    let mut speaker = a.connect("/ws");
    // Who has never heard of a pod cannot miss it: they meet first.
    say(&mut speaker, "general", 0);
    assert_eq!(expect_nothing_silent(&mut there, 0, 0), 1);
    let mut said = 1;
    for cut in 1..=10 {
        say_all(&mut speaker, "general", said..said + 100);
        redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        say_all(&mut speaker, "general", said + 100..said + 200);
        said += 200;
        for pod in [&a, &b] {
            wait_for_metric(pod, "reconnects_total", f64::from(cut));
            wait_up(pod);
        }
    }
    say(&mut speaker, "general", said);
    let heard = expect_nothing_silent(&mut there, 1, said);
    let missed = metric(&b, "messages_missed_total") as u64;
    assert_eq!(heard + missed, said, "what is missing is counted");
}

#[test]
fn a_redis_that_is_absent_at_the_start_is_found_and_hears_what_was_said_before() {
    let mut redis = Redis::start();
    redis.kill();
    let (a, b) = (Pod::start(at(&redis.url())), Pod::start(at(&redis.url())));
    let mut members = [a.connect("/ws/general"), b.connect("/ws/general")];
    let mut speaker = a.connect("/ws");
    wait_for_metric(&a, "connect_attempts_total", 2.0);
    say_all(&mut speaker, "general", 0..50);
    expect_all(&mut members[0], 0..50);
    redis.start_again();
    expect_all(&mut members[1], 0..50);
    wait_up(&a);
    say(&mut speaker, "general", 50);
    members.iter_mut().for_each(|member| expect_all(member, 50..51));
}

#[test]
fn readyz_statistics_and_metrics_tell_the_truth_of_each_state() {
    let mut redis = Redis::start();
    let patient = pod(&redis);
    let strict = Pod::start(|settings| {
        at(&redis.url())(settings);
        settings.ready_requires_bus = true;
    });
    wait_up(&strict);
    let expect = |is_up: bool| {
        let (text, code) = if is_up { ("ready", 200) } else { ("degraded", 503) };
        for (pod, code) in [(&patient, 200), (&strict, code)] {
            let answer = pod.get("/readyz");
            assert_eq!((answer.status, answer.json()), (code, json!({ "status": text })));
            let live = pod.get("/healthz");
            assert_eq!((live.status, live.json()), (200, json!({"status": "ok"})));
            assert_eq!(pod.stats()["redis"], json!({"enabled": true, "connected": is_up}));
            assert_eq!(metric(pod, "up"), f64::from(u8::from(is_up)));
        }
    };
    expect(true);
    redis.kill();
    wait_down(&patient);
    wait_down(&strict);
    expect(false);
    redis.start_again();
    wait_up(&patient);
    wait_up(&strict);
    expect(true);
    wait_for_metric(&strict, "reconnects_total", 1.0);
}

#[test]
fn a_pod_that_was_told_of_no_redis_says_so() {
    let pod = Pod::start(|_| {});
    assert_eq!(pod.stats()["redis"], json!({"enabled": false, "connected": false}));
    assert_eq!(pod.get("/readyz").json(), json!({"status": "ready"}));
    let page = pod.get("/metrics").body;
    assert!(!page.contains("realtime_redis_up"), "{page}");
    assert!(page.contains("\nrealtime_redis_publish_errors 0\n"), "{page}");
}

#[test]
fn a_pod_ends_in_order_while_its_redis_is_gone() {
    let mut redis = Redis::start();
    let a = pod(&redis);
    redis.kill();
    wait_down(&a);
    let mut member = a.connect("/ws/general");
    say(&mut member, "general", 1);
    expect_all(&mut member, 1..2);
    a.stop();
    assert_eq!(member.next_close().0, 1001);
    drop(member);
    a.join().expect("a clean end");
}

#[test]
fn what_was_said_before_a_pod_ends_is_heard_on_the_other() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut member = b.connect("/ws/general");
    let mut speaker = a.connect("/ws");
    say_all(&mut speaker, "general", 0..500);
    wait_until("the pod to have taken all", || a.stats()["messages_received"] == 500);
    a.stop();
    expect_all(&mut member, 0..500);
    assert_eq!(speaker.next_close().0, 1001);
    drop(speaker);
    a.join().expect("a clean end");
}
