//! Frames as they should not be, and as they may be: RFC 6455 on a raw socket. After a fault comes
//! its close code, then the end of the stream, never a reset that eats the close.

use crate::client::{BINARY, CLOSE, Client, PING, PONG, TEXT, handshake, masked_frame};
use crate::http::read_answer;
use crate::pod::Pod;

/// FIN, section 5.2.
const FIN: u8 = 0x80;
const CONTINUATION: u8 = 0;

/// A masked frame of text that is not the whole message.
fn first(payload: &[u8]) -> Vec<u8> {
    masked_frame(TEXT, payload)
}

fn more(payload: &[u8]) -> Vec<u8> {
    masked_frame(CONTINUATION, payload)
}

fn last(payload: &[u8]) -> Vec<u8> {
    masked_frame(FIN | CONTINUATION, payload)
}

fn text(payload: &str) -> Vec<u8> {
    masked_frame(FIN | TEXT, payload.as_bytes())
}

/// A message of exactly so many bytes.
fn message_of(bytes: usize) -> String {
    let message = format!(r#"{{"data":"{}"}}"#, "x".repeat(bytes - 11));
    assert_eq!(message.len(), bytes);
    message
}

/// The head of a masked frame that announces a length in its longest form.
fn long_head(first_byte: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first_byte, FIN | 127];
    head.extend(length.to_be_bytes());
    head
}

/// Sends bytes to a fresh connection and wants this close code, and the end in order.
fn expect_close(pod: &Pod, what: &str, bytes: &[u8], code: u16) {
    let mut client = pod.connect("/ws/general");
    client.send_raw(bytes);
    assert_eq!(client.next_close().0, code, "{what}");
}

#[test]
fn a_frame_that_breaks_the_protocol_is_closed_with_1002() {
    let pod = Pod::start(|_| {});
    let control_head = |opcode: u8| [FIN | opcode, FIN | 126, 0, 126, 1, 2, 3, 4].to_vec();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("unmasked text", vec![FIN | TEXT, 2, b'{', b'}']),
        ("unmasked and empty", vec![FIN | TEXT, 0]),
        ("unmasked ping", vec![FIN | PING, 0]),
        ("RSV1", masked_frame(FIN | 0x40 | TEXT, b"{}")),
        ("RSV2", masked_frame(FIN | 0x20 | TEXT, b"{}")),
        ("RSV3", masked_frame(FIN | 0x10 | TEXT, b"{}")),
        ("RSV1 in a continuation", [first(b"{"), masked_frame(FIN | 0x40, b"}")].concat()),
        ("RSV1 in a ping", masked_frame(FIN | 0x40 | PING, b"")),
        ("ping in fragments", masked_frame(PING, b"")),
        ("pong in fragments", masked_frame(PONG, b"")),
        ("close in fragments", masked_frame(CLOSE, &1000_u16.to_be_bytes())),
        ("ping of 126 bytes", masked_frame(FIN | PING, &[b'x'; 126])),
        ("pong of 126 bytes", control_head(PONG)),
        ("close of 126 bytes", control_head(CLOSE)),
        ("lone continuation", last(b"{}")),
        ("lone continuation in fragments", more(b"{}")),
        ("continuation after a whole message", [text("{}"), last(b"{}")].concat()[8..].to_vec()),
        ("text inside a message", [first(b"{"), text("}")].concat()),
        ("binary inside a message", [first(b"{"), masked_frame(FIN | BINARY, b"}")].concat()),
        ("64-bit length with the top bit", long_head(FIN | TEXT, 1 << 63)),
        ("64-bit length of ones", long_head(FIN | BINARY, u64::MAX)),
        ("close of one byte", masked_frame(FIN | CLOSE, &[3])),
    ];
    for (what, bytes) in &cases {
        expect_close(&pod, what, bytes, 1002);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let what = format!("opcode {opcode}");
        expect_close(&pod, &what, &masked_frame(FIN | opcode, b""), 1002);
        expect_close(&pod, &what, &[first(b"{"), masked_frame(opcode, b"}")].concat(), 1002);
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535_u16] {
        let what = format!("close code {code}");
        expect_close(&pod, &what, &masked_frame(FIN | CLOSE, &code.to_be_bytes()), 1002);
    }
}

#[test]
fn text_that_is_not_utf_8_is_closed_with_1007() {
    let pod = Pod::start(|_| {});
    let faults: [&[u8]; 7] = [
        b"\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
        b"\xe2\x82",
    ];
    for fault in faults {
        let what = format!("{fault:x?}");
        expect_close(&pod, &what, &masked_frame(FIN | TEXT, fault), 1007);
        expect_close(&pod, &what, &[first(b"{"), last(fault)].concat(), 1007);
        expect_close(&pod, &what, &[first(fault), last(b"")].concat(), 1007);
        let reason = [&1000_u16.to_be_bytes()[..], fault].concat();
        expect_close(&pod, &what, &masked_frame(FIN | CLOSE, &reason), 1007);
    }
}

