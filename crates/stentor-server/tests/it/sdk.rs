//! The client crate against a real pod, and against servers that are none.

use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::json;
use stentor_client::wire::message_type::MessageType;
use stentor_client::{
    Address, Backoff, BadResponse, Client, ConnectError, Connection, Draft, End, Event, Failure,
    Happening, Heard, Limits, Message, Options, Payload, PeerClosed, Token, TokenSource, WebSocket,
    WhyToken,
};
use uuid::Uuid;

use crate::pod::{BASE, DEADLINE, Pod};

/// Runs a client to its end, or fails with the pods' own deadline.
pub(crate) fn run<T>(client: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(DEADLINE, client).await.expect("a client that comes to its end")
    })
}

fn options(pod: &Pod) -> Options {
    let address = format!("ws://{}{BASE}", pod.address());
    Options::new(Address::parse(&address).expect("an address"))
}

/// The next message, other things being a fault.
pub(crate) async fn next_message(connection: &mut Connection) -> Message {
    match connection.next().await {
        Ok(Heard::Message(message)) => message,
        other => panic!("no message: {other:?}"),
    }
}

/// Says a hundred messages, each too long for one read, to a client that gives up waiting as soon as
/// nothing is there, most often within a message.
pub(crate) async fn hears_all_though_it_gives_up_waiting(wishes: &Options) {
    let mut speaker = Connection::open(&wishes.clone().no_echo()).await.expect("let in");
    let mut hearer = Connection::open(wishes).await.expect("let in");
    let mut heard = Vec::new();
    let padding = "x".repeat(40_000);
    for n in 0..100 {
        let draft = Draft::chat(&json!([n, padding])).expect("JSON");
        speaker.send(&draft).await.expect("sent");
        while let Ok(message) =
            tokio::time::timeout(Duration::ZERO, next_message(&mut hearer)).await
        {
            heard.push(message);
        }
    }
    while heard.len() < 100 {
        heard.push(next_message(&mut hearer).await);
    }
    for (n, message) in heard.iter().enumerate() {
        let data: (usize, String) = message.data().expect("as it was sent");
        assert_eq!((data.0, data.1.len()), (n, padding.len()));
    }
}

/// The next event of the server.
async fn next_event(connection: &mut Connection) -> (Event, Message) {
    match connection.next().await {
        Ok(Heard::Event(event, message)) => (event, message),
        other => panic!("no event: {other:?}"),
    }
}

/// A server of one connection: reads the request's head, says these bytes whatever the request
/// was, ends its stream and reads on until the peer ends.
fn impostor(answer: &'static [u8]) -> (Address, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = format!("ws://{}", listener.local_addr().expect("an address"));
    let thread = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("a whole head");
            head.push(byte[0]);
        }
        socket.write_all(answer).expect("a client that reads");
        socket.shutdown(Shutdown::Write).expect("an open socket");
        let mut heard = Vec::new();
        // A client that has heard enough may reset the connection.
        let _ = socket.read_to_end(&mut heard);
        heard
    });
    (Address::parse(&address).expect("an address"), thread)
}

#[test]
fn what_one_says_in_a_room_the_other_hears_as_it_was_sent() {
    let pod = Pod::start(|_| {});
    run(async {
        let in_room = options(&pod).room("a b/ü").expect("a name");
        let mut one = Connection::open(&in_room.clone().no_echo()).await.expect("let in");
        let mut other = Connection::open(&in_room).await.expect("let in");
        let id = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);

        let draft = Draft::chat(&json!({"content": "hé"})).expect("JSON").id(id);
        one.send(&draft).await.expect("sent");
        let message = next_message(&mut other).await;

        assert_eq!((message.id, message.room.as_deref()), (id, Some("a b/ü")));
        assert_eq!(message.message_type(), Some(MessageType::Chat));
        assert_eq!(message.data.get(), r#"{"content":"hé"}"#);
        assert_eq!(other.last_id(), Some(id));
        one.send(&Draft::new(MessageType::Ping)).await.expect("sent");
        let answer = next_message(&mut one).await;
        assert_eq!(answer.message_type(), Some(MessageType::Pong), "no echo came before it");
    });
}

