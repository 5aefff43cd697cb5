//! The client crate over TLS: a real pod behind what ends it, in order and not.

use std::io::{ErrorKind, Read};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use stentor_client::{
    Address, Backoff, BadCertificate, Client, ConnectError, Connection, Draft, End, Failure,
    Happening, Heard, Limits, Options, Stream, TlsFault, Token, Trust,
};
use stentor_testbed::Certificates;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::binary::Process;
use crate::pod::{BASE, Pod};
use crate::sdk::{hears_all_though_it_gives_up_waiting, next_message, run};
use crate::terminator::{Order, Terminator, config, config_of, config_with};

/// Asks a pod for a connection that it does not end by itself.
const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn trust(certificates: &Certificates) -> Trust {
    let pem = std::fs::read(certificates.authority()).expect("the authority");
    Trust::only(&pem).expect("an authority")
}

/// What a client wants that trusts these and nobody else.
fn options(url: &str, certificates: &Certificates) -> Options {
    let address = Address::parse(&format!("{url}{BASE}")).expect("an address");
    Options::new(address).room("a").expect("a room").trust(trust(certificates))
}

/// Says something through a terminator and hears it.
async fn exchange(options: &Options, bytes: usize) {
    let mut one = Connection::open(&options.clone().no_echo()).await.expect("let in");
    let mut other = Connection::open(options).await.expect("let in");
    let content = "x".repeat(bytes);
    one.send(&Draft::chat(&content).expect("JSON")).await.expect("sent");
    assert_eq!(next_message(&mut other).await.data::<String>().expect("a text"), content);
    assert!(matches!(one.close().await, End::Closed(_)));
}

#[test]
fn a_message_goes_through_tls_in_either_version_with_either_key_by_name_and_by_address() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let (own, key) = (certificates.server(), certificates.server_key());
    let rsa = certificates.rsa();
    for server in [
        config(&certificates),
        config_of(&own, &key, &[&rustls::version::TLS13]),
        config_of(&own, &key, &[&rustls::version::TLS12]),
        config_with(&rsa),
        config_of(&rsa.certificate, &rsa.key, &[&rustls::version::TLS12]),
    ] {
        let terminator = Terminator::start(server, pod.address());
        for url in [terminator.url("wss"), format!("wss://{}", terminator.address())] {
            run(exchange(&options(&url, &certificates), 10));
        }
    }
}

#[test]
fn a_pod_that_speaks_tls_itself_is_reached_and_who_comes_without_is_told() {
    let certificates = Certificates::create();
    let flag = |name: &str, file: &std::path::Path| format!("--{name}={}", file.display());
    let process = Process::start(&[
        &flag("tls-cert", &certificates.server()),
        &flag("tls-key", &certificates.server_key()),
    ]);
    let url = format!("wss://localhost:{}", process.address().port());
    for bytes in [10, 60_000] {
        run(exchange(&options(&url, &certificates), bytes));
    }
    run(async {
        // Twice with one memory of sessions, so that the second is taken up again.
        let trusting = options(&url, &certificates);
        for _ in 0..2 {
            let mut client = Connection::open(&trusting).await.expect("let in");
            client.send(&Draft::chat(&"hi").expect("JSON")).await.expect("sent");
            assert_eq!(next_message(&mut client).await.data.get(), r#""hi""#);
            assert!(matches!(client.close().await, End::Closed(_)));
        }
    });

    let plain = options(&url.replace("wss", "ws"), &certificates);
    let refused = run(Connection::open(&plain)).expect_err("TLS is spoken there");

    let ConnectError::Refused(refusal) = &refused else { panic!("{refused:?}") };
    assert!(refusal.status() == 400 && !refused.is_retryable(), "{refused}");
}

#[test]
fn http_1_1_and_the_name_are_asked_for_and_the_goodbye_of_tls_is_said() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let terminator = Terminator::start(config(&certificates), pod.address());
    run(async {
        let wishes = options(&terminator.url("wss"), &certificates);
        let mut client = Connection::open(&wishes).await.expect("let in");
        assert!(matches!(client.close().await, End::Closed(_)));
    });

    let ended = terminator.next_end();

    assert_eq!(ended.name.as_deref(), Some("localhost"));
    assert_eq!(ended.alpn.as_deref(), Some(b"http/1.1".as_slice()));
    ended.outcome.expect("nothing looks as if it were cut off");
}

