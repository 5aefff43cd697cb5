use jsonschema::{Draft, Validator};
use stentor_wire::message_type::MessageType;
use stentor_wire::parse::Parser;

use super::*;

/// Judges by one of the shapes, as a reader of that draft does.
fn validator(name: &str, draft: Draft) -> Validator {
    let mut shape = reference(name);
    shape["components"] = json!({ "schemas": all() });
    // Draft-07 sees nothing beside a reference, so the reference stands a level below.
    let mut root = json!({ "allOf": [reference(name)] });
    root["components"] = shape["components"].take();
    jsonschema::options()
        .with_draft(draft)
        .should_validate_formats(true)
        .build(&root)
        .expect("a valid schema")
}

const DRAFTS: [Draft; 2] = [Draft::Draft7, Draft::Draft202012];

#[test]
fn every_shape_is_a_schema_of_both_drafts_without_anything_beside_a_reference() {
    fn check(name: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                let is_alone = !members.contains_key("$ref") || members.len() == 1;
                assert!(is_alone, "{name}: {value}");
                members.values().for_each(|member| check(name, member));
            }
            Value::Array(items) => items.iter().for_each(|item| check(name, item)),
            _ => {}
        }
    }
    for (name, shape) in &all() {
        check(name, shape);
        for draft in DRAFTS {
            validator(name, draft);
        }
    }
}

#[test]
fn a_client_message_is_valid_where_the_parser_takes_it_and_only_there() {
    let [seven, latest] = DRAFTS.map(|draft| validator("ClientMessage", draft));
    let long = "x".repeat(128);
    let too_long = "x".repeat(129);
    let mut parser = Parser::new();
    let texts = [
        r#"{}"#,
        r#"{"type":"chat","room":null,"data":[1]}"#,
        r#"{"room":"","id":7,"from":1,"timestamp":{},"more":0}"#,
        &format!(r#"{{"room":"{long}"}}"#),
        &format!(r#"{{"room":"{too_long}"}}"#),
        r#"{"type":"ping"}"#,
        r#"{"type":"pong","data":null}"#,
        r#"{"type":"join","room":"a"}"#,
        r#"{"type":"join"}"#,
        r#"{"type":"leave","room":""}"#,
        r#"{"type":"leave","room":null}"#,
        r#"{"type":"presence","data":{"status":"away"}}"#,
        r#"{"type":"auth","data":{"token":"t"}}"#,
        r#"{"type":"auth","data":"t"}"#,
        r#"{"type":"system"}"#,
        r#"{"type":"notification"}"#,
        r#"{"type":"error"}"#,
        r#"{"type":"shout"}"#,
        r#"{"type":"CHAT"}"#,
        r#"{"type":null}"#,
        r#"{"type":7}"#,
        r#"{"room":7}"#,
        r#"{"room":"a\u0000"}"#,
        r#"{"room":"\u0085"}"#,
        r#"[]"#,
        r#"7"#,
    ];
    for text in texts {
        let is_taken = parser.parse_client(text.as_bytes()).is_ok();
        let message: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(seven.is_valid(&message), is_taken, "draft-07: {text}");
        assert_eq!(latest.is_valid(&message), is_taken, "2020-12: {text}");
    }
}

#[test]
fn every_type_of_message_has_a_shape_and_every_event_has_its_own() {
    let shapes = all();
    for kind in MessageType::ALL {
        let is_client = shapes.contains_key(said::name(kind));
        assert_eq!(is_client, kind.is_allowed_from_client(), "{kind:?}");
        let word = Value::from(kind.as_str());
        assert!(shapes["Type"]["enum"].as_array().is_some_and(|words| words.contains(&word)));
    }
    for sample in samples() {
        let shape = &shapes[sample.name]["properties"]["data"]["properties"];
        assert_eq!(shape["event"]["const"], sample.event);
        let members = |value: &Value| value.as_object().map(|members| members.len());
        assert_eq!(members(shape), members(&sample.data), "{}", sample.event);
    }
}