#[test]
fn text_that_cannot_become_utf_8_is_closed_before_its_message_ends() {
    let pod = Pod::start(|_| {});
    expect_close(&pod, "first fragment", &first(b"ab\xff"), 1007);
    expect_close(&pod, "second fragment", &[first(b"ab"), more(b"\xff")].concat(), 1007);
    let split = [first(b"ab\xf4"), more(b"\x90")].concat();
    expect_close(&pod, "a character over fragments", &split, 1007);
    // The head announces 300 bytes and six of them have come.
    let whole = masked_frame(FIN | TEXT, &[b"abcd\xc0\x80".as_slice(), &[b'x'; 294]].concat());
    expect_close(&pod, "inside a frame", &whole[..8 + 6], 1007);
}

#[test]
fn a_message_of_65_536_bytes_passes_whole_or_in_fragments() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    let message = message_of(65_536);
    let bytes = message.as_bytes();
    let fragments = [
        first(b""),
        more(&bytes[..1]),
        masked_frame(FIN | PING, b"between"),
        more(&bytes[1..40_000]),
        more(b""),
        last(&bytes[40_000..]),
    ];
    client.send_raw(&text(&message));
    assert!(client.next_text().len() > 65_536);
    client.send_raw(&fragments.concat());
    let pong = client.next_frame().expect("a pong");
    assert_eq!((pong.opcode, pong.payload.as_slice()), (PONG, &b"between"[..]));
    assert!(client.next_text().len() > 65_536);
}

#[test]
fn one_byte_more_is_closed_with_1009_as_soon_as_it_is_announced() {
    let pod = Pod::start(|_| {});
    let message = message_of(65_537);
    let bytes = message.as_bytes();
    expect_close(&pod, "one frame", &text(&message), 1009);
    let fragments = [first(&bytes[..65_536]), last(&bytes[65_536..])];
    expect_close(&pod, "fragments", &fragments.concat(), 1009);
    let head = long_head(FIN | TEXT, 65_537);
    expect_close(&pod, "a head without its key", &head, 1009);
    expect_close(&pod, "a head", &[&head[..], &[1, 2, 3, 4]].concat(), 1009);
    expect_close(&pod, "a huge head", &long_head(FIN | BINARY, (1 << 63) - 1), 1009);
    let announced = [first(&bytes[..40_000]), long_head(FIN, 25_537)];
    expect_close(&pod, "a fragment's head", &announced.concat(), 1009);
}

/// A socket that is closed with something unread resets, and the reset discards what the peer was
/// still to be sent.
#[test]
fn a_peer_that_goes_on_sending_reads_all_that_it_is_owed_and_the_close_behind_it() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let mut client = pod.connect("/ws/general");
    let mut speaker = pod.connect("/ws/general?echo=0");
    // More than the client's own buffer takes, less than the pod's.
    (0..64).for_each(|_| speaker.send_text(&message_of(32 * 1024)));
    speaker.expect_nothing();
    let flood = text(&message_of(60_000)).repeat(8);
    client.send_raw(&[masked_frame(FIN | 3, b""), flood].concat());
    pod.wait_for_stats("it to be told", |stats| stats["connections"] == 1);
    for _ in 0..64 {
        assert!(client.next_text().len() > 32 * 1024);
    }
    assert_eq!(client.next_close().0, 1002);
}

#[test]
fn a_close_is_answered_with_its_code_and_nothing_behind_it_counts() {
    let pod = Pod::start(|_| {});
    let mut other = pod.connect("/ws/general");
    let said = [1000, 1001, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999_u16];
    for code in said {
        let payload = [&code.to_be_bytes()[..], "goodbye é".as_bytes()].concat();
        let bytes = [masked_frame(FIN | CLOSE, &payload), text("{}")].concat();
        expect_close(&pod, "a code", &bytes, code);
    }
    expect_close(&pod, "none", &[masked_frame(FIN | CLOSE, b""), text("{}")].concat(), 1000);
    let longest = [&1000_u16.to_be_bytes()[..], &[b'x'; 123]].concat();
    expect_close(&pod, "the longest reason", &masked_frame(FIN | CLOSE, &longest), 1000);
    other.expect_nothing();
}

