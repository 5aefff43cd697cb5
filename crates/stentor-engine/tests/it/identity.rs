//! Clients with an identity, let in by a door that reads one line.

use std::borrow::Cow;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use stentor_engine::wire::draft::Draft;
use stentor_engine::wire::message_type::MessageType;
use stentor_engine::wire::room_patterns::RoomPatterns;
use stentor_engine::{
    Admission, Answer, Client as Sender, Door, Engine, EngineConfig, Hooks, Identity, Knock,
    MemberOptions, NoHooks, Stream, Verdict,
};
use stentor_testbed::{DEADLINE, until};

use crate::client::Client;
use crate::pod::{EVENTS, Pod, RESPONSE, room};

/// Lets in whoever says a line of JSON: `{"token":{…},"rooms":[…],"events":true}`. A token is
/// believed as it stands.
struct LineDoor;

impl Door for LineDoor {
    fn knock(&self, knock: &Knock<'_>) -> Answer {
        let Some(end) = knock.received.iter().position(|byte| *byte == b'\n') else {
            return Answer::Wait;
        };
        let line: Value = serde_json::from_slice(&knock.received[..end]).expect("a line of JSON");
        let rooms = line["rooms"].as_array().expect("rooms").iter();
        Answer::Admit(Box::new(Admission {
            response: RESPONSE.to_vec(),
            consumed: end + 1,
            rooms: rooms.map(|name| room(name.as_str().expect("a name"))).collect(),
            identity: identity(&line["token"]).map(Box::new),
            options: MemberOptions { events: line["events"] == true, ..MemberOptions::default() },
            last_id: None,
            address: None,
        }))
    }

    fn crowded(&self) -> Vec<u8> {
        Vec::new()
    }

    fn divert(&self, _stream: Stream, _peer: SocketAddr, _received: Vec<u8>) {}

    fn recognise(&self, data: &[u8]) -> Result<Identity, Cow<'static, str>> {
        let data: Value = serde_json::from_slice(data).expect("the engine hands over JSON");
        assert_ne!(data["token"], "panic", "as asked");
        identity(&data["token"]).ok_or("that is no token".into())
    }
}

fn identity(token: &Value) -> Option<Identity> {
    let user = token["user"].as_str()?;
    let rooms = token["rooms"].as_array().map(|rooms| {
        let patterns = rooms.iter().map(|pattern| pattern.as_str().expect("a text"));
        RoomPatterns::parse(patterns).expect("patterns")
    });
    Some(Identity { user: user.into(), rooms, expires_at_unix_millis: token["ends"].as_u64() })
}

fn start_with(hooks: Arc<dyn Hooks>, change: impl FnOnce(&mut EngineConfig)) -> Pod {
    let mut config = EngineConfig { shards: 4, rate_limit: 0, ..EngineConfig::default() };
    change(&mut config);
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let engine = Engine::start_listening(config, hooks, address, Arc::new(LineDoor));
    Pod { engine: engine.expect("an engine") }
}

fn start() -> Pod {
    start_with(Arc::new(NoHooks), |_| ())
}

/// Somebody who comes with a token, and has read that it is in.
fn enter(pod: &Pod, token: &Value, rooms: &[&str], options: MemberOptions) -> Client {
    let address = pod.engine.local_addr().expect("it listens");
    let mut socket = TcpStream::connect(address).expect("it listens");
    let line = json!({ "token": token, "rooms": rooms, "events": options.events });
    socket.write_all(format!("{line}\n").as_bytes()).expect("a socket that is open");
    let mut client = Client::new(socket);
    client.expect_response();
    client
}

/// So many milliseconds from now.
fn in_millis(millis: u64) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    u64::try_from((now + Duration::from_millis(millis)).as_millis()).expect("it fits")
}

fn auth(client: &mut Client, token: &Value) {
    let message = json!({ "type": "auth", "id": "my-1", "data": { "token": token } });
    client.send(&message.to_string());
}

/// The next frame, which is an error with this code; its text.
fn hear_error(client: &mut Client, code: &str) -> String {
    let error = client.hear();
    assert_eq!((&error["type"], &error["data"]["code"]), (&"error".into(), &code.into()));
    error["data"]["message"].as_str().expect("a text").to_owned()
}

