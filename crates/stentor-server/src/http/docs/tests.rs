use super::*;
use crate::http::routes::Routes;
use crate::http::{asyncapi, openapi};

fn rendered() -> (Value, Value, String) {
    let base_path = BasePath::parse("/api/chat-api").expect("a valid base path");
    let openapi = openapi::document(&Routes::new(&base_path));
    let asyncapi = asyncapi::document(&base_path);
    let page = page(&base_path, &openapi, &asyncapi);
    (openapi, asyncapi, page)
}

#[test]
fn the_page_shows_every_path_and_every_message_and_loads_nothing_from_elsewhere() {
    let (openapi, asyncapi, page) = rendered();
    for (path, _) in members(&openapi["paths"]) {
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
    }
    for (name, _) in members(&asyncapi["components"]["messages"]) {
        assert!(page.contains(&format!("id=\"message-{name}\"")), "{name}");
    }
    let loads = ["<script", "<img", "<iframe", "@import", "url(", "style=\""];
    for tag in loads {
        assert!(!page.contains(tag) && !STYLE.contains(tag), "{tag}");
    }
    assert_eq!(page.matches("<link").count(), 1);
}

#[test]
fn every_link_within_the_page_leads_somewhere_and_every_anchor_is_there_once() {
    let (_, _, page) = rendered();
    let ids: Vec<_> =
        page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
    let links = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links {
        assert!(ids.contains(&link), "{link}");
    }
}

#[test]
fn what_a_code_means_stands_under_an_anchor_of_its_own() {
    let (_, _, page) = rendered();
    for anchor in ["close-4408", "close-1013", "error-rate_limited", "resume", "missed"] {
        assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
}
