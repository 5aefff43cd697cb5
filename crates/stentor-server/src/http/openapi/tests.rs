use super::*;
use crate::http::docs;
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
fn the_page_for_people_shows_every_path_and_loads_nothing_from_elsewhere() {
    let routes = routes();
    let page = docs::page(&document(&routes));
    for route in routes.iter() {
        assert!(page.contains(&format!("<code>{}</code>", route.path)), "{route:?}");
    }
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
}