#[test]
fn events_acks_and_refused_messages_have_types() {
    let pod = Pod::start(|_| {});
    run(async {
        let wishes = options(&pod).room("a").expect("a name").events().ack();
        let mut client = Connection::open(&wishes).await.expect("let in");
        let (welcome, _) = next_event(&mut client).await;
        assert!(matches!(welcome, Event::Welcome { rooms, .. } if rooms == ["a"]));

        client.join("b").await.expect("sent");
        let (joined, message) = next_event(&mut client).await;
        assert_eq!((joined, message.room.as_deref()), (Event::Joined { members: 1 }, Some("b")));
        client.leave("b").await.expect("sent");
        assert_eq!(next_event(&mut client).await.0, Event::Left { members: 0 });

        client.leave("b").await.expect("sent");
        let Ok(Heard::Error(error)) = client.next().await else { panic!("an error is due") };
        assert_eq!(error.code, "not_a_member");

        client.send(&Draft::chat(&1).expect("JSON").room("a")).await.expect("sent");
        let mut heard = [client.next().await.expect("heard"), client.next().await.expect("heard")];
        heard.sort_by_key(|heard| matches!(heard, Heard::Event(..)));
        let [Heard::Message(message), Heard::Event(Event::Ack { id, duplicate }, _)] = &heard
        else {
            panic!("a message and its ack: {heard:?}")
        };
        assert_eq!((id, *duplicate), (&message.id, false));
    });
}

#[test]
fn a_refusal_is_told_with_status_code_and_pause() {
    let pod = Pod::start(|settings| settings.connections_max = 1);
    run(async {
        let _first = Connection::open(&options(&pod)).await.expect("let in");

        let refused = Connection::open(&options(&pod)).await.expect_err("full");

        let ConnectError::Refused(refusal) = &refused else { panic!("refused: {refused}") };
        assert_eq!((refusal.status(), refusal.code()), (503, Some("at_capacity")));
        assert!(refusal.retry_after().is_some() && refused.is_retryable());
        let limits = Limits::default();
        let elsewhere = WebSocket::connect(options(&pod).address(), "/nowhere", limits).await;
        let Err(ConnectError::Refused(refusal)) = elsewhere else { panic!("{elsewhere:?}") };
        assert_eq!((refusal.status(), refusal.code()), (404, Some("not_found")));
    });
}

#[test]
fn a_goodbye_is_answered() {
    let pod = Pod::start(|_| {});
    run(async {
        let mut client = Connection::open(&options(&pod)).await.expect("let in");

        let end = client.close().await;

        let closed = PeerClosed { code: Some(1000), reason: String::new() };
        assert_eq!(end, End::Closed(closed));
        assert_eq!(client.next().await.expect_err("closed"), end);
        assert!(client.send(&Draft::new(MessageType::Ping)).await.is_err());
    });
    pod.wait_for_stats("the pod to see it go", |stats| stats["connections"] == 0);
}

#[test]
fn a_message_that_is_too_big_is_not_sent_and_the_largest_one_is_answered() {
    let pod = Pod::start(|_| {});
    run(async {
        let address = options(&pod).address().clone();
        let mut socket =
            WebSocket::connect(&address, "/ws", Limits::default()).await.expect("let in");
        let around = r#"{"type":"ping","data":""}"#.len();
        let padding = "x".repeat(65_536 - around);
        let largest = format!(r#"{{"type":"ping","data":"{padding}"}}"#);

        let refused = socket.send_text(&format!("{largest} ")).await;
        socket.send_text(&largest).await.expect("sent");
        let answer = socket.next().await.expect("an answer that is larger than what was sent");

        assert_eq!(refused, Err(stentor_client::SendError::TooBig));
        let Payload::Text(answer) = answer else { panic!("no text: {answer:?}") };
        assert!(answer.len() > largest.len() && answer.contains(&padding));
    });
}

#[test]
fn waiting_may_be_given_up_at_any_point_and_no_message_is_lost() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let wishes = options(&pod).room("a").expect("a name");
    run(hears_all_though_it_gives_up_waiting(&wishes));
}

