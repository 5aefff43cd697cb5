use super::*;
use crate::load::dialect::tests::{heard, said};

fn member() -> SocketIo {
    let mut session = SocketIo::joining([0].into_iter());
    for packet in ["0{}", "40{}", "430[]"] {
        session.handle_payload(packet.as_bytes(), &mut Vec::new(), |_| {}).unwrap();
    }
    session
}

#[test]
fn a_client_is_a_member_when_its_join_is_acknowledged() {
    let mut session = SocketIo::joining([7, 12].into_iter());
    let mut step = |packet: &str| {
        let mut replies = Vec::new();
        let (mut told, bytes) = (Vec::new(), packet.as_bytes());
        session.handle_payload(bytes, &mut replies, |word| told.push(heard(word))).unwrap();
        (said(&replies), told.join("|"))
    };

    assert_eq!(step(r#"0{"sid":"x","pingInterval":25000}"#), ("40".into(), String::new()));
    let join = r#"420["join",["r7","r12"]]"#;
    assert_eq!(step(r#"40{"sid":"y"}"#), (join.into(), String::new()));
    assert_eq!(step("430[]"), (String::new(), "admitted".into()));
}

#[test]
fn a_message_is_unwrapped_to_its_text() {
    let mut told = Vec::new();

    let packet = br#"42["m",{"data":{"content":"]"}}]"#;
    member().handle_payload(packet, &mut Vec::new(), |word| told.push(heard(word))).unwrap();

    assert_eq!(told, [r#"{"data":{"content":"]"}}"#]);
    let Wrapping { before, after, .. } = wrapping();
    assert_eq!(format!(r#"{before}{{"data":{{"content":"]"}}}}{after}"#).as_bytes(), packet);
}

#[test]
fn a_ping_is_answered_at_any_stage() {
    for mut session in [SocketIo::joining([].into_iter()), member()] {
        let mut replies = Vec::new();

        session.handle_payload(b"2", &mut replies, |_| panic!("a ping is no message")).unwrap();

        assert_eq!(said(&replies), "3");
    }
}

#[test]
fn other_events_of_a_member_are_passed_on_whole() {
    for packet in ["42[\"news\",1]", "41", "1", "431[]"] {
        let mut told = Vec::new();

        let packet_bytes = packet.as_bytes();
        member()
            .handle_payload(packet_bytes, &mut Vec::new(), |word| told.push(heard(word)))
            .unwrap();

        assert_eq!(told, [packet]);
    }
}

#[test]
fn a_refusal_and_what_is_no_packet_end_the_talk_in_one_line() {
    let refused = SocketIo::joining([0].into_iter()).handle_payload(
        br#"44{"message":"no"}"#,
        &mut Vec::new(),
        |_| {},
    );
    assert!(refused.unwrap_err().contains(r#"{"message":"no"}"#));
    for packet in ["", "9", "hello\nyou", "430[]", "40{}", "42[\"m\",{}"] {
        let mut session = SocketIo::joining([0].into_iter());

        let fault = session.handle_payload(packet.as_bytes(), &mut Vec::new(), |_| {});

        assert!(!fault.expect_err(packet).contains('\n'));
    }
}
