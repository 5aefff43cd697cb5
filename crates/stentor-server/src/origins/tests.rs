use super::*;

fn allows(list: &str, origin: &str) -> bool {
    Origins::parse(list).expect("a valid list").allows(Some(origin.as_bytes()))
}

#[test]
fn everything_is_allowed_where_the_list_holds_a_star() {
    assert!(allows("https://a.example,*", "https://anything.example"));
}

#[test]
fn an_exact_origin_allows_itself_in_any_case_and_nothing_else() {
    let list = "https://chat.example.com, http://localhost:3000";
    assert!(allows(list, "https://chat.example.com"));
    assert!(allows(list, "HTTPS://Chat.Example.com"));
    assert!(allows(list, "http://localhost:3000"));
    for foreign in [
        "http://chat.example.com",
        "https://chat.example.com:444",
        "https://chat.example.com.evil.net",
        "https://xchat.example.com",
        "http://localhost",
        "null",
        "",
    ] {
        assert!(!allows(list, foreign), "{foreign}");
    }
}

#[test]
fn a_pattern_allows_hosts_below_its_domain_and_no_look_alike() {
    let list = "https://*.example.com";
    assert!(allows(list, "https://a.example.com"));
    assert!(allows(list, "https://a.b.example.com"));
    for foreign in [
        "https://example.com",
        "https://.example.com",
        "https://evilexample.com",
        "https://a.example.com.evil.net",
        "https://evil.net/.example.com",
        "https://evil.net#.example.com",
        "https://user@a.example.com",
        "https://a.example.com:8443",
        "http://a.example.com",
    ] {
        assert!(!allows(list, foreign), "{foreign}");
    }
}

#[test]
fn no_spelling_of_another_host_passes_for_ours() {
    let list = "https://*.example.com, https://example.com, http://[::1]:3000";
    assert!(allows(list, "https://example.com") && allows(list, "https://A.B.Example.COM"));
    assert!(allows(list, "http://[::1]:3000"));
    for foreign in [
        "https://evil-example.com",
        "https://example.com.evil.com",
        "https://example.com.",
        "https://a.example.com.",
        "https://a..example.com",
        "https://example.com@evil.com",
        "https://example.com:443@evil.com",
        "https://evil.com:x@a.example.com",
        "https://a.example.com:",
        "https://a.example.com:443",
        "https://a.example.com/",
        "https://a.example.com?x",
        "https://a.example.com https://evil.com",
        "https://evil.com, https://a.example.com",
        "https://evil.com\\.example.com",
        "https://evil.com%2f.example.com",
        "https://evil.com\u{2024}example.com",
        "https://ex\u{430}mple.com",
        "https:///a.example.com",
        "https:a.example.com",
        "//a.example.com",
        "wss://a.example.com",
        "http://[::1]:3000.example.com",
        "http://[::1]",
        "http://[::1%25eth0]:3000",
        "http://[0:0:0:0:0:0:0:1]:3000",
        "null",
        "*",
        "https://*.example.com",
        "",
    ] {
        assert!(!allows(list, foreign), "{foreign}");
    }
    assert!(!Origins::parse(list).expect("valid").allows(Some(&b"https://a\xff.example.com"[..])));
}

#[test]
fn the_origin_null_passes_only_where_it_is_listed() {
    assert!(allows("null", "null") && !allows("null", "https://a.example"));
    assert!(!allows("https://null", "null"));
}

#[test]
fn several_origins_are_no_origin_even_where_each_would_pass() {
    let origins = Origins::parse("https://a.example,https://b.example").expect("valid");
    let (a, b, evil) =
        (&b"https://a.example"[..], &b"https://b.example"[..], &b"https://evil.example"[..]);
    assert!(origins.allows([a]) && origins.allows([b]));
    for several in [[a, evil], [evil, a], [a, b], [a, a]] {
        assert!(!origins.allows(several));
    }
    assert!(Origins::Any.allows([a, evil]));
}

#[test]
fn a_listed_origin_may_name_the_usual_port_and_any_scheme() {
    assert!(allows("https://a.example:443,http://a.example:80", "https://a.example"));
    assert!(allows("https://*.a.example:443", "https://b.a.example"));
    assert!(!allows("https://a.example:80", "https://a.example"));
    assert!(allows("chrome-extension://abcdef", "chrome-extension://abcdef"));
}

#[test]
fn a_pattern_with_a_port_wants_that_port() {
    assert!(allows("https://*.example.com:8443", "https://a.example.com:8443"));
    assert!(!allows("https://*.example.com:8443", "https://a.example.com"));
}

#[test]
fn a_request_of_no_page_passes() {
    assert!(Origins::parse("https://a.example").expect("valid").allows(None));
}

#[test]
fn an_entry_that_is_no_origin_is_refused() {
    for list in
        ["chat.example.com", "https://", "https://a.example/path", "https://a:b", "ht tp://a"]
    {
        assert!(Origins::parse(list).is_err(), "{list}");
    }
}