#[test]
fn the_largest_messages_pass_in_records_of_32_bytes_and_while_nobody_reads() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let certificates = Certificates::create();
    let mut server = config(&certificates);
    server.max_fragment_size = Some(32);
    let terminator = Terminator::start(server, pod.address());
    let wishes = options(&terminator.url("wss"), &certificates);
    run(async {
        let mut one = Connection::open(&wishes.clone().no_echo()).await.expect("let in");
        let mut other = Connection::open(&wishes).await.expect("let in");
        let padding = "x".repeat(60_000);
        for n in 0..40 {
            one.send(&Draft::chat(&json!([n, padding])).expect("JSON")).await.expect("sent");
        }
        for n in 0..40 {
            let (number, rest): (u64, String) =
                next_message(&mut other).await.data().expect("as it was sent");
            assert_eq!((number, rest.len()), (n, padding.len()));
        }
    });
}

#[test]
fn waiting_may_be_given_up_at_any_point_and_no_message_is_lost() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let certificates = Certificates::create();
    let terminator = Terminator::start(config(&certificates), pod.address());
    let wishes = options(&terminator.url("wss"), &certificates);
    run(hears_all_though_it_gives_up_waiting(&wishes));
}

#[test]
fn a_server_that_cannot_prove_who_it_is_hears_no_token_and_ends_the_client() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let stranger = Certificates::create();
    let cases = [
        (config_with(&certificates.expired()), "has expired"),
        (config_with(&certificates.named(&["example.org"])), "is for another name: "),
        (config(&stranger), "comes from no authority that is trusted"),
    ];
    for (server, words) in cases {
        let terminator = Terminator::start(server, pod.address());
        let token = Token::parse("secret").expect("a token");
        let wishes = options(&terminator.url("wss"), &certificates).token(token);
        let failure = run(Client::new(wishes, Backoff::default()).next()).expect_err(words);

        let Failure::NotConnected(ConnectError::Tls(TlsFault::Certificate(fault))) = &failure
        else {
            panic!("{words}: {failure:?}")
        };
        assert!(!failure.is_retryable());
        let text = failure.to_string();
        assert!(text.starts_with(&format!("the server's certificate {words}")), "{text}");
        if let BadCertificate::OtherName(names) = fault {
            assert!(names.contains("example.org"), "{names}");
        }
        // Were the request sent, the handshake would have come to its end.
        assert!(terminator.next_end().outcome.is_err());
    }
}

#[test]
fn a_server_that_signed_for_itself_is_trusted_unless_it_says_to_be_an_authority() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let (good, bad) = (certificates.self_signed(), certificates.self_signed_authority());
    for (leaf, fault) in [(good, None), (bad, Some(BadCertificate::OfAuthority))] {
        let terminator = Terminator::start(config_with(&leaf), pod.address());
        let pem = std::fs::read(&leaf.certificate).expect("a certificate");
        let trust = Trust::only(&pem).expect("a certificate");
        let wishes = options(&terminator.url("wss"), &certificates).trust(trust);

        let opened = run(Connection::open(&wishes));

        let fault = fault.map(|fault| ConnectError::Tls(TlsFault::Certificate(fault)));
        assert_eq!(opened.err(), fault);
    }
}

#[test]
fn a_plain_pod_behind_the_address_is_told_from_one_with_tls() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let url = format!("wss://{}", pod.address());

    let failure = run(Connection::open(&options(&url, &certificates))).expect_err("no TLS");

    assert_eq!(failure, ConnectError::Tls(TlsFault::NotTls));
    assert_eq!(failure.to_string(), "what answers does not speak TLS");
    assert!(!failure.is_retryable());
}

#[test]
fn a_server_that_stalls_in_the_handshake_is_given_up_at_the_deadline() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("wss://{}", listener.local_addr().expect("an address"));
    let certificates = Certificates::create();
    let limits = Limits { connect_timeout: Duration::from_millis(200), ..Limits::default() };

    let failure = run(Connection::open(&options(&url, &certificates).limits(limits)));

    let failure = failure.expect_err("nobody answers");
    assert_eq!(failure, ConnectError::TimedOut);
    assert!(failure.is_retryable());
}

#[test]
fn a_server_that_goes_away_in_the_handshake_may_be_tried_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("wss://{}", listener.local_addr().expect("an address"));
    let certificates = Certificates::create();
    let thread = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        socket.read_exact(&mut [0; 100]).expect("a hello");
        // What is unread makes it a reset.
    });

    let failure = run(Connection::open(&options(&url, &certificates))).expect_err("cut");

    assert!(matches!(failure, ConnectError::Unreachable(_)) && failure.is_retryable(), "{failure}");
    thread.join().expect("a server that hears a hello");
}

