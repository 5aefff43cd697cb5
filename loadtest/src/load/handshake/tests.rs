use super::*;

const GOOD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\
    sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x01x";

#[test]
fn an_upgrade_says_where_the_frames_begin() {
    assert_eq!(read_answer(GOOD), Answer::Upgraded(GOOD.len() - 3));
}

#[test]
fn an_answer_in_pieces_is_waited_for() {
    for end in 0..GOOD.len() - 3 {
        assert_eq!(read_answer(&GOOD[..end]), Answer::Incomplete);
    }
}

#[test]
fn a_refusal_shows_its_status_and_its_reason_in_one_line() {
    let answer = b"HTTP/1.1 503 Service Unavailable\r\n\r\n{\"error\":{\r\n\"code\":\"full\"}}";

    let Answer::Refused(refusal) = read_answer(answer) else { panic!("taken for an upgrade") };

    let words = refusal.to_string();
    assert!(words.contains("503") && words.contains("full") && !words.contains('\n'));
    assert_eq!((refusal.status, refusal.retry_after), (Some(503), None));
}

#[test]
fn a_refusal_says_when_to_come_again() {
    for (field, seconds) in [
        ("Retry-After: 3", Some(3)),
        ("X: 1\r\nretry-after:0", Some(0)),
        ("Retry-After: Fri, 27 Nov 2026 05:00:00 GMT", None),
        ("Retry-After: -1", None),
        ("Retry-After: 99999999999999999999", None),
        ("Retry-After:", None),
    ] {
        let answer = format!("HTTP/1.1 429 Too Many Requests\r\n{field}\r\n\r\n");

        let read = read_answer(answer.as_bytes());

        let Answer::Refused(refusal) = read else { panic!("taken for an upgrade") };
        let wanted = (Some(429), seconds.map(Duration::from_secs));
        assert_eq!((refusal.status, refusal.retry_after), wanted, "{field}");
    }
}

#[test]
fn an_answer_to_another_nonce_is_refused() {
    let answer = b"HTTP/1.1 101 x\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";

    assert!(matches!(read_answer(answer), Answer::Refused(_)));
}

#[test]
fn a_head_without_an_end_is_refused_at_its_bound() {
    assert!(matches!(read_answer(&[b'x'; HEAD_BYTES_MAX + 1]), Answer::Refused(_)));
}

#[test]
fn an_answer_of_ours_is_granted_and_as_large_as_asked_for() {
    for bytes in [160, 161, 200, 1_000] {
        let answer = answer(bytes);

        assert_eq!((answer.len(), read_answer(&answer)), (bytes, Answer::Upgraded(bytes)));
    }
}
