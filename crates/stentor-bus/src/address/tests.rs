use super::{Address, BadAddress, Kind};

#[test]
fn every_kind_of_redis_is_understood() {
    for url in [
        "redis://127.0.0.1:6379",
        "redis://localhost",
        "redis://user:pass@localhost:7000/2",
        "redis://:pass@localhost:7000",
        "redis-cluster://a.example:7000?node=b.example:7001",
        "redis-sentinel://a.example:26379?node=b.example:26379&sentinelServiceName=main",
    ] {
        assert!(Address::parse(url, None).is_ok(), "{url}");
    }
}

#[test]
fn several_servers_stand_side_by_side() {
    let hosts = |address: &Address| {
        let mut hosts: Vec<String> =
            address.hosts().iter().map(|host| format!("{}:{}", host.host, host.port)).collect();
        hosts.sort();
        hosts
    };
    let cluster = "redis-cluster://user:se,cret@a.example:1,b.example:2,c.example:3";
    let address = Address::parse(cluster, None).unwrap();
    assert_eq!(hosts(&address), ["a.example:1", "b.example:2", "c.example:3"]);
    assert_eq!(address.login().password.as_deref(), Some("se,cret"));
    let address = Address::parse("redis-sentinel://:secret@a:1,b:2/main", None).unwrap();
    assert_eq!(hosts(&address), ["a:1", "b:2"]);
    assert_eq!(address.kind(), Kind::Sentinels { service: "main".to_owned() });
}

#[test]
fn a_url_that_is_none_is_refused_without_repeating_it() {
    for (url, without_text) in [
        ("localhost:6379", Some(BadAddress::NoScheme)),
        ("http://secret@localhost", Some(BadAddress::UnknownScheme)),
        ("unix://secret", Some(BadAddress::UnknownScheme)),
        ("redis://", None),
        ("redis://u:secret@", None),
        ("redis://u:secret@host:port", None),
        ("redis://u:secret@host:1/database", None),
        ("redis-sentinel://u:secret@host:26379", None),
        ("redis-cluster://u:secret@host:1?node=:secret@other:2", None),
    ] {
        let error = Address::parse(url, None).expect_err(url);
        assert!(!error.to_string().contains("secret"), "{error}");
        match without_text {
            Some(expected) => assert_eq!(error, expected, "{url}"),
            None => assert!(matches!(error, BadAddress::Malformed(_)), "{url}: {error:?}"),
        }
    }
}

#[test]
fn an_address_shows_no_password() {
    let address = Address::parse("redis://user:secret@localhost:7000/2", None).unwrap();
    assert_eq!(address.to_string(), "redis://localhost:7000");
    assert_eq!(format!("{address:?}"), "redis://localhost:7000");
}

#[test]
fn certificates_must_be_some_and_must_be_used() {
    let bad = |url, pem: &[u8]| Address::parse(url, Some(pem)).unwrap_err();
    assert_eq!(bad("redis://localhost", b"any"), BadAddress::CertificatesWithoutTls);
    assert!(matches!(bad("rediss://localhost", b"no PEM"), BadAddress::Certificates(_)));
}
