//! Clients that come back: what they missed, what they are promised, and that this is no lie.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use stentor_server::HistoryMode;

use crate::client::Client;
use crate::pod::{BASE, Pod, wait_until};
use crate::rooms::clients_on_both_shards;

/// Says texts in a room and hears each of them.
pub(crate) fn say_texts(speaker: &mut Client, room: &str, texts: &[&str]) -> Vec<Value> {
    let said = texts.iter().map(|text| {
        speaker.send_text(&json!({"room": room, "data": text}).to_string());
        speaker.next_json()
    });
    said.collect()
}

pub(crate) fn id(message: &Value) -> &str {
    message["id"].as_str().expect("an id")
}

/// Comes back behind a message; returns what `resume` says, and the client.
pub(crate) fn come_back(pod: &Pod, target: &str, last_id: &str) -> (Value, Client) {
    let mark = if target.contains('?') { '&' } else { '?' };
    let mut client = pod.connect(&format!("{target}{mark}last_id={last_id}"));
    assert_eq!(client.next_json()["data"]["event"], "welcome", "a real last_id implies events=1");
    let resume = client.next_json();
    assert_eq!(resume["data"]["event"], "resume", "{resume}");
    (resume["data"].clone(), client)
}

/// The texts of so many messages.
pub(crate) fn texts(client: &mut Client, count: usize) -> Vec<String> {
    let text = |message: Value| message["data"].as_str().expect("a text").to_owned();
    (0..count).map(|_| text(client.next_json())).collect()
}

#[test]
fn what_was_missed_comes_on_every_shard_and_then_what_is_said() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut speaker = pod.connect("/ws/a");
    let first = say_texts(&mut speaker, "a", &["1", "2"]);
    say_texts(&mut speaker, "a", &["3", "4", "5"]);
    // Sixteen sockets, which reach both shards but for one run in 30,000.
    let mut returned: Vec<Client> = Vec::new();
    for _ in 0..16 {
        let (resume, client) = come_back(&pod, "/ws/a", id(&first[1]));
        assert_eq!(
            resume,
            json!({"event": "resume", "recovered": true, "replayed": 3,
                                  "oldest_id": id(&first[0])})
        );
        returned.push(client);
    }
    say_texts(&mut speaker, "a", &["6"]);
    for client in &mut returned {
        assert_eq!(texts(client, 4), ["3", "4", "5", "6"]);
        client.expect_nothing();
    }
    let metrics = pod.get("/metrics").body;
    assert!(metrics.contains("realtime_resumes_total{result=\"recovered\"} 16"), "{metrics}");
    assert!(metrics.contains("realtime_messages_replayed_total 48"), "{metrics}");
    assert!(metrics.contains("realtime_history_messages 6"), "{metrics}");
}

#[test]
fn rooms_and_what_is_for_everybody_resume_together_and_backends_are_heard_too() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut speaker = pod.connect("/ws/a?room=b");
    let last = say_texts(&mut speaker, "b", &["b1"]).remove(0);
    say_texts(&mut speaker, "a", &["a2"]);
    let published = json!([
        {"room": "b", "type": "notification", "data": "b3"},
        {"type": "system", "data": "all4"},
        {"room": "elsewhere", "data": "not for it"},
    ]);
    assert_eq!(pod.post(&format!("{BASE}/messages"), &published.to_string()).status, 202);
    let mut heard = texts(&mut speaker, 2);
    // A room and everybody are two streams.
    heard.sort_unstable();
    assert_eq!(heard, ["all4", "b3"]);
    let (resume, mut client) = come_back(&pod, "/ws?room=a&room=b", id(&last));
    assert_eq!((&resume["recovered"], &resume["replayed"]), (&json!(true), &json!(3)));
    assert_eq!(texts(&mut client, 3), ["a2", "b3", "all4"]);
    client.expect_nothing();
}

#[test]
fn a_message_of_the_server_counts_by_its_time() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/a?events=1");
    let welcome = client.next_json();
    let mut speaker = pod.connect("/ws/a");
    say_texts(&mut speaker, "a", &["1", "2"]);
    drop(client);
    say_texts(&mut speaker, "a", &["3"]);
    let (resume, mut client) = come_back(&pod, "/ws/a", id(&welcome));
    assert_eq!((&resume["recovered"], &resume["replayed"]), (&json!(true), &json!(3)));
    assert_eq!(texts(&mut client, 3), ["1", "2", "3"]);
}

#[test]
fn an_unknown_id_brings_what_is_kept_and_says_that_something_may_be_missing() {
    let pod = Pod::start(|settings| settings.history.kept.size = 3);
    let mut speaker = pod.connect("/ws/a");
    let said = say_texts(&mut speaker, "a", &["1", "2", "3", "4", "5"]);
    for last_id in ["7f2d3c1e-5a6b-4c7d-8e9f-0a1b2c3d4e5f", id(&said[0])] {
        let (resume, mut client) = come_back(&pod, "/ws/a", last_id);
        assert_eq!(
            resume,
            json!({"event": "resume", "recovered": false, "replayed": 3,
                                  "oldest_id": id(&said[2])})
        );
        assert_eq!(texts(&mut client, 3), ["3", "4", "5"]);
        client.expect_nothing();
    }
}

