//! What the server says and takes, against the schemas of `/asyncapi.json`.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use stentor_server::Settings;
use stentor_server::engine::SlowConsumer;
use stentor_server::identity::{Keys, Rules, now_unix_millis};
use stentor_server::settings::IdentitySettings;
use stentor_testbed::Redis;
use stentor_wire::error_code::ErrorCode;

use crate::client::Client;
use crate::forge::{SECRET, token};
use crate::pod::{BASE, DEADLINE, Pod};
use crate::{redis, resume_elsewhere, slow};

/// The description of a pod, read as a client's author does.
pub(crate) struct Shapes(Value);

impl Shapes {
    pub(crate) fn of(pod: &Pod) -> Shapes {
        Shapes(pod.get("/asyncapi.json").json())
    }

    fn fault(&self, name: &str, document: &Value) -> Option<String> {
        let root = json!({
            "allOf": [{ "$ref": format!("#/components/schemas/{name}") }],
            "components": { "schemas": self.0["components"]["schemas"] },
        });
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft7)
            .should_validate_formats(true)
            .build(&root)
            .expect("a schema");
        validator.validate(document).err().map(|fault| format!("{name}: {fault}: {document}"))
    }

    /// Fails where the document has not this shape.
    pub(crate) fn judge(&self, name: &str, document: &Value) {
        assert_eq!(self.fault(name, document), None);
    }

    /// Finds the frame's message among those that a client may hear, by its type or its event, and
    /// fails where there is none or the frame has another shape. Returns that word.
    pub(crate) fn judge_frame(&self, frame: &Value) -> String {
        let event = frame["data"]["event"].as_str().filter(|_| frame["type"] == "system");
        let word = event.or(frame["type"].as_str()).expect("a type");
        let heard = ["hear", "hear_answers", "hear_events"].iter().flat_map(|operation| {
            self.0["operations"][operation]["messages"].as_array().expect("messages")
        });
        let name = heard
            .filter_map(|message| message["$ref"].as_str()?.rsplit('/').next())
            .find(|name| self.0["components"]["messages"][name]["title"] == word)
            .unwrap_or_else(|| panic!("{word} is not described"));
        self.judge(name, frame);
        self.judge("HeardMessage", frame);
        word.to_owned()
    }
}