#[test]
fn a_client_comes_back_to_a_pod_that_takes_the_place_of_the_first() {
    let first = Pod::start(|_| {});
    let port = first.address().port();
    let wishes = options(&first).room("a").expect("a name").events();
    run(async {
        let backoff = Backoff { base: Duration::from_millis(20), ..Backoff::default() };
        let mut client = Client::new(wishes, backoff);
        assert!(matches!(client.next().await, Ok(Happening::Connected)));
        let welcome = client.next().await;
        assert!(matches!(welcome, Ok(Happening::Heard(Heard::Event(Event::Welcome { .. }, _)))));
        let id = client.last_id().expect("a welcome can be resumed behind");

        first.stop();
        let drain = client.next().await;
        assert!(matches!(drain, Ok(Happening::Heard(Heard::Event(Event::Drain { .. }, _)))));
        let Ok(Happening::Disconnected { failure, .. }) = client.next().await else {
            panic!("a pod that left")
        };
        let Failure::Ended(End::Closed(closed)) = &failure else { panic!("closed: {failure}") };
        assert_eq!(closed.code, Some(1001));
        assert_eq!(client.last_id(), Some(id), "what it alone is told later is no place to resume");
        assert!(client.send(&Draft::new(MessageType::Ping)).await.is_err());
        first.join().expect("a clean end");

        let _second = Pod::start(|settings| settings.address.set_port(port));
        loop {
            match client.next().await.expect("it comes back") {
                Happening::Connected => break,
                Happening::Disconnected { .. } => {}
                happening => panic!("not connected: {happening:?}"),
            }
        }
        client.send(&Draft::chat(&"again").expect("JSON")).await.expect("sent");
        loop {
            if let Happening::Heard(Heard::Message(message)) = client.next().await.expect("heard") {
                assert_eq!(message.data.get(), r#""again""#);
                break;
            }
        }
        client.close().await;
    });
}

#[test]
fn a_client_that_is_not_wanted_does_not_come_back() {
    let pod = Pod::start(|_| {});
    let address = Address::parse(&format!("ws://{}/nowhere", pod.address())).expect("an address");
    run(async {
        let mut client = Client::new(Options::new(address), Backoff::default());

        let first = client.next().await.expect_err("404");
        let second = client.next().await.expect_err("still 404");

        assert_eq!(first, second);
        assert!(matches!(first, Failure::NotConnected(ConnectError::Refused(_))), "{first}");
    });
}

#[test]
fn what_is_no_websocket_server_is_not_trusted() {
    let cases: [(&[u8], ConnectError); 4] = [
        (b"SSH-2.0-OpenSSH_9\r\n", ConnectError::BadResponse(BadResponse::NotHttp)),
        (
            b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
              Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            ConnectError::BadResponse(BadResponse::WrongAccept),
        ),
        (b"HTTP/1.1 101 S\r\n", ConnectError::Unreachable(ErrorKind::UnexpectedEof)),
        (b"", ConnectError::Unreachable(ErrorKind::UnexpectedEof)),
    ];
    for (answer, expected) in cases {
        let (address, thread) = impostor(answer);

        let connected = run(WebSocket::connect(&address, "/", Limits::default()));

        assert_eq!(connected.err(), Some(expected));
        thread.join().expect("a server that ends");
    }
}

#[test]
fn a_refusal_whose_body_is_cut_is_a_refusal() {
    let (address, _thread) =
        impostor(b"HTTP/1.1 429 Slow Down\r\nContent-Length: 900\r\nRetry-After: 3\r\n\r\n{\"er");

    let refused = run(WebSocket::connect(&address, "/", Limits::default())).expect_err("429");

    let ConnectError::Refused(refusal) = refused else { panic!("refused: {refused}") };
    assert_eq!((refusal.status(), refusal.code()), (429, None));
    assert_eq!(refusal.retry_after(), Some(Duration::from_secs(3)));
}

#[test]
fn nobody_listening_and_a_target_that_is_none_are_told() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = format!("ws://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let address = Address::parse(&address).expect("an address");
    run(async {
        let limits = Limits::default();
        let nobody = WebSocket::connect(&address, "/", limits).await.err();
        assert_eq!(nobody, Some(ConnectError::Unreachable(ErrorKind::ConnectionRefused)));
        for target in ["", "ws", "/a b", "/a\r\nX: y", "/a#b", "/ü"] {
            let refused = WebSocket::connect(&address, target, limits).await.err();
            assert_eq!(refused, Some(ConnectError::BadTarget), "{target:?}");
        }
    });
}

#[test]
fn a_server_that_never_answers_is_waited_for_no_longer_than_the_bound() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = format!("ws://{}", listener.local_addr().expect("an address"));
    let address = Address::parse(&address).expect("an address");
    let limits = Limits { connect_timeout: Duration::from_millis(20), ..Limits::default() };

    let connected = run(WebSocket::connect(&address, "/", limits));

    assert_eq!(connected.err(), Some(ConnectError::TimedOut));
}

/// Accepts one client as a pod does, by a pod's own handshake, and gives its socket: what follows
/// never comes from a pod.
fn frozen() -> (Address, JoinHandle<TcpStream>) {
    let pod = Pod::start(|_| {});
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = format!("ws://{}", listener.local_addr().expect("an address"));
    let thread = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().expect("a client");
        let mut pod_side = pod.socket();
        let mut head = [0; 4_096];
        let bytes = client.read(&mut head).expect("a head");
        pod_side.write_all(&head[..bytes]).expect("a pod that reads");
        let bytes = pod_side.read(&mut head).expect("a response");
        client.write_all(&head[..bytes]).expect("a client that reads");
        client
    });
    (Address::parse(&address).expect("an address"), thread)
}

