use super::*;

fn refusal(body: &str) -> Problem {
    Request::parse(body.as_bytes()).expect_err("a bad body")
}

#[test]
fn one_message_is_taken_with_its_defaults() {
    let request = Request::parse(b" {\"data\":{\"n\": 1.0}} \n").expect("a good body");
    let [publication] = request.publications.as_slice() else { panic!("one message") };
    assert!(!request.is_batch);
    assert_eq!(publication.from, "server");
    assert_eq!(publication.room, None);
    assert_eq!(publication.data.as_ref(), b"{\"n\": 1.0}");
}

#[test]
fn a_batch_keeps_its_order_and_is_a_batch_even_of_one() {
    let request = Request::parse(br#"[{"from":"a"},{"from":"b","room":"r"}]"#).expect("good");
    let from: Vec<_> = request.publications.iter().map(|p| p.from.as_str()).collect();
    assert_eq!(from, ["a", "b"]);
    assert!(Request::parse(b"[{}]").expect("good").is_batch);
    assert!(Request::parse(b"[]").expect("good").publications.is_empty());
}

#[test]
fn a_bad_message_of_a_batch_is_named_by_its_index() {
    let problem = refusal(r#"[{},{},{"type":"nonsense"}]"#);
    assert_eq!(problem.kind, Kind::BadMessage(ErrorCode::UnknownType));
    assert_eq!(problem.index, Some(2));
}

#[test]
fn a_batch_of_a_thousand_passes_and_one_more_does_not() {
    let batch = |messages| format!("[{}]", vec!["{}"; messages].join(","));
    assert_eq!(Request::parse(batch(1_000).as_bytes()).expect("good").publications.len(), 1_000);
    assert_eq!(refusal(&batch(1_001)).kind, Kind::PayloadTooLarge);
}

#[test]
fn a_message_of_65536_bytes_passes_and_one_more_does_not() {
    let message = |bytes: usize| format!(r#"{{"data":"{}"}}"#, "x".repeat(bytes - 11));
    assert_eq!(message(65_536).len(), 65_536);
    assert!(Request::parse(message(65_536).as_bytes()).is_ok());
    assert_eq!(refusal(&message(65_537)).kind, Kind::PayloadTooLarge);
    let problem = refusal(&format!("[{{}},{}]", message(65_537)));
    assert_eq!((problem.kind, problem.index), (Kind::PayloadTooLarge, Some(1)));
}

#[test]
fn what_is_no_json_is_refused_with_the_code_of_messages() {
    for body in ["", "nonsense", "[{}", "[{},]", "{} {}", "[{}] x", "\u{0}"] {
        assert_eq!(refusal(body).kind, Kind::BadMessage(ErrorCode::InvalidJson), "{body:?}");
    }
    assert_eq!(refusal("[1]").kind, Kind::BadMessage(ErrorCode::InvalidMessage));
    assert_eq!(refusal("1").kind, Kind::BadMessage(ErrorCode::InvalidMessage));
}
