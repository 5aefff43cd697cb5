use bytes::Bytes;
use fred::types::config::Server;

use super::{Frame, SLOTS, Topology, parse_slots};

fn range(first: i64, last: i64, host: &'static str, port: i64) -> Frame {
    let node = vec![Frame::BulkString(Bytes::from_static(host.as_bytes())), Frame::Integer(port)];
    Frame::Array(vec![Frame::Integer(first), Frame::Integer(last), Frame::Array(node)])
}

fn two() -> Topology {
    let answer = Frame::Array(vec![range(0, 8_191, "", 1), range(8_192, 16_383, "b", 2)]);
    parse_slots(&answer, &Server::new("a", 9)).unwrap()
}

#[test]
fn a_node_without_a_name_is_the_one_that_was_asked() {
    assert_eq!(two().servers, [Server::new("a", 1), Server::new("b", 2)]);
}

#[test]
fn each_server_has_a_channel_of_its_own_below_any_name() {
    for server in 0..2 {
        let name = two().channel_at("probe", server).unwrap();
        assert!(name.starts_with("probe") && two().server_of(&name) == Some(server));
    }
    assert_eq!(two().channel_at("probe", 2), None);
}

#[test]
fn a_slot_moves_where_a_node_says_so_and_only_to_a_server_that_is_known() {
    let mut topology = two();
    let (old, slot) = (topology.server_of("x"), fred::util::redis_keyslot(b"x"));
    let (new, port) = if old == Some(0) { ("b", 2) } else { ("a", 1) };
    assert_eq!(topology.take_moved(&format!("MOVED {slot} {new}:9")), None);
    assert_eq!(topology.take_moved("MOVED"), None);
    assert_eq!(topology.take_moved(&format!("MOVED {SLOTS} {new}:{port}")), None);
    assert_eq!(topology.server_of("x"), old);
    assert!(topology.take_moved(&format!("MOVED {slot} {new}:{port}")).is_some());
    assert_ne!(topology.server_of("x"), old);
}

#[test]
fn an_order_of_servers_is_taken_over_from_another() {
    let answer = Frame::Array(vec![range(8_192, 16_383, "b", 2), range(0, 8_191, "a", 1)]);
    let other = parse_slots(&answer, &Server::new("a", 9)).unwrap();
    assert!(other.has_servers_of(&two()));
    assert_eq!(other.renumbered_as(&two()), two());
}

#[test]
fn an_answer_that_is_no_list_of_slots_is_refused() {
    let asked = Server::new("a", 9);
    for bad in [
        Frame::Array(vec![Frame::Integer(1)]),
        Frame::Array(vec![range(0, 16_384, "a", 1)]),
        Frame::Array(vec![range(-1, 4, "a", 1)]),
        Frame::Array(vec![range(0, 4, "a", 70_000)]),
    ] {
        assert_eq!(parse_slots(&bad, &asked), None, "{bad:?}");
    }
}
