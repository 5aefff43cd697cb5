use super::{BadResponse, HEAD_BYTES_MAX, Handshake, Refusal, Request, Verdict};
use std::time::Duration;

/// The key of RFC 6455 section 1.3, and what it gives.
const KEY: [u8; 16] = *b"the sample nonce";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn begin() -> Handshake {
    let subprotocols = vec!["bearer.abc".to_owned()];
    Handshake::begin(&Request { subprotocols, ..Request::default() }, KEY).0
}

fn switching(headers: &str) -> String {
    format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n")
}

fn good() -> String {
    format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n")
}

#[test]
fn the_request_is_the_one_of_the_rfc() {
    let request = Request {
        authority: "server.example.com".to_owned(),
        target: "/chat?room=a".to_owned(),
        authorization: Some("Bearer abc".to_owned()),
        subprotocols: vec!["one".to_owned(), "two".to_owned()],
    };

    let (_, bytes) = Handshake::begin(&request, KEY);

    let expected = "GET /chat?room=a HTTP/1.1\r\nHost: server.example.com\r\n\
        Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer abc\r\n\
        Sec-WebSocket-Protocol: one, two\r\n\r\n";
    assert_eq!(String::from_utf8(bytes).as_deref(), Ok(expected));
}

#[test]
fn a_good_response_upgrades_and_what_follows_it_is_left() {
    let response = switching(&good()) + "\u{1}frames";
    let end = response.len() - "\u{1}frames".len();

    let verdict = begin().judge(response.as_bytes());

    assert!(matches!(verdict, Ok(Some(Verdict::Upgraded { head_bytes })) if head_bytes == end));
}

#[test]
fn letter_case_and_further_tokens_do_not_matter() {
    let headers = format!(
        "UPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\nsec-websocket-accept: {ACCEPT}\
         \r\nSec-WebSocket-Protocol: bearer.abc\r\nSec-WebSocket-Extensions:\r\n"
    );

    let verdict = begin().judge(switching(&headers).as_bytes());

    assert!(matches!(verdict, Ok(Some(Verdict::Upgraded { .. }))), "{verdict:?}");
}

#[test]
fn a_head_is_waited_for_until_it_is_whole() {
    let response = switching(&good());
    for cut in 0..response.len() {
        let verdict = begin().judge(&response.as_bytes()[..cut]);

        assert!(matches!(verdict, Ok(None)), "{cut}: {verdict:?}");
    }
}

#[test]
fn a_response_that_proves_nothing_is_not_trusted() {
    let cases = [
        (good().replace("websocket", "h2c"), BadResponse::NoUpgrade),
        (good().replace("Connection: Upgrade", "Connection: close"), BadResponse::NoUpgrade),
        (good().replace("s3p", "S3P"), BadResponse::WrongAccept),
        (good().replace("Sec-WebSocket-Accept", "X"), BadResponse::WrongAccept),
        (good() + &format!("Sec-WebSocket-Accept: {ACCEPT}\r\n"), BadResponse::WrongAccept),
        (good() + "Sec-WebSocket-Extensions: permessage-deflate\r\n", BadResponse::Extension),
        (good() + "Sec-WebSocket-Protocol: chat\r\n", BadResponse::Subprotocol),
        (
            good() + "Sec-WebSocket-Protocol: bearer.abc\r\nSec-WebSocket-Protocol: b\r\n",
            BadResponse::Subprotocol,
        ),
    ];
    for (headers, fault) in cases {
        let verdict = begin().judge(switching(&headers).as_bytes());

        assert_eq!(verdict.expect_err(&headers), fault);
    }
}

#[test]
fn what_is_no_response_of_http_1_1_is_told() {
    let old = switching(&good()).replace("HTTP/1.1", "HTTP/1.0");
    for bytes in ["SSH-2.0-OpenSSH\r\n", "HTTP/2 200\r\n\r\n", "\u{0}\u{0}", &old] {
        let verdict = begin().judge(bytes.as_bytes());

        assert_eq!(verdict.expect_err(bytes), BadResponse::NotHttp);
    }
}

#[test]
fn a_head_past_the_bound_is_refused_though_it_be_incomplete() {
    let endless = format!("HTTP/1.1 101 S\r\nX: {}", "x".repeat(HEAD_BYTES_MAX));
    let many = switching(&"X: y\r\n".repeat(65));

    for head in [endless, many] {
        let verdict = begin().judge(head.as_bytes());

        assert_eq!(verdict.expect_err("too large"), BadResponse::HeadTooLarge);
    }
}

#[test]
fn a_refusal_has_status_code_and_pause() {
    let body = r#"{"error":{"code":"at_capacity","message":"as many as allowed are here"}}"#;
    let head = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 72\r\n\r\n";

    let verdict = begin().judge(head.as_bytes());

    let Ok(Some(Verdict::Refused { head_bytes, body_bytes, mut refusal })) = verdict else {
        panic!("503 refuses: {verdict:?}");
    };
    refusal.read_body(body.as_bytes());
    assert_eq!((head_bytes, body_bytes), (head.len(), 72));
    assert_eq!((refusal.status(), refusal.code()), (503, Some("at_capacity")));
    assert_eq!(refusal.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(refusal.to_string(), "refused with 503 at_capacity: as many as allowed are here");
    assert!(refusal.is_retryable());
}

#[test]
fn a_refusal_of_another_server_is_one_without_a_code() {
    for body in ["", "<html>", "{}", r#"{"error":"no"}"#, r#"{"error":{"code":1}}"#, "\u{0}"] {
        let mut refusal = Refusal::new(502, None);

        refusal.read_body(body.as_bytes());

        assert_eq!(refusal, Refusal::new(502, None), "{body}");
    }
}

#[test]
fn only_what_passes_is_worth_another_attempt() {
    for (status, is_retryable) in
        [(301, false), (400, false), (401, false), (403, false), (404, false), (426, false)]
            .into_iter()
            .chain([(408, true), (429, true), (500, true), (502, true), (503, true), (504, true)])
    {
        assert_eq!(Refusal::new(status, None).is_retryable(), is_retryable, "{status}");
    }
}

#[test]
fn a_pause_that_is_no_number_of_seconds_is_left_alone() {
    for pause in
        ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "+3", "99999999999999", "1\r\nRetry-After: 2"]
    {
        let head = format!("HTTP/1.1 503 S\r\nRetry-After: {pause}\r\n\r\n");

        let verdict = begin().judge(head.as_bytes());

        let Ok(Some(Verdict::Refused { refusal, .. })) = verdict else {
            panic!("503 refuses: {verdict:?}");
        };
        assert_eq!(refusal.retry_after(), None, "{pause}");
    }
}
