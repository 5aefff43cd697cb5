use super::*;
use crate::settings::BasePath;

fn routes() -> Routes {
    Routes::new(&BasePath::parse("/api/chat-api").expect("a valid base path"))
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let routes = routes();
    let document = document(&routes);
    let described: usize = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .map(|methods| methods.as_object().expect("methods").len())
        .sum();
    assert_eq!(described, routes.iter().count());
    for route in routes.iter() {
        let verb = if route.verb == Verb::Get { "get" } else { "post" };
        let operation = &document["paths"][&route.path][verb];
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{route:?}");
        let has_braces = route.path.contains('{');
        let in_path = operation["parameters"]
            .as_array()
            .is_some_and(|parameters| parameters.iter().any(|p| p["in"] == "path"));
        assert_eq!(has_braces, in_path, "{route:?}");
    }
}

#[test]
fn every_reference_leads_to_a_shape() {
    fn check(document: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                members.values().for_each(|member| check(document, member));
            }
            Value::Array(items) => items.iter().for_each(|item| check(document, item)),
            _ => {}
        }
    }
    let document = document(&routes());
    check(&document, &document);
}

#[test]
fn every_security_scheme_exists_and_is_used() {
    let routes = routes();
    let document = document(&routes);
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    let mut used: Vec<&str> = document["paths"]
        .as_object()
        .expect("paths")
        .values()
        .flat_map(|methods| methods.as_object().expect("methods").values())
        .filter_map(|operation| operation["security"].as_array())
        .flatten()
        .flat_map(|scheme| scheme.as_object().expect("a scheme").keys())
        .map(String::as_str)
        .collect();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used, schemes.keys().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn an_upgrade_says_that_a_token_may_be_needed_or_refused() {
    let document = document(&routes());
    for path in ["/ws", "/ws/{room}", "/api/chat-api/ws", "/api/chat-api/ws/{room}"] {
        let responses = &document["paths"][path]["get"]["responses"];
        assert_eq!(responses["401"]["description"], "unauthorized, invalid_token", "{path}");
        assert_eq!(responses["403"]["description"], "forbidden_origin, forbidden_room", "{path}");
    }
}