#[test]
fn nothing_is_replayed_where_history_is_off() {
    let pod = Pod::start(|settings| settings.history.mode = HistoryMode::Off);
    let mut speaker = pod.connect("/ws/a");
    let said = say_texts(&mut speaker, "a", &["1", "2"]);
    let (resume, mut client) = come_back(&pod, "/ws/a", id(&said[0]));
    let nothing = json!({"event": "resume", "recovered": false, "replayed": 0, "oldest_id": null});
    assert_eq!(resume, nothing);
    client.expect_nothing();
}

#[test]
fn what_is_no_id_is_no_resume() {
    let pod = Pod::start(|_| {});
    for nothing in ["", "undefined", "null", "0", "%00", "7f2d3c1e"] {
        let mut client = pod.connect(&format!("/ws/a?last_id={nothing}"));
        client.expect_nothing();
    }
}

/// Talkers on both shards talk as fast as they are heard; a listener is cut off again and again,
/// wherever it is in the stream, and comes back to either shard. In the end it has had everything:
/// all of it is kept, so that is so too where a pod under such a load promises nothing.
#[test]
fn whoever_is_cut_off_again_and_again_under_fire_misses_nothing() {
    const CUTS: usize = 25;
    let pod = Pod::start(|settings| {
        settings.shards = 2;
        settings.rate_limit = 0;
        settings.history.kept.size = 16_384;
        settings.history.kept.ttl = Duration::from_secs(3_600);
    });
    let talkers = clients_on_both_shards(&pod, "/ws/a?room=b&echo=0");
    let is_over = Over::default();
    let (mut listener, said) = std::thread::scope(|scope| {
        let talking: Vec<_> = talkers
            .into_iter()
            .take(4)
            .enumerate()
            .map(|(number, mut talker)| {
                let is_over = Arc::clone(&is_over.0);
                scope.spawn(move || talk(&mut talker, number, &is_over))
            })
            .collect();
        let listener = Listener::with_cuts(&pod, CUTS, is_over);
        let said: Vec<usize> =
            talking.into_iter().map(|talker| talker.join().expect("it talks")).collect();
        (listener, said)
    });
    let texts = said
        .iter()
        .enumerate()
        .flat_map(|(talker, said)| (0..*said).map(move |number| format!("{talker}:{number}")));
    let all: BTreeSet<String> = texts.collect();
    // What is under way yet comes; what does not come though it was waited for is lost.
    wait_until("everything that was said", || {
        listener.hear_to_the_end(&pod);
        let missing: Vec<&String> = all.difference(&listener.heard).take(5).collect();
        if !missing.is_empty() {
            eprintln!("of {}: {missing:?} …, {:?}", all.len(), listener.events);
        }
        missing.is_empty()
    });
}

/// Ends the talking when it is dropped, by a failure too.
#[derive(Default)]
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Talks in turns in two rooms until it is over, and says how often it did.
fn talk(talker: &mut Client, number: usize, is_over: &AtomicBool) -> usize {
    const SAID_MAX: usize = 8_000;
    let mut said = 0;
    while said < SAID_MAX && !is_over.load(Ordering::Relaxed) {
        for _ in 0..10 {
            let room = if said % 2 == 0 { "a" } else { "b" };
            let data = format!("{number}:{said}");
            talker.send_text(&json!({"room": room, "data": data}).to_string());
            said += 1;
        }
        // What was sent is taken once this is answered: so nobody runs ahead of the pod.
        talker.send_text(r#"{"type":"ping"}"#);
        while talker.next_json()["type"] != "pong" {}
    }
    said
}

/// Somebody who hears two rooms.
struct Listener {
    client: Client,
    heard: BTreeSet<String>,
    last_id: String,
    /// What the server said of what was missed.
    events: Vec<Value>,
}

impl Listener {
    /// Hears them with cuts, and then lets the talkers come to their end.
    fn with_cuts(pod: &Pod, cuts: usize, _is_over: Over) -> Listener {
        let mut client = pod.connect("/ws?room=a&room=b&events=1");
        let last_id = id(&client.next_json()).to_owned();
        let mut listener = Listener { client, heard: BTreeSet::new(), last_id, events: Vec::new() };
        for cut in 0..cuts {
            (0..(cut * 37) % 400).for_each(|_| drop(listener.hear(pod)));
            listener.come_back(pod);
        }
        listener
    }

    /// Hears what was sent by now.
    fn hear_to_the_end(&mut self, pod: &Pod) {
        self.client.send_text(r#"{"type":"ping"}"#);
        while self.hear(pod)["type"] != "pong" {}
    }

    fn hear(&mut self, pod: &Pod) -> Value {
        let message = self.client.next_json();
        if let Some(text) = message["data"].as_str() {
            self.heard.insert(text.to_owned());
            self.last_id = id(&message).to_owned();
        }
        // It read too slowly, and is told: what it missed is kept.
        if message["data"]["event"] == "gap" {
            self.events.push(message["data"].clone());
            self.come_back(pod);
            self.client.send_text(r#"{"type":"ping"}"#);
        }
        message
    }

    /// Whatever lies unread in the old socket is lost with it.
    fn come_back(&mut self, pod: &Pod) {
        let (resume, client) = come_back(pod, "/ws?room=a&room=b", &self.last_id);
        self.events.push(resume);
        self.client = client;
    }
}