fn expect_alive(client: &mut Client) {
    client.send(r#"{"type":"ping"}"#);
    assert_eq!(client.hear()["type"], "pong");
}

#[test]
fn who_came_in_with_an_identity_speaks_under_its_name_and_ends_with_it() {
    let pod = start();
    let token = json!({ "user": "ann", "ends": in_millis(4_000) });
    let mut told = enter(&pod, &token, &["a"], EVENTS);
    assert_eq!(told.hear_event("welcome")["data"]["user"], "ann");
    let expiring = told.hear_event("token_expiring");
    assert!(expiring["data"]["expires_in_ms"].as_u64().is_some_and(|left| left <= 4_000));
    let mut untold = enter(&pod, &json!({ "user": "bob" }), &["a"], MemberOptions::default());
    told.say("a", 1);
    assert_eq!(untold.hear()["from"], "ann");
    assert_eq!(told.hear_numbers(1), [1]);
    assert_eq!(told.hear_close(), 4401);
    expect_alive(&mut untold);
}

#[test]
fn who_comes_too_late_is_let_in_and_closed_at_once() {
    let pod = start();
    let mut late = enter(&pod, &json!({ "user": "ann", "ends": 1 }), &["a"], EVENTS);
    assert_eq!(late.hear_close(), 4401);
    drop(late);
    until(DEADLINE, "an empty pod", || {
        (pod.engine.inspect().rooms == 0 && pod.engine.room_connections(&room("a")) == 0)
            .then_some(())
    });
}

#[test]
fn a_renewal_keeps_a_connection_that_would_have_ended_with_another_of_the_same_end() {
    let pod = start();
    let token = json!({ "user": "ann", "ends": in_millis(4_000) });
    let mut kept = enter(&pod, &token, &["a"], MemberOptions::default());
    auth(&mut kept, &json!({ "user": "ann" }));
    assert!(kept.hear_event("authenticated")["data"]["expires_in_ms"].is_null());
    let mut lost = enter(&pod, &token, &["a"], MemberOptions::default());
    assert_eq!(lost.hear_close(), 4401);
    expect_alive(&mut kept);
}

#[test]
fn a_token_of_somebody_else_or_one_not_believed_changes_nothing_and_the_ninth_closes() {
    let pod = start();
    let token = json!({ "user": "ann", "rooms": ["team-*"] });
    let mut client = enter(&pod, &token, &["team-a"], MemberOptions::default());
    auth(&mut client, &json!({ "user": "eve" }));
    let text = hear_error(&mut client, "invalid_message");
    assert_eq!(text, "the token is of another user than this connection");
    for _ in 1..8 {
        auth(&mut client, &json!("rubbish"));
        assert_eq!(hear_error(&mut client, "invalid_message"), "that is no token");
    }
    client.say("other", 1);
    hear_error(&mut client, "forbidden_room");
    client.say("team-a", 2);
    assert_eq!(client.hear_numbers(1), [2]);
    auth(&mut client, &json!("rubbish"));
    assert_eq!(client.hear_close(), 4401);
}

#[test]
fn rooms_that_a_new_token_does_not_allow_are_left_and_nothing_more_is_heard_of_them() {
    let pod = start();
    let mut client = enter(&pod, &json!({ "user": "ann" }), &["a", "b"], MemberOptions::default());
    let mut speaker = enter(&pod, &json!({ "user": "bob" }), &[], MemberOptions::default());
    auth(&mut client, &json!({ "user": "ann", "rooms": ["b"] }));
    client.hear_event("authenticated");
    assert_eq!(client.hear_event("left")["room"], "a");
    speaker.say("a", 1);
    speaker.say("b", 2);
    assert_eq!(client.hear_numbers(1), [2]);
    client.send(r#"{"type":"join","room":"a"}"#);
    hear_error(&mut client, "forbidden_room");
    assert_eq!(pod.engine.room_connections(&room("a")), 0);
}

#[test]
fn a_door_that_panics_over_a_token_costs_that_connection_and_no_other() {
    let pod = start_with(Arc::new(NoHooks), |config| config.shards = 1);
    let mut first = enter(&pod, &json!({ "user": "ann" }), &[], MemberOptions::default());
    let mut second = enter(&pod, &json!({ "user": "ann" }), &[], MemberOptions::default());
    auth(&mut first, &json!("panic"));
    assert_eq!(first.hear_close(), 1011);
    expect_alive(&mut second);
}

/// Notes the types of all messages that it sees.
#[derive(Default)]
struct Watch(Mutex<Vec<MessageType>>);

impl Hooks for Watch {
    fn on_message(&self, _client: &Sender<'_>, draft: &Draft<'_>) -> Verdict {
        self.0.lock().expect("nobody panics").push(draft.kind);
        Verdict::Pass
    }
}

#[test]
fn no_hook_sees_a_token() {
    let watch = Arc::new(Watch::default());
    let hooks: Arc<dyn Hooks> = watch.clone();
    let pod = start_with(hooks, |_| ());
    let mut client = enter(&pod, &json!({ "user": "ann" }), &[], MemberOptions::default());
    auth(&mut client, &json!({ "user": "ann" }));
    client.hear_event("authenticated");
    expect_alive(&mut client);
    assert_eq!(*watch.0.lock().expect("nobody panics"), [MessageType::Ping]);
}

#[test]
fn who_came_without_a_token_takes_none_later_and_an_engine_without_a_door_takes_none_at_all() {
    let pod = start();
    let mut client = enter(&pod, &Value::Null, &[], MemberOptions::default());
    auth(&mut client, &json!({ "user": "ann" }));
    let text = hear_error(&mut client, "invalid_message");
    assert_eq!(text, "this connection came without a token and takes none now");

    let engine = Engine::start(EngineConfig::default(), Arc::new(NoHooks)).expect("an engine");
    let mut client = Pod { engine }.client(&[]);
    auth(&mut client, &json!({ "user": "ann" }));
    let text = hear_error(&mut client, "invalid_message");
    assert_eq!(text, "this server does not take tokens");
}

#[test]
fn where_clients_may_not_speak_to_everybody_they_are_told_so() {
    let pod = start_with(Arc::new(NoHooks), |config| config.client_global = false);
    let mut client = enter(&pod, &Value::Null, &["a"], MemberOptions::default());
    client.say("", 1);
    hear_error(&mut client, "forbidden_room");
    client.say("a", 2);
    assert_eq!(client.hear_numbers(1), [2]);
}

#[test]
fn auth_messages_count_against_the_rate_like_any_other() {
    let pod = start_with(Arc::new(NoHooks), |config| config.rate_limit = 1);
    let mut client = enter(&pod, &json!({ "user": "ann" }), &[], MemberOptions::default());
    // More than the bucket regains in all the time that a client waits for an answer.
    (0..90).for_each(|_| auth(&mut client, &json!({ "user": "ann" })));
    let answers: Vec<Value> = (0..90).map(|_| client.hear()).collect();
    let refused = answers.iter().filter(|answer| answer["data"]["code"] == "rate_limited");
    assert!(refused.count() > 0);
}

/// How many of two pings of each client were answered, and how many were too much.
fn ping_twice(clients: &mut [Client]) -> (usize, usize) {
    for client in &mut *clients {
        (0..2).for_each(|_| client.send(r#"{"type":"ping"}"#));
    }
    let answers: Vec<Value> =
        clients.iter_mut().flat_map(|client| [client.hear(), client.hear()]).collect();
    let pongs = answers.iter().filter(|answer| answer["type"] == "pong").count();
    let refused = answers.iter().filter(|answer| answer["data"]["code"] == "rate_limited").count();
    (pongs, refused)
}

// Two pings are the burst of a bucket of one message a second: none would be refused if each
// connection, or each of the four shards, had a bucket of its own for the user. So many that the
// bucket does not regain them in all the time that a client waits for an answer.
#[test]
fn the_connections_of_one_user_have_one_limit_over_all_shards_and_other_users_have_theirs() {
    const CONNECTIONS: usize = 80;
    let pod = start_with(Arc::new(NoHooks), |config| config.rate_limit_user = 1);
    let enter = |user: &str| enter(&pod, &json!({ "user": user }), &[], MemberOptions::default());
    let mut anns: Vec<Client> = (0..CONNECTIONS).map(|_| enter("ann")).collect();
    let shards = pod.engine.inspect().shards;
    assert!(shards.iter().filter(|shard| shard.connections > 0).count() > 1);
    let (pongs, refused) = ping_twice(&mut anns);
    assert_eq!(pongs + refused, 2 * CONNECTIONS);
    assert!(pongs >= 2 && refused >= 2 * CONNECTIONS / 4, "{pongs} {refused}");
    assert_eq!(ping_twice(&mut [enter("bob")]), (2, 0));

    // A user is forgotten with its last connection.
    drop(anns);
    until(DEADLINE, "an empty pod", || {
        let figures = pod.engine.inspect();
        figures.shards.iter().all(|shard| shard.connections == 0).then_some(())
    });
    assert_eq!(ping_twice(&mut [enter("ann")]), (2, 0));
}
