use jsonschema::Draft;
use stentor_wire::close::CloseCode;
use stentor_wire::error_code::ErrorCode;

use super::*;

fn described(base_path: &str) -> Value {
    document(&BasePath::parse(base_path).expect("a valid base path"))
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(document: &Value, value: &Value, seen: &mut usize) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                    *seen += 1;
                }
                members.values().for_each(|member| check(document, member, seen));
            }
            Value::Array(items) => items.iter().for_each(|item| check(document, item, seen)),
            _ => {}
        }
    }
    for base_path in ["/api/chat-api", "/"] {
        let document = described(base_path);
        let mut seen = 0;
        check(&document, &document, &mut seen);
        assert!(seen > 100, "{seen}");
    }
}

#[test]
fn every_example_is_valid_by_its_own_shape() {
    let document = described("/api/chat-api");
    let messages = document["components"]["messages"].as_object().expect("messages");
    for (name, message) in messages {
        let root = json!({
            "allOf": [message["payload"]],
            "components": { "schemas": document["components"]["schemas"] },
        });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft7)
            .should_validate_formats(true)
            .build(&root)
            .expect("a schema");
        let example = &message["examples"][0]["payload"];
        if let Err(fault) = validator.validate(example) {
            panic!("{name}: {fault}: {example}");
        }
    }
}

#[test]
fn every_message_of_a_channel_is_in_an_operation_of_it() {
    let document = described("/api/chat-api");
    for (name, channel) in document["channels"].as_object().expect("channels") {
        for message in channel["messages"].as_object().expect("messages").keys() {
            let reference = json!({ "$ref": format!("#/channels/{name}/messages/{message}") });
            let operations = document["operations"].as_object().expect("operations");
            let is_used = operations.values().any(|operation| {
                operation["messages"].as_array().is_some_and(|all| all.contains(&reference))
            });
            assert!(is_used, "{name}: {message}");
        }
    }
}

#[test]
fn every_code_of_the_tables_is_told() {
    let document = described("/api/chat-api");
    for channel in ["connection", "room"] {
        let codes = document["channels"][channel]["x-close-codes"].as_array().expect("codes");
        let numbers: Vec<_> = codes.iter().filter_map(|row| row["code"].as_u64()).collect();
        let wanted: Vec<_> = CloseCode::ALL.iter().map(|code| u64::from(code.code())).collect();
        assert_eq!(numbers, wanted);
    }
    let data = &document["components"]["schemas"]["ErrorMessage"]["properties"]["data"];
    let wanted: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(data["properties"]["code"]["enum"], json!(wanted));
}

#[test]
fn at_the_root_there_is_no_second_server_of_each_kind() {
    let names = |base_path| -> Vec<String> {
        let document = described(base_path);
        document["servers"].as_object().expect("servers").keys().cloned().collect()
    };
    assert_eq!(names("/"), ["redis", "ws", "wss"]);
    assert_eq!(names("/api/chat-api"), ["redis", "ws", "ws_at_root", "wss", "wss_at_root"]);
}
