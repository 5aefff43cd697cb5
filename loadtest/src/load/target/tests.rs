use super::*;

#[test]
fn an_address_gives_host_port_and_room_path() {
    let target = Target::parse("ws://127.0.0.1:9/api/chat-api/ws/").unwrap();

    assert_eq!(target.address, "127.0.0.1:9".parse().unwrap());
    let with_room = String::from_utf8(target.upgrade(Some(7)).request).unwrap();
    assert!(with_room.starts_with("GET /api/chat-api/ws/r7 HTTP/1.1\r\nHost: 127.0.0.1:9\r\n"));
    let without = String::from_utf8(target.upgrade(None).request).unwrap();
    assert!(without.starts_with("GET /api/chat-api/ws HTTP/1.1\r\n"));
}

#[test]
fn an_address_without_a_path_asks_for_the_root() {
    let target = Target::parse("ws://127.0.0.1").unwrap();

    assert_eq!(target.address.port(), 80);
    assert!(target.upgrade(None).request.starts_with(b"GET / HTTP/1.1\r\n"));
}

#[test]
fn what_is_no_address_is_refused_in_one_line() {
    for url in ["", "http://127.0.0.1/", "wss://127.0.0.1/", "ws://:x/", "ws:///ws"] {
        let failure = Target::parse(url).expect_err(url);

        assert!(!failure.to_string().contains('\n'));
    }
}

#[test]
fn several_rooms_are_asked_for_in_the_query() {
    let target = Target::parse("ws://127.0.0.1:9/ws").unwrap();

    let two = String::from_utf8(target.upgrade_to_all([7, 12].into_iter()).request).unwrap();
    assert!(two.starts_with("GET /ws?room=r7&room=r12 HTTP/1.1\r\n"), "{two}");
    assert_eq!(target.upgrade_to_all([7].into_iter()).request, target.upgrade(Some(7)).request);
}

#[test]
fn where_rooms_are_joined_by_talk_the_path_names_none() {
    let request = |url: &str, dialect| {
        let opening = Target::parse(url).unwrap().speaking(dialect).upgrade(Some(7));
        assert!(opening.session.is_some());
        String::from_utf8(opening.request).unwrap()
    };

    let socket_io = request("ws://127.0.0.1:9/socket.io/", Dialect::SocketIo);
    let nats = request("ws://127.0.0.1:9", Dialect::Nats);

    assert!(socket_io.starts_with("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"));
    assert!(nats.starts_with("GET / HTTP/1.1\r\n"), "{nats}");
}

#[test]
fn a_token_goes_with_every_way_in_and_is_escaped() {
    let target = |token| Target::parse("ws://127.0.0.1:9/ws").unwrap().carrying(Some(token));
    let path = |opening: Opening| {
        let request = String::from_utf8(opening.request).unwrap();
        request.split(' ').nth(1).unwrap().to_owned()
    };

    let with = target("a.b-c_d~9").unwrap();
    assert_eq!(path(with.upgrade(Some(7))), "/ws/r7?token=a.b-c_d~9");
    assert_eq!(
        path(with.upgrade_to_all([7, 8].into_iter())),
        "/ws?room=r7&room=r8&token=a.b-c_d~9"
    );
    assert_eq!(path(with.upgrade_asking(7, "events=1")), "/ws/r7?events=1&token=a.b-c_d~9");
    assert_eq!(path(with.upgrade_with("ack=1")), "/ws?ack=1&token=a.b-c_d~9");
    assert_eq!(
        path(target("a b&c=%\r\né").unwrap().upgrade(None)),
        "/ws?token=a%20b%26c%3D%25%0D%0A%C3%A9"
    );
    assert!(target("").unwrap_err().to_string().contains("--token is empty"));
    assert!(!with.url().contains("token"));
}
