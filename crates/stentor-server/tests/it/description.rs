//! `/openapi.json` against what the pod really does.

use serde_json::{Value, json};

use crate::pod::Pod;

/// A path with its parameters filled in.
fn filled(path: &str) -> String {
    path.replace("{room}", "general").replace("{file}", "chat.css")
}

#[test]
fn every_described_route_answers_as_described_and_refuses_other_methods() {
    let pod = Pod::start(|_| {});
    let document = pod.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() >= 14, "{}", paths.len());
    for (path, methods) in paths {
        let methods = methods.as_object().expect("methods");
        for (method, operation) in methods {
            let answer = pod.request(&method.to_uppercase(), &filled(path), &[], "{}");
            let documented = operation["responses"].as_object().expect("responses");
            assert!(documented.contains_key(&answer.status.to_string()), "{path}: {answer:?}");
            judge(&document, &documented[&answer.status.to_string()], &answer.body);
            assert!(![404, 405, 501].contains(&answer.status), "{path}: {answer:?}");
        }
        assert_eq!(pod.request("DELETE", &filled(path), &[], "").status, 405, "{path}");
    }
}

/// Fails where a JSON answer has another shape than the one that is described for it.
fn judge(document: &Value, response: &Value, body: &str) {
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        return;
    }
    let root = json!({
        "allOf": [schema],
        "components": { "schemas": document["components"]["schemas"] },
    });
    let validator = jsonschema::draft202012::new(&root).expect("a schema");
    let body: Value = serde_json::from_str(body).expect("JSON");
    if let Err(fault) = validator.validate(&body) {
        panic!("{fault}: {body}");
    }
}

#[test]
fn every_described_websocket_route_upgrades() {
    let pod = Pod::start(|_| {});
    let document = pod.get("/openapi.json").json();
    let mut upgraded = 0;
    for (path, methods) in document["paths"].as_object().expect("paths") {
        if methods["get"]["responses"].get("101").is_some() {
            pod.connect(&filled(path));
            upgraded += 1;
        }
    }
    assert_eq!(upgraded, 4);
}

#[test]
fn the_page_for_people_stands_alone() {
    let pod = Pod::start(|_| {});
    let page = pod.get("/docs");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.body.contains("/api/chat-api/messages"));
    assert!(page.body.contains("id=\"close-4408\"") && page.body.contains("id=\"resume\""));
    assert!(page.body.contains("href=\"/docs.css\"") && pod.get("/docs.css").status == 200);
}
