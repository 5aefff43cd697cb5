use super::*;

#[test]
fn the_body_is_the_json_of_the_contract() {
    let problem = Problem::new(Kind::BadRoom, "a room name must not be \"empty\"");
    assert_eq!(
        String::from_utf8(problem.body()).expect("UTF-8"),
        r#"{"error":{"code":"bad_room","message":"a room name must not be \"empty\""}}"#
    );
}

#[test]
fn a_problem_of_a_batch_names_the_message() {
    let kind = Kind::BadMessage(ErrorCode::UnknownType);
    let problem = Problem { index: Some(3), ..Problem::new(kind, "no such type") };
    assert_eq!(
        String::from_utf8(problem.body()).expect("UTF-8"),
        r#"{"error":{"code":"unknown_type","message":"no such type","index":3}}"#
    );
}

#[test]
fn the_answer_as_bytes_is_a_whole_response_that_closes() {
    let text = String::from_utf8(Problem::new(Kind::AtCapacity, "full").bytes()).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
    assert!(head.contains("\r\nconnection: close"), "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
    assert!(head.contains("\r\nretry-after: "), "{head}");
}

#[test]
fn every_kind_is_an_error_with_a_code_of_its_own() {
    let mut codes: Vec<_> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    assert!(Kind::ALL.iter().all(|kind| kind.status().as_u16() >= 400));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Kind::ALL.len());
}

#[test]
fn whoever_is_told_to_come_back_is_so_behind_the_backlog_and_not_all_at_once() {
    let seconds = |backlog: u64| {
        let after = || retry_after(RETRY_BUSY_SECONDS, Duration::from_secs(backlog));
        let mut pauses: Vec<u32> = (0..200).map(|_| after()).collect();
        pauses.sort_unstable();
        pauses.dedup();
        pauses
    };
    let usual = seconds(0);
    assert!(usual.len() > 3 && usual[0] >= 2 && usual[usual.len() - 1] <= 10, "{usual:?}");
    let far = seconds(100);
    assert!(far.len() > 10 && far[0] > 100 && far[far.len() - 1] <= 151, "{far:?}");
    assert!(seconds(u64::MAX).iter().all(|pause| *pause <= 2 * RETRY_SECONDS_MAX));
}
