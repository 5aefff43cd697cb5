//! One table of close codes: what is written by hand elsewhere says the same.

use serde_json::json;
use stentor_wire::close::CloseCode;

use crate::pod::Pod;

const README: &str = include_str!("../../../../README.md");

/// Every number of four digits in a text, in order.
fn codes(text: &str) -> Vec<u16> {
    let words = text.split(|character: char| !character.is_ascii_digit());
    words.filter(|word| word.len() == 4).filter_map(|word| word.parse().ok()).collect()
}

/// What stands between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, behind) = text.split_once(start).expect("a start");
    behind.split_once(end).expect("an end").0
}

#[test]
fn the_client_of_browsers_stops_at_the_codes_that_are_not_retryable_and_at_no_other() {
    let script = stentor_web::asset(stentor_web::CLIENT_PATH).expect("the script");
    let script = std::str::from_utf8(script.body).expect("UTF-8");
    let is_final = |code: &&CloseCode| !code.is_retryable();
    let wanted: Vec<_> = CloseCode::ALL.iter().filter(is_final).map(|code| code.code()).collect();
    assert_eq!(codes(between(script, "const FINAL_CODES = [", "]")), wanted);
}

#[test]
fn the_readme_names_every_code_and_no_other() {
    let wanted: Vec<_> = CloseCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes(between(README, "\nClose codes: ", "\n\n")), wanted);
}

#[test]
fn the_description_lists_the_table_at_every_websocket_route() {
    let pod = Pod::start(|_| {});
    let document = pod.get("/openapi.json").json();
    let table: Vec<_> = CloseCode::ALL
        .iter()
        .map(|code| {
            json!({
                "code": code.code(),
                "label": code.label(),
                "description": code.meaning(),
                "retryable": code.is_retryable(),
            })
        })
        .collect();
    for path in ["/ws", "/ws/{room}", "/api/chat-api/ws", "/api/chat-api/ws/{room}"] {
        assert_eq!(document["paths"][path]["get"]["x-close-codes"], json!(table), "{path}");
    }
}
