//! Origins and the API key.

use stentor_server::origins::Origins;
use stentor_server::settings::Secret;

use crate::pod::{BASE, Pod};

const OURS: (&str, &str) = ("Origin", "https://chat.example.com");
const FOREIGN: (&str, &str) = ("Origin", "https://chat.example.com.evil.net");

fn pod_with_origins() -> Pod {
    Pod::start(|settings| {
        settings.allowed_origins =
            Origins::parse("https://chat.example.com,https://*.example.org").expect("valid");
    })
}

#[test]
fn a_foreign_origin_gets_no_websocket() {
    let pod = pod_with_origins();
    let answer = pod.try_connect("/ws/a", &[FOREIGN]).expect_err("foreign");
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden_origin"));
    let several = pod.try_connect("/ws/a", &[OURS, FOREIGN]).expect_err("which one is it");
    assert_eq!(several.status, 403);
    for headers in [&[OURS][..], &[("Origin", "https://a.example.org")], &[]] {
        assert!(pod.try_connect("/ws/a", headers).is_ok(), "{headers:?}");
    }
}

#[test]
fn a_foreign_origin_gets_no_api_either_and_its_browser_is_told_nothing() {
    let pod = pod_with_origins();
    let path = format!("{BASE}/messages");
    let foreign = pod.request("POST", &path, &[FOREIGN], "{}");
    assert_eq!(foreign.status, 403);
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    let ours = pod.request("POST", &path, &[OURS], "{}");
    assert_eq!(ours.status, 202);
    assert_eq!(ours.header("access-control-allow-origin"), Some(OURS.1));
    assert_eq!(ours.header("vary"), Some("Origin"));
}

#[test]
fn a_preflight_is_answered() {
    let pod = pod_with_origins();
    let asks = ("Access-Control-Request-Method", "POST");
    let answer = pod.request("OPTIONS", &format!("{BASE}/messages"), &[OURS, asks], "");
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(OURS.1));
    assert_eq!(answer.header("access-control-allow-methods"), Some("POST, OPTIONS"));
    assert!(answer.header("access-control-allow-headers").is_some_and(|h| h.contains("x-api-key")));
    let any = Pod::start(|_| {});
    let answer = any.request("OPTIONS", &format!("{BASE}/rooms"), &[OURS, asks], "");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn the_api_key_guards_publishing_occupancy_and_statistics_and_nothing_else() {
    let pod = Pod::start(|settings| settings.api_key = Some(Secret::new("open-sesame")));
    let guarded = [
        ("POST", format!("{BASE}/messages")),
        ("GET", format!("{BASE}/rooms")),
        ("GET", format!("{BASE}/rooms/a")),
        ("GET", format!("{BASE}/ws/stats")),
    ];
    for (method, path) in &guarded {
        let status = |headers: &[(&str, &str)]| pod.request(method, path, headers, "{}").status;
        assert_eq!(status(&[]), 401, "{path}");
        assert_eq!(status(&[("X-API-Key", "open-sesam")]), 401, "{path}");
        assert_eq!(status(&[("Authorization", "Basic open-sesame")]), 401, "{path}");
        assert!(status(&[("X-API-Key", "open-sesame")]) < 300, "{path}");
        assert!(status(&[("Authorization", "bearer open-sesame")]) < 300, "{path}");
    }
    let answer = pod.get(&format!("{BASE}/rooms"));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs", "/"]
    {
        assert_eq!(pod.get(path).status, 200, "{path}");
    }
    let _client = pod.connect("/ws/a");
}
