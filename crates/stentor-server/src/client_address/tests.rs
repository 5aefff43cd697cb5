use hyper::header::HeaderValue;
use proptest::prelude::*;

use super::*;

const PROXY: &str = "10.0.0.1";

fn headers(lines: &[(&HeaderName, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
    }
    headers
}

fn seen(peer: &str, lines: &[(&HeaderName, &str)]) -> String {
    let proxies = TrustedProxies::parse("10.0.0.0/8, 2001:db8::/32").expect("a list");
    proxies.client_address(peer.parse().expect("a peer"), &headers(lines)).to_string()
}

#[test]
fn nobody_is_believed_unless_trusted() {
    let lines = [(&X_FORWARDED_FOR, "192.0.2.7"), (&FORWARDED, "for=192.0.2.7")];
    assert_eq!(seen("198.51.100.1", &lines), "198.51.100.1");
    let nobody = TrustedProxies::default();
    let peer = PROXY.parse().expect("a peer");
    assert_eq!(nobody.client_address(peer, &headers(&lines)), peer);
}

#[test]
fn the_rightmost_address_that_is_no_proxy_is_the_client() {
    for (value, client) in [
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),
        ("203.0.113.9,192.0.2.7 , 10.1.2.3,10.9.9.9", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("[2001:db9::1]:443", "2001:db9::1"),
        ("[2001:db9::1]", "2001:db9::1"),
        ("2001:db9::1", "2001:db9::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7,,", "192.0.2.7"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("", PROXY),
    ] {
        assert_eq!(seen(PROXY, &[(&X_FORWARDED_FOR, value)]), client, "{value:?}");
    }
}

#[test]
fn a_bad_entry_ends_at_the_proxy_that_wrote_it() {
    for value in [
        "unknown",
        "192.0.2.7, unknown",
        "192.0.2.7, _hidden",
        "192.0.2.7, \"10.0.0.2\"",
        "192.0.2.7, 10.0.0.256",
        "192.0.2.7, fe80::1%eth0",
        "192.0.2.7, [10.0.0.2]",
        "192.0.2.7, 10.0.0.2:99999",
        "192.0.2.7, \u{e4}",
    ] {
        assert_eq!(seen(PROXY, &[(&X_FORWARDED_FOR, value)]), PROXY, "{value:?}");
    }
    assert_eq!(seen(PROXY, &[(&X_FORWARDED_FOR, "1.2.3.4, bad, 10.7.7.7")]), "10.7.7.7");
}

#[test]
fn forwarded_is_read_as_rfc_7239_writes_it() {
    for (value, client) in [
        ("for=192.0.2.43", "192.0.2.43"),
        ("For=\"[2001:db9:cafe::17]:4711\"", "2001:db9:cafe::17"),
        ("for=\"192.0.2.43:47011\";proto=https;by=203.0.113.43", "192.0.2.43"),
        ("proto=http; for=192.0.2.43, for=10.3.3.3", "192.0.2.43"),
        ("for=192.0.2.43,for=\"[2001:db8::5]\"", "192.0.2.43"),
        ("for=1.1.1.1, for=unknown", PROXY),
        ("for=1.1.1.1, for=_gazonk", PROXY),
        ("for=1.1.1.1, proto=http", PROXY),
        ("for=1.1.1.1, for=2.2.2.2;for=3.3.3.3", PROXY),
        ("for=1.1.1.1, for=\"2.2.2.2", PROXY),
        ("for=\", for=192.0.2.43", "192.0.2.43"),
    ] {
        assert_eq!(seen(PROXY, &[(&FORWARDED, value)]), client, "{value:?}");
    }
}

#[test]
fn several_lines_are_one_list() {
    let lines = [(&X_FORWARDED_FOR, "203.0.113.9, 192.0.2.7"), (&X_FORWARDED_FOR, "10.2.2.2")];
    assert_eq!(seen(PROXY, &lines), "192.0.2.7");
    assert_eq!(seen("::ffff:10.0.0.1", &lines), "192.0.2.7");
}

#[test]
fn two_headers_that_differ_are_neither_believed() {
    let agreeing = [(&X_FORWARDED_FOR, "192.0.2.7"), (&FORWARDED, "for=192.0.2.7")];
    assert_eq!(seen(PROXY, &agreeing), "192.0.2.7");
    let differing = [(&X_FORWARDED_FOR, "192.0.2.7"), (&FORWARDED, "for=192.0.2.8")];
    assert_eq!(seen(PROXY, &differing), PROXY);
    let differing = [(&X_FORWARDED_FOR, "192.0.2.7"), (&FORWARDED, "for=unknown")];
    assert_eq!(seen(PROXY, &differing), PROXY);
}

#[test]
fn a_list_of_proxies_is_read_and_its_bad_entry_named() {
    let proxies = TrustedProxies::parse(" 10.0.0.0/8,, ::ffff:192.0.2.1 ").expect("a list");
    assert!(proxies.trusts("192.0.2.1".parse().expect("an address")));
    assert!(!proxies.trusts_everybody() && !proxies.is_empty());
    assert!(TrustedProxies::parse("0.0.0.0/0").expect("a list").trusts_everybody());
    assert!(TrustedProxies::parse("").expect("no list").is_empty());
    for bad in ["10.0.0.0/33", "proxy.example", "10.0.0", "/8", "10.0.0.0/", "10.0.0.1:80"] {
        let message = TrustedProxies::parse(&format!("10.0.0.0/8,{bad}")).expect_err(bad);
        assert!(message.contains(bad), "{message}");
    }
}

/// What two trusted proxies wrote, the outer one about the client.
const HONEST: [(&str, &str); 4] = [
    ("x-forwarded-for", "192.0.2.7, 10.5.5.5"),
    ("x-forwarded-for", "[2001:db9::1]:99, 10.5.5.5"),
    ("forwarded", "for=192.0.2.7;proto=https, for=10.5.5.5"),
    ("forwarded", "for=\"[2001:db9::1]:99\", for=\"10.5.5.5:1\""),
];

proptest! {
    #[test]
    fn what_a_client_puts_in_front_changes_nothing(
        forged in "[ -~]{0,60}|(for=|\"|,|;|=|\\\\|10\\.0\\.0\\.1|1\\.2\\.3\\.4|unknown| ){0,20}",
        own_line: bool,
    ) {
        for (name, honest) in HONEST {
            let name = &HeaderName::from_static(name);
            let truth = seen(PROXY, &[(name, honest)]);
            let together = format!("{forged}, {honest}");
            let answer = if own_line {
                seen(PROXY, &[(name, &forged), (name, honest)])
            } else {
                seen(PROXY, &[(name, &together)])
            };
            prop_assert_eq!(answer, truth, "{} {:?}", name, forged);
        }
    }

    #[test]
    fn no_header_makes_a_stranger_of_an_untrusted_peer(
        plain in "[ -~]{0,60}", forwarded in "[ -~]{0,60}",
    ) {
        let lines = [(&X_FORWARDED_FOR, plain.as_str()), (&FORWARDED, forwarded.as_str())];
        prop_assert_eq!(seen("198.51.100.1", &lines), "198.51.100.1");
    }
}