/// Sends a text and judges all that comes back before the answer to a ping behind it. Returns the
/// words of that, and the codes of errors.
fn answers(client: &mut Client, shapes: &Shapes, text: &str) -> Vec<String> {
    client.send_text(text);
    client.send_text(r#"{"type":"ping","data":"the end"}"#);
    let mut words = Vec::new();
    loop {
        let frame = client.next_json();
        let word = shapes.judge_frame(&frame);
        if word == "pong" && frame["data"] == "the end" {
            return words;
        }
        words.push(match frame["data"]["code"].as_str() {
            Some(code) if word == "error" => code.to_owned(),
            _ => word,
        });
    }
}

pub(crate) fn with_tokens(settings: &mut Settings) {
    let keys = Keys::default().with_secret(SECRET.as_bytes()).expect("a secret");
    let rules = Rules::default();
    settings.identity = Some(IdentitySettings { is_required: true, keys, rules, jwks_file: None });
}

/// A token of alice that is good for so many seconds and only in rooms called `team-…`.
fn alice(seconds: u64) -> String {
    let exp = now_unix_millis() / 1_000 + seconds;
    token("HS256", &format!(r#"{{"sub":"alice","exp":{exp},"rooms":["team-*"]}}"#))
}

/// A token of somebody that is good for ten minutes, in all rooms.
pub(crate) fn token_of(name: &str) -> String {
    token_of_seconds(name, 600)
}

/// A token of somebody that is good for so long, in all rooms.
pub(crate) fn token_of_seconds(name: &str, seconds: u64) -> String {
    let exp = now_unix_millis() / 1_000 + seconds;
    token("HS256", &format!(r#"{{"sub":"{name}","exp":{exp}}}"#))
}

#[test]
fn every_frame_that_the_server_says_has_the_shape_of_its_kind() {
    let pod = Pod::start(|_| {});
    let shapes = Shapes::of(&pod);
    let mut client = pod.connect("/ws/general?events=1&ack=1");
    let mut words = vec![shapes.judge_frame(&client.next_json())];
    let id = "0198f6a0-1111-7222-8333-444444444444";
    for text in [
        r#"{"data":{"content":"hi"}}"#,
        r#"{"room":null,"data":1e3}"#,
        &format!(r#"{{"id":"{id}"}}"#),
        &format!(r#"{{"id":"{id}"}}"#),
        r#"{"type":"join","room":"Größe ☃"}"#,
        r#"{"type":"leave","room":"general"}"#,
        r#"{"type":"ping","data":[null]}"#,
    ] {
        words.extend(answers(&mut client, &shapes, text));
    }
    pod.post(&format!("{BASE}/messages"), r#"{"type":"notification","data":0}"#);
    words.push(shapes.judge_frame(&client.next_json()));
    let mut back = pod.connect(&format!("/ws/general?last_id={id}"));
    words.extend([0, 1].map(|_| shapes.judge_frame(&back.next_json())));
    let mut watcher = pod.connect("/ws/hall?presence=1");
    let _guest = pod.connect("/ws/hall");
    words.push(shapes.judge_frame(&watcher.next_json()));
    let room = pod.get(&format!("{BASE}/rooms/hall")).json();
    shapes.judge("RoomWithMembers", &room);
    assert!(room["members"].is_array(), "{room}");
    pod.stop();
    words.push(shapes.judge_frame(&client.next_json()));
    let all = "welcome chat ack joined left pong notification resume presence drain";
    for word in all.split(' ') {
        assert!(words.iter().any(|known| known == word), "{word}: {words:?}");
    }
}

#[test]
fn what_is_said_about_a_token_has_the_described_shape() {
    let pod = Pod::start(with_tokens);
    let shapes = Shapes::of(&pod);
    let mut client = pod.connect(&format!("/ws/team-a?events=1&token={}", alice(20)));
    for word in ["welcome", "token_expiring"] {
        assert_eq!(shapes.judge_frame(&client.next_json()), word);
    }
    let renewal = json!({ "type": "auth", "data": { "token": alice(3_600) } });
    shapes.judge("ClientAuth", &renewal);
    assert_eq!(answers(&mut client, &shapes, &renewal.to_string()), ["authenticated"]);
}

#[test]
fn a_gap_has_the_described_shape() {
    let pod = Pod::start(|settings| {
        settings.rate_limit = 0;
        settings.slow_consumer = SlowConsumer::Auto;
    });
    let shapes = Shapes::of(&pod);
    let mut slow = pod.connect("/ws/general?events=1");
    assert_eq!(shapes.judge_frame(&slow.next_json()), "welcome");
    slow::talk(&pod, &mut pod.connect("/ws/general"));
    let gap = loop {
        let frame = slow.next_json();
        if frame["type"] != "chat" {
            break frame;
        }
    };
    assert_eq!(shapes.judge_frame(&gap), "gap");
}

#[test]
fn every_code_of_an_error_is_told_in_the_described_shape() {
    let pod = Pod::start(|settings| {
        with_tokens(settings);
        settings.rate_limit = 200;
    });
    let shapes = Shapes::of(&pod);
    let mut client = pod.connect(&format!("/ws/team-a?token={}", alice(3_600)));
    let mut codes = BTreeSet::new();
    for text in [
        "{",
        "[]",
        r#"{"type":"shout","id":"7"}"#,
        r#"{"type":"system"}"#,
        r#"{"room":"elsewhere"}"#,
        r#"{"type":"join"}"#,
        r#"{"type":"leave","room":"team-b"}"#,
    ] {
        codes.extend(answers(&mut client, &shapes, text));
    }
    for number in 0..128 {
        client.send_text(&json!({ "type": "join", "room": format!("team-{number}") }).to_string());
    }
    for _ in 0..600 {
        client.send_text(r#"{"type":"pong"}"#);
    }
    while !(codes.contains("rate_limited") && codes.contains("too_many_rooms")) {
        let frame = client.next_json();
        if frame["type"] == "error" {
            shapes.judge_frame(&frame);
            codes.extend(frame["data"]["code"].as_str().map(str::to_owned));
        }
    }
    let wanted = ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(codes, wanted);
}

#[test]
fn what_a_client_sends_is_taken_where_the_schema_says_so_and_refused_elsewhere() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let shapes = Shapes::of(&pod);
    let mut client = pod.connect("/ws/general?room=a");
    let names = ["x".repeat(128), "x".repeat(129), "é".repeat(64), "a\u{7f}".to_owned()];
    let rooms = names.map(|room| json!({ "room": room }));
    let messages = [
        json!({}),
        json!({ "type": "chat", "room": "", "id": 7, "from": [], "other": 1 }),
        json!({ "type": "presence", "data": { "status": "away" } }),
        json!({ "type": "ping", "room": null }),
        json!({ "type": "pong" }),
        json!({ "type": "join", "room": "b" }),
        json!({ "type": "leave", "room": "a" }),
        json!({ "type": "join" }),
        json!({ "type": "join", "room": null }),
        json!({ "type": "leave", "room": "" }),
        json!({ "type": "notification" }),
        json!({ "type": "system" }),
        json!({ "type": "error" }),
        json!({ "type": "shout" }),
        json!({ "type": null }),
        json!({ "room": 7 }),
        json!([]),
        json!("{}"),
    ];
    for message in messages.iter().chain(&rooms) {
        client.send_text(&message.to_string());
        client.send_text(r#"{"type":"ping","data":"the end"}"#);
        let mut is_refused = false;
        loop {
            let frame = client.next_json();
            is_refused |= frame["type"] == "error";
            if frame["data"] == "the end" {
                break;
            }
        }
        let fault = shapes.fault("ClientMessage", message);
        assert_eq!(fault.is_some(), is_refused, "{message}: {fault:?}");
    }
}

/// The payloads of a channel on Redis, as a neighbour hears them.
struct Listener(BufReader<TcpStream>);

impl Listener {
    fn on(redis: &Redis, channel: &str) -> Listener {
        let mut socket = TcpStream::connect(redis.address()).expect("a Redis");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        write!(socket, "SUBSCRIBE {channel}\r\n").expect("a Redis that reads");
        let mut listener = Listener(BufReader::new(socket));
        listener.line();
        for _ in 0..2 {
            listener.text();
        }
        listener.line();
        listener
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("an answer in time");
        line.trim_end().to_owned()
    }

    fn text(&mut self) -> String {
        let head = self.line();
        let digits = head.strip_prefix('$').expect("a text");
        let mut text = vec![0; digits.parse::<usize>().expect("its length") + 2];
        self.0.read_exact(&mut text).expect("a whole text");
        String::from_utf8_lossy(&text).trim_end().to_owned()
    }

    fn next(&mut self) -> Value {
        assert_eq!(self.line(), "*3");
        let [_, _, payload] = [(); 3].map(|()| self.text());
        serde_json::from_str(&payload).expect("JSON")
    }
}

#[test]
fn what_pods_say_on_redis_has_the_described_shape_and_what_neighbours_say_is_delivered() {
    let redis = Redis::start();
    let pod = redis::pod(&redis);
    let shapes = Shapes::of(&pod);
    let mut listener = Listener::on(&redis, "realtime:room:general");
    let mut client = pod.connect("/ws/general");
    client.send_text(r#"{"id":"0198f6a0-1111-7222-8333-444444444444","data":1}"#);
    client.send_text(r#"{"data":2}"#);
    let (mut messages, mut marks) = (0, 0);
    while messages < 2 || marks < 1 {
        let record = listener.next();
        if record.get("presence").is_some() {
            shapes.judge("BusPresence", &record);
            continue;
        }
        let is_mark = record.get("id").is_none();
        shapes.judge(if is_mark { "BusMark" } else { "BusMessage" }, &record);
        *(if is_mark { &mut marks } else { &mut messages }) += 1;
    }
    let publication = json!({ "type": "notification", "data": {} });
    shapes.judge("BusPublication", &publication);
    redis::publish(&redis, "realtime:room:general", publication.to_string());
    let words = [0; 3].map(|_| shapes.judge_frame(&client.next_json()));
    assert_eq!(words, ["chat", "chat", "notification"]);
}

#[test]
fn what_a_pod_says_to_itself_behind_a_read_has_the_described_shape() {
    let redis = Redis::start();
    let pod = resume_elsewhere::keeping(&redis);
    let shapes = Shapes::of(&pod);
    let mut listener = Listener::on(&redis, "realtime:room:general");
    let unknown = "0190aaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
    let _client = pod.connect(&format!("/ws/general?last_id={unknown}"));
    let mut tale = json!(null);
    while tale != "echo" {
        let record = listener.next();
        shapes.judge("BusPresence", &record);
        tale = record["presence"]["tale"].clone();
    }
}

/// 1. A pod stops. 2. Its last word, that nobody is there any more who might have missed something, was
///    handed to the client library and not waited for, so it never went out. 3. The others promised
///    nothing to who came back within ten seconds, and ten minutes to some.
#[test]
fn a_pod_that_ends_says_so_and_nothing_more() {
    let redis = Redis::start();
    let tell = redis::at(&redis.url());
    let pod = Pod::start(|settings| {
        tell(settings);
        settings.shards = 2;
        // A tenth of it is for the bus.
        settings.drain_timeout = DEADLINE;
    });
    redis::wait_up(&pod);
    let shapes = Shapes::of(&pod);
    let mut listener = Listener::on(&redis, "realtime:global");
    let mut member = pod.connect("/ws/general");
    let mut next_heard = || loop {
        let record = listener.next();
        shapes.judge("BusPresence", &record);
        let tale = record["presence"].clone();
        if tale["tale"] == "heard" {
            break tale;
        }
    };
    let heard = next_heard();
    assert_eq!(heard["is_last"], false);
    pod.stop();
    assert_eq!(member.next_close().0, 1001);
    pod.join().expect("a drain");
    while next_heard()["is_last"] == false {}
    redis::publish(&redis, "realtime:global", r#"{"tale":"of the test"}"#);
    assert_eq!(listener.next()["tale"], "of the test");
}
