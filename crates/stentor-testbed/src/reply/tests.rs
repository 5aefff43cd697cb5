//! Answers are read as Redis means them.

use super::{Reply, read};

fn answer(mut bytes: &[u8]) -> Reply {
    read(&mut bytes).expect("an answer")
}

#[test]
fn every_kind_of_answer_is_read() {
    assert_eq!(answer(b"+PONG\r\n"), Reply::Text("PONG".to_owned()));
    assert_eq!(answer(b"$3\r\na\r\n\r\n"), Reply::Text("a\r\n".to_owned()));
    assert_eq!(answer(b":-7\r\n"), Reply::Number(-7));
    assert_eq!(answer(b"-ERR no\r\n"), Reply::Error("ERR no".to_owned()));
    assert_eq!(answer(b"$-1\r\n"), Reply::Nil);
    let list = Reply::List(vec![Reply::Number(1), Reply::List(Vec::new())]);
    assert_eq!(answer(b"*2\r\n:1\r\n*0\r\n"), list);
}

#[test]
fn what_is_cut_off_or_rubbish_is_an_error() {
    for bad in [&b""[..], b"+PO", b"$5\r\nabc\r\n", b"*2\r\n:1\r\n", b"$99999999999\r\n", b"?\r\n"]
    {
        assert!(read(&mut { bad }).is_err(), "{bad:?}");
    }
}

#[test]
fn values_are_found_by_their_names() {
    let info = Reply::Text("# Cluster\r\nstate:ok\r\nslots:3\r\n".to_owned());
    assert_eq!(info.field("state"), Some("ok"));
    assert_eq!(info.field("slot"), None);
    let pairs = answer(b"*4\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nb\r\n$1\r\n5\r\n");
    assert_eq!(pairs.pair("b").and_then(Reply::number), Some(5));
    assert_eq!(pairs.pair("c"), None);
}