#[test]
fn a_message_before_a_close_in_the_same_segment_is_delivered() {
    let pod = Pod::start(|_| {});
    let mut other = pod.connect("/ws/general");
    let mut client = pod.connect("/ws/general");
    let close = masked_frame(FIN | CLOSE, &1000_u16.to_be_bytes());
    client.send_raw(&[text(r#"{"data":"last words"}"#), close].concat());
    assert_eq!(other.next_json()["data"], "last words");
    assert_eq!(client.next_json()["data"], "last words");
    assert_eq!(client.next_close().0, 1000);
}

#[test]
fn bytes_that_come_one_by_one_are_the_same_frames() {
    let pod = Pod::start(|_| {});
    let mut client = {
        let mut socket = pod.socket();
        dribble(&mut socket, handshake("/ws/general", &[]).as_bytes());
        assert_eq!(read_answer(&mut socket, "GET").status, 101);
        Client::on(socket)
    };
    dribble(client.socket(), &text(r#"{"data":"whole"}"#));
    assert_eq!(client.next_json()["data"], "whole");
    let message = r#"{"data":"é😀"}"#.as_bytes();
    // The first cut is inside the first character of two bytes.
    dribble(client.socket(), &first(&message[..10]));
    dribble(client.socket(), &masked_frame(FIN | PING, b"between"));
    let pong = client.next_frame().expect("a pong");
    assert_eq!((pong.opcode, pong.payload.as_slice()), (PONG, &b"between"[..]));
    dribble(client.socket(), &last(&message[10..]));
    assert_eq!(client.next_json()["data"], "é😀");
    dribble(client.socket(), &text(&message_of(300)));
    assert_eq!(client.next_json()["data"].as_str().map(str::len), Some(289));
    dribble(client.socket(), &masked_frame(FIN | CLOSE, &4321_u16.to_be_bytes()));
    assert_eq!(client.next_close().0, 4321);
}

/// Sends bytes one by one; the socket does not gather them.
fn dribble(socket: &mut std::net::TcpStream, bytes: &[u8]) {
    for byte in bytes {
        std::io::Write::write_all(socket, &[*byte]).expect("a pod that reads");
    }
}

#[test]
fn ten_frames_in_one_segment_are_ten_messages() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    let frames: Vec<_> = (0..10).map(|n| text(&format!(r#"{{"data":{n}}}"#))).collect();
    client.send_raw(&frames.concat());
    for n in 0..10 {
        assert_eq!(client.next_json()["data"], n);
    }
}

#[test]
fn frames_behind_the_handshake_in_the_same_segment_are_not_lost() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    let mut bytes = handshake("/ws/general", &[]).into_bytes();
    for n in 0..10 {
        bytes.extend(text(&format!(r#"{{"data":{n}}}"#)));
    }
    let (begun, rest) = (text(r#"{"data":"begun"}"#), 9);
    bytes.extend_from_slice(&begun[..rest]);
    std::io::Write::write_all(&mut socket, &bytes).expect("a pod that reads");
    assert_eq!(read_answer(&mut socket, "GET").status, 101);
    let mut client = Client::on(socket);
    for n in 0..10 {
        assert_eq!(client.next_json()["data"], n);
    }
    client.send_raw(&begun[rest..]);
    assert_eq!(client.next_json()["data"], "begun");
}

#[test]
fn a_bad_frame_behind_the_handshake_is_closed_in_order_too() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    let bytes = [handshake("/ws", &[]).as_bytes(), &[FIN | TEXT, 0]].concat();
    std::io::Write::write_all(&mut socket, &bytes).expect("a pod that reads");
    assert_eq!(read_answer(&mut socket, "GET").status, 101);
    assert_eq!(Client::on(socket).next_close().0, 1002);
}

#[test]
fn control_frames_between_fragments_are_answered_at_once() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    client.send_raw(&first(br#"{"da"#));
    for payload in [&b""[..], b"abc", &[0xff; 125]] {
        client.send_frame(FIN | PONG, b"unasked for");
        client.send_frame(FIN | PING, payload);
        let pong = client.next_frame().expect("a pong");
        assert_eq!((pong.opcode, pong.payload.as_slice()), (PONG, payload));
    }
    client.send_raw(&more(br#"ta":"to"#));
    client.send_frame(FIN | PING, b"and here");
    assert_eq!(client.next_frame().map(|frame| frame.payload), Some(b"and here".to_vec()));
    client.send_raw(&last(br#"gether"}"#));
    assert_eq!(client.next_json()["data"], "together");
}

#[test]
fn two_hundred_pings_in_one_write_are_all_answered_in_order() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    let pings: Vec<_> = (0..200_u16).map(|n| masked_frame(FIN | PING, &n.to_be_bytes())).collect();
    client.send_raw(&pings.concat());
    for n in 0..200_u16 {
        let pong = client.next_frame().expect("a pong");
        assert_eq!((pong.opcode, pong.payload), (PONG, n.to_be_bytes().to_vec()));
    }
}
