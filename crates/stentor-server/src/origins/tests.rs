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
