use super::*;
use crate::load::dialect::tests::{heard, said};

const INFO: &[u8] = b"INFO {\"server_id\":\"x\"} \r\n";

/// What the session replied and told, bytes handed over in these pieces.
fn talk(session: &mut Nats, pieces: &[&[u8]]) -> Result<(String, Vec<String>), String> {
    let (mut replies, mut told) = (Vec::new(), Vec::new());
    for piece in pieces {
        session.handle_payload(piece, &mut replies, |word| told.push(heard(word)))?;
    }
    Ok((said(&replies), told))
}

fn member() -> Nats {
    let mut session = Nats::joining([0].into_iter());
    talk(&mut session, &[INFO, b"PONG\r\n"]).unwrap();
    session
}

#[test]
fn a_client_is_a_member_when_its_ping_is_answered() {
    let mut session = Nats::joining([7, 12].into_iter());

    let (replies, told) = talk(&mut session, &[INFO]).unwrap();
    assert!(replies.starts_with("CONNECT {"), "{replies}");
    assert!(replies.ends_with("}\r\nSUB r7 1\r\nSUB r12 2\r\nPING\r\n"), "{replies}");
    assert!(told.is_empty());

    assert_eq!(talk(&mut session, &[b"PONG\r\n"]), Ok((String::new(), vec!["admitted".into()])));
}

#[test]
fn several_operations_in_one_frame_are_all_heard() {
    let frame = b"MSG r0 1 3\r\none\r\nPING\r\nMSG r0 1 _INBOX.1 5\r\ntw\r\no\r\n+OK\r\n";

    let (replies, told) = talk(&mut member(), &[frame]).unwrap();

    assert_eq!((replies.as_str(), told), ("PONG\r\n", vec!["one".into(), "tw\r\no".into()]));
}

#[test]
fn an_operation_split_anywhere_is_heard_once_and_whole() {
    let stream = b"MSG r0 1 3\r\none\r\nPING\r\nMSG r0 1 0\r\n\r\nMSG r0 1 3\r\ntwo\r\n";
    let whole = talk(&mut member(), &[stream]).unwrap();
    assert_eq!(whole, ("PONG\r\n".to_owned(), vec!["one".into(), String::new(), "two".into()]));

    for at in 0..=stream.len() {
        let (front, back) = stream.split_at(at);
        assert_eq!(talk(&mut member(), &[front, back]).unwrap(), whole, "split at {at}");
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(talk(&mut member(), &bytes).unwrap(), whole);
}

#[test]
fn a_message_is_wrapped_with_its_room_and_its_length() {
    let Wrapping { before, after, opcode } = wrapping(3, 150);

    assert_eq!((before.as_str(), after, opcode), ("PUB r3 150\r\n", "\r\n", OpCode::Binary));
}

#[test]
fn an_error_refuses_a_stranger_and_is_told_to_a_member() {
    let error = b"-ERR 'Slow Consumer'\r\n";

    let refused = talk(&mut Nats::joining([0].into_iter()), &[INFO, error]);
    assert_eq!(refused, Err("-ERR 'Slow Consumer'".to_owned()));
    assert_eq!(talk(&mut member(), &[error]).unwrap().1, ["-ERR 'Slow Consumer'"]);
}

#[test]
fn what_is_no_operation_ends_the_talk_in_one_line() {
    let endless = vec![b'x'; LINE_BYTES_MAX];
    let too_much = format!("MSG r0 1 {}\r\n", MESSAGE_BYTES_MAX + 1);
    let cases: [&[u8]; 9] = [
        b"\r\n",
        b"HELLO\r\n",
        b"MSG\r\n",
        b"MSG r0 1 -1\r\n",
        b"MSG r0 1 x\r\n",
        b"MSG r0 1 99999999999999999999\r\n",
        b"MSG r0 1 1\r\nxyz",
        too_much.as_bytes(),
        &endless,
    ];
    for bytes in cases {
        let fault = talk(&mut member(), &[bytes]).expect_err("a fault");

        assert!(!fault.contains(['\n', '\r']), "{fault}");
    }
}

#[test]
fn half_a_line_is_waited_for_up_to_its_bound() {
    let half = vec![b'x'; LINE_BYTES_MAX - 1];

    assert_eq!(talk(&mut member(), &[&half]), Ok((String::new(), Vec::new())));
    assert!(talk(&mut member(), &[&half, b"x"]).is_err());
}