#[test]
fn a_server_that_refuses_says_why() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let mut server = config(&certificates);
    server.alpn_protocols = vec![b"h2".to_vec()];
    let terminator = Terminator::start(server, pod.address());
    let wishes = options(&terminator.url("wss"), &certificates);

    let failure = run(Connection::open(&wishes)).expect_err("no protocol in common");

    let refused = TlsFault::Refused("NoApplicationProtocol".to_owned());
    assert_eq!(failure, ConnectError::Tls(refused));
}

#[test]
fn a_stream_without_a_close_was_lost_however_tls_ended() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let terminator = Terminator::start(config(&certificates), pod.address());
    let wishes = options(&terminator.url("wss"), &certificates);
    for (order, kind) in [
        (Order::Cut, ErrorKind::UnexpectedEof),
        (Order::SayGoodbye, ErrorKind::UnexpectedEof),
        (Order::Disturb, ErrorKind::InvalidData),
    ] {
        run(async {
            let mut client = Connection::open(&wishes).await.expect("let in");
            client.send(&Draft::chat(&"before").expect("JSON")).await.expect("sent");
            assert_eq!(next_message(&mut client).await.data.get(), r#""before""#);

            terminator.order(order);
            let end = client.next().await.expect_err("an end");

            assert_eq!(end, End::Lost(kind), "{order:?}");
            assert!(end.is_retryable());
        });
    }
}

#[test]
fn an_end_that_anybody_could_have_made_is_none_of_the_stream() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let terminator = Terminator::start(config(&certificates), pod.address());
    let address = Address::parse(&terminator.url("wss")).expect("an address");
    run(async {
        for (order, is_whole) in [(Order::Cut, false), (Order::SayGoodbye, true)] {
            let mut stream =
                Stream::connect(&address, &trust(&certificates)).await.expect("a stream");
            stream.write_all(UPGRADE).await.expect("sent");
            stream.flush().await.expect("sent");
            stream.read_u8().await.expect("an answer");
            terminator.order(order);

            let end = stream.read_to_end(&mut Vec::new()).await;

            assert_eq!(end.is_ok(), is_whole, "{order:?}: {end:?}");
        }
    });
}

#[test]
fn a_client_comes_back_through_tls_and_misses_nothing() {
    let pod = Pod::start(|_| {});
    let certificates = Certificates::create();
    let terminator = Terminator::start(config(&certificates), pod.address());
    let wishes = options(&terminator.url("wss"), &certificates).events();
    let plain = options(&format!("ws://{}", pod.address()), &certificates);
    run(async {
        let mut speaker = Connection::open(&plain).await.expect("let in");
        let backoff = Backoff { base: Duration::from_millis(1), ..Backoff::default() };
        let mut client = Client::new(wishes, backoff);
        let mut heard = Vec::new();
        let mut losses = 0;
        while heard.len() < 5 {
            match client.next().await.expect("it comes back") {
                Happening::Heard(Heard::Message(message)) => {
                    heard.push(message.data::<u32>().expect("a number"));
                    terminator.order(Order::Cut);
                    let next = Draft::chat(&heard.len()).expect("JSON");
                    speaker.send(&next).await.expect("sent");
                }
                Happening::Disconnected { failure, .. } => {
                    assert_eq!(failure, Failure::Ended(End::Lost(ErrorKind::UnexpectedEof)));
                    losses += 1;
                }
                Happening::Connected if heard.is_empty() => {
                    speaker.send(&Draft::chat(&0).expect("JSON")).await.expect("sent");
                }
                _ => {}
            }
        }
        assert_eq!(heard, [0, 1, 2, 3, 4]);
        assert!(losses >= 4, "{losses} losses");
    });
}

#[test]
fn what_holds_no_authority_is_refused() {
    let certificates = Certificates::create();
    let key = std::fs::read(certificates.server_key()).expect("a key");
    let authority = std::fs::read_to_string(certificates.authority()).expect("an authority");
    let cut = &authority[..authority.len() / 2];
    let forged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cases: [(&[u8], &str); 5] = [
        (b"", "no certificate in PEM is there"),
        (b"\xff\xfe nonsense", "no certificate in PEM is there"),
        (&key, "no certificate in PEM is there"),
        (cut.as_bytes(), "the PEM is damaged"),
        (forged.as_bytes(), "one of the certificates cannot be read"),
    ];
    for (pem, words) in cases {
        let bad = Trust::only(pem).expect_err(words);

        assert_eq!(bad.to_string(), words);
    }
}
