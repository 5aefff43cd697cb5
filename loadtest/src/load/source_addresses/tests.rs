use std::collections::HashMap;

use super::*;

#[test]
fn no_address_is_asked_for_more_ports_than_it_has() {
    let server = "127.0.0.1:8080".parse().unwrap();
    let mut sources = SourceAddresses::new(u32::MAX - 3);
    let mut used = HashMap::new();

    for _ in 0..100_000 {
        *used.entry(sources.next(server).unwrap().ip()).or_insert(0) += 1;
    }

    assert!(used.values().all(|&count| count <= 2 * CONNECTIONS_PER_ADDRESS));
    assert!(used.keys().all(|address| address.is_loopback()));
    assert!(!used.contains_key(&server.ip()));
}

#[test]
fn a_server_elsewhere_is_reached_from_any_address() {
    let mut sources = SourceAddresses::new(0);

    assert_eq!(sources.next("192.0.2.1:80".parse().unwrap()), None);
    assert_eq!(sources.next("[::1]:80".parse().unwrap()), None);
}

#[test]
fn a_crowd_that_is_spread_comes_from_as_many_addresses() {
    let server = "127.0.0.1:8080".parse().unwrap();
    let mut sources = SourceAddresses::new(0);
    sources.spread(1);

    let used: Vec<_> = (0..1_000).map(|_| sources.next(server).unwrap().ip()).collect();

    // .0 and .255 of each 256 fall together with a neighbour.
    let distinct: std::collections::HashSet<_> = used.iter().collect();
    assert!(distinct.len() >= 990, "{}", distinct.len());
    assert!(used.iter().all(|address| address.is_loopback()));
}
