use super::{Address, BadAddress};

#[test]
fn a_host_a_port_and_a_base_path_are_told_apart() {
    let cases = [
        ("ws://localhost", ("localhost", 80, "", "localhost")),
        ("WS://localhost:8080/", ("localhost", 8080, "", "localhost:8080")),
        ("ws://10.0.0.1:81/api/chat-api/", ("10.0.0.1", 81, "/api/chat-api", "10.0.0.1:81")),
        ("ws://[::1]:9000/a%20b", ("::1", 9000, "/a%20b", "[::1]:9000")),
        ("ws://[::1]", ("::1", 80, "", "[::1]")),
    ];
    for (text, (host, port, base_path, authority)) in cases {
        let address = Address::parse(text).expect(text);

        assert_eq!((address.host(), address.port(), address.base_path()), (host, port, base_path));
        assert_eq!(address.authority(), authority);
    }
}

#[cfg(feature = "tls")]
#[test]
fn tls_has_a_port_of_its_own_and_a_name_to_be_proved() {
    let cases = [
        ("wss://example.com", 443, "example.com", "example.com"),
        ("WSS://example.com:80/", 80, "example.com:80", "example.com"),
        ("wss://10.0.0.1:443", 443, "10.0.0.1", "10.0.0.1"),
        ("wss://[::1]:9000/a", 9000, "[::1]:9000", "::1"),
    ];
    for (text, port, authority, name) in cases {
        let address = Address::parse(text).expect(text);

        assert!(address.is_tls());
        assert_eq!((address.port(), address.authority().as_str()), (port, authority), "{text}");
        assert_eq!(address.server_name().expect("a name").to_str(), name);
    }
    assert!(!Address::parse("ws://example.com").expect("an address").is_tls());
    // A host as such, and none that a certificate could name.
    for host in ["a..b", "-a", "1.2.3"] {
        assert!(Address::parse(&format!("ws://{host}")).is_ok(), "{host}");
        assert_eq!(Address::parse(&format!("wss://{host}")), Err(BadAddress::BadHost), "{host}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_is_refused_in_words() {
    let refused = Address::parse("wss://example.com").expect_err("no TLS");

    assert_eq!(refused, BadAddress::TlsNotOffered);
    assert_eq!(refused.to_string(), "wss:// is not offered: this client was built without TLS");
}

#[test]
fn what_is_no_address_says_why() {
    let cases = [
        ("", BadAddress::NoScheme),
        ("localhost:8080", BadAddress::NoScheme),
        ("http://localhost", BadAddress::OtherScheme),
        ("ws://", BadAddress::BadHost),
        ("ws:///path", BadAddress::BadHost),
        ("ws://me:secret@host", BadAddress::UserInfo),
        ("ws://ho st", BadAddress::BadHost),
        ("ws://host\r\nX: y", BadAddress::BadHost),
        ("ws://[::1", BadAddress::BadHost),
        ("ws://[nonsense]", BadAddress::BadHost),
        ("ws://[::1]x", BadAddress::BadHost),
        ("ws://host:", BadAddress::BadPort),
        ("ws://host:0", BadAddress::BadPort),
        ("ws://host:+80", BadAddress::BadPort),
        ("ws://host:65536", BadAddress::BadPort),
        ("ws://host/a?b=c", BadAddress::BadPath),
        ("ws://host/a#b", BadAddress::BadPath),
        ("ws://host/a b", BadAddress::BadPath),
        ("ws://host/\r\n", BadAddress::BadPath),
    ];
    for (text, fault) in cases {
        assert_eq!(Address::parse(text), Err(fault), "{text:?}");
    }
    let long = format!("ws://host/{}", "a".repeat(2_048));
    assert_eq!(Address::parse(&long), Err(BadAddress::TooLong));
}