#[test]
fn a_server_that_fell_silent_is_pinged_and_given_up() {
    let (address, thread) = frozen();
    let limits = Limits { silence_max: Duration::from_millis(40), ..Limits::default() };
    run(async {
        let mut socket = WebSocket::connect(&address, "/ws", limits).await.expect("let in");

        assert_eq!(socket.next().await, Err::<Payload, _>(End::Silent));
    });
    let mut socket = thread.join().expect("a server that accepts");
    let mut heard = Vec::new();
    socket.read_to_end(&mut heard).expect("a socket that the client closed");
    // An empty ping, masked; a close is not owed to a server that is not there.
    assert_eq!((heard.len(), &heard[..2]), (6, &[0x89, 0x80][..]));
}

#[test]
fn a_goodbye_that_nobody_answers_ends_with_its_bound() {
    let (address, thread) = frozen();
    let limits = Limits { close_timeout: Duration::from_millis(20), ..Limits::default() };
    run(async {
        let mut socket = WebSocket::connect(&address, "/ws", limits).await.expect("let in");

        let end = socket.close(4_000, "tired").await;

        let closed = PeerClosed { code: Some(4_000), reason: "tired".to_owned() };
        assert_eq!(end, End::Closed(closed));
    });
    drop(thread.join().expect("a server that accepts"));
}

/// Hears until a message of these texts is there; fails with what else was told.
async fn hear_texts(client: &mut Client, texts: &[&str]) {
    let mut heard: Vec<String> = Vec::new();
    while heard.len() < texts.len() {
        match client.next().await.expect("it comes back") {
            Happening::Heard(Heard::Message(message)) => {
                heard.push(message.data().expect("a text"))
            }
            Happening::Heard(Heard::Event(Event::Gap { .. }, _)) => panic!("a gap"),
            _ => {}
        }
    }
    assert_eq!(heard, texts);
}

#[test]
fn a_client_that_loses_its_line_misses_nothing_and_says_nothing_twice() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let proxy = stentor_testbed::Proxy::start(pod.address());
    let address = Address::parse(&format!("ws://{}{BASE}", proxy.address()));
    let wishes = Options::new(address.expect("an address")).ack().events();
    let mut speaker = pod.connect("/ws/a");
    run(async {
        let backoff = Backoff { base: Duration::from_millis(5), ..Backoff::default() };
        let mut client = Client::new(wishes, backoff);
        client.join("a").await.expect("a name");
        while !matches!(client.next().await, Ok(Happening::Connected)) {}
        let say = |speaker: &mut crate::client::Client, text: &str| {
            speaker.send_text(&json!({ "room": "a", "data": text }).to_string());
            while speaker.next_json()["data"] != text {}
        };
        say(&mut speaker, "1");
        hear_texts(&mut client, &["1"]).await;
        for round in 0..5 {
            proxy.cut();
            let text = format!("missed {round}");
            say(&mut speaker, &text);
            let own = format!("said {round}");
            let id = client.publish(Draft::chat(&own).expect("JSON").room("a")).expect("room");
            let (mut heard, mut acked) = (Vec::new(), 0);
            while heard.len() < 2 || acked < 1 {
                match client.next().await.expect("it comes back") {
                    Happening::Heard(Heard::Message(message)) => {
                        heard.push(message.data::<String>().expect("a text"));
                    }
                    Happening::Acked { id: acknowledged, .. } => {
                        assert_eq!(acknowledged, id);
                        acked += 1;
                    }
                    _ => {}
                }
            }
            assert_eq!(heard, [text.clone(), own.clone()]);
            assert_eq!(client.unacked(), 0);
            while speaker.next_json()["data"] != own.as_str() {}
        }
        client.close().await;
    });
    speaker.expect_nothing();
}

#[test]
fn a_client_with_a_token_source_renews_in_place_and_gets_another_where_one_is_refused() {
    let pod = Pod::start(crate::shapes::with_tokens);
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let source = TokenSource::new(move |why| {
        let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            let text = match why {
                WhyToken::Connect if first => "no.good.token".to_owned(),
                // It ends within half a minute, which the server tells at once.
                WhyToken::Connect | WhyToken::Refused => crate::shapes::token_of_seconds("ann", 20),
                WhyToken::Expiring => crate::shapes::token_of("ann"),
            };
            Some(Token::parse(&text).expect("a token"))
        }
    });
    run(async {
        let wishes = options(&pod).events();
        let mut client = Client::new(wishes, Backoff::default()).with_tokens(source);
        let refused = client.next().await;
        assert!(matches!(refused, Ok(Happening::Disconnected { .. })), "{refused:?}");
        assert!(matches!(client.next().await, Ok(Happening::Connected)));
        loop {
            if let Happening::Heard(Heard::Event(Event::Authenticated { expires_in_ms }, _)) =
                client.next().await.expect("it stays")
            {
                assert!(expires_in_ms > Some(300_000), "{expires_in_ms:?}");
                break;
            }
        }
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        client.close().await;
    });
}
