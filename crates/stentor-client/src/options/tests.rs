use super::{BadToken, Options, Token, TokenPlace};
use crate::address::Address;
use stentor_wire::room_name::BadRoomName;
use uuid::Uuid;

fn options() -> Options {
    Options::new(Address::parse("ws://host:81/api/chat-api").expect("an address"))
}

fn token() -> Token {
    Token::parse("ey.J-_9").expect("a token")
}

#[test]
fn who_wants_nothing_asks_for_nothing() {
    let request = options().request();

    assert_eq!((&*request.target, &*request.authority), ("/api/chat-api/ws", "host:81"));
    assert!(request.authorization.is_none() && request.subprotocols.is_empty());
}

#[test]
fn every_wish_stands_in_the_query() {
    let id = Uuid::from_u128(7);
    let options = options().room("a b&c=/?#ü").and_then(|options| options.room("d"));

    let request = options
        .and_then(|options| options.room("d"))
        .expect("names")
        .events()
        .presence()
        .ack()
        .no_echo()
        .last_id(id)
        .request();

    assert_eq!(
        request.target,
        format!(
            "/api/chat-api/ws?room=a%20b%26c%3D%2F%3F%23%C3%BC&room=d&events=1&presence=1&ack=1\
             &echo=0&last_id={id}"
        )
    );
}

#[test]
fn a_token_stands_in_one_place_alone() {
    let header = options().token(token()).request();
    let query = options().token_in(token(), TokenPlace::Query).request();
    let subprotocol = options().token_in(token(), TokenPlace::Subprotocol).request();

    assert_eq!(header.authorization.as_deref(), Some("Bearer ey.J-_9"));
    assert_eq!(query.target, "/api/chat-api/ws?token=ey.J-_9");
    assert_eq!(subprotocol.subprotocols, ["bearer.ey.J-_9"]);
    let shown = [&header, &query, &subprotocol].map(|request| {
        [
            request.authorization.is_some(),
            request.target.contains("ey."),
            !request.subprotocols.is_empty(),
        ]
    });
    assert_eq!(shown, [[true, false, false], [false, true, false], [false, false, true]]);
}

#[test]
fn a_token_is_not_printed() {
    assert!(!format!("{:?}", options().token(token())).contains("ey.J"));
}

#[test]
fn what_is_no_token_is_refused() {
    let long = "a".repeat(Token::BYTES_MAX + 1);
    for (text, fault) in [
        ("", BadToken::Empty),
        (&long, BadToken::TooLong),
        ("a b", BadToken::BadByte),
        ("a\r\nX: y", BadToken::BadByte),
        ("ä", BadToken::BadByte),
        ("a&room=b", BadToken::BadByte),
    ] {
        assert_eq!(Token::parse(text), Err(fault), "{text:?}");
    }
}

#[test]
fn what_is_no_room_is_refused() {
    assert_eq!(options().room("").map(drop), Err(BadRoomName::Empty));
    assert_eq!(options().room("a\n").map(drop), Err(BadRoomName::ControlCharacter));
}
