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

    let Answer::Refused(reason) = read_answer(answer) else { panic!("taken for an upgrade") };

    assert!(reason.contains("503") && reason.contains("full") && !reason.contains('\n'));
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
