//! Redis behind TLS.

use std::fs;

use stentor_bus::address::Address;
use stentor_bus::link::LinkState;
use stentor_testbed::{Certificates, Redis};

use crate::log;
use crate::pod::{Pod, count, room, settings};

fn pod(name: &str, redis: &Redis, authority: &Certificates) -> Pod {
    let pem = fs::read(authority.authority()).expect("a file");
    let address = Address::parse(&redis.url(), Some(&pem)).expect("a URL");
    Pod::start_with(settings(name, address))
}

#[tokio::test]
async fn pods_meet_over_tls_with_the_given_authority() {
    let redis = Redis::options().tls().password("secret").start();
    let mut pods = ["a", "b"].map(|name| pod(name, &redis, redis.certificates()));
    for pod in &mut pods {
        pod.hear(1).await;
    }
    pods[0].say(Some(room(0)), 1);
    pods[1].hear_until(|heard| count(heard) == 1).await;
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_used_and_told_of() {
    let log = log::watch();
    let redis = Redis::options().tls().start();
    let mut pod = pod("a", &redis, &Certificates::create());
    pod.wait_for_counters(|counters| counters.link.attempts >= 3).await;
    assert_ne!(*pod.started.link.borrow(), LinkState::Up);
    let told = log.lines_with(&format!("localhost:{}", redis.port()), "WARN");
    assert!(
        matches!(told.as_slice(), [line] if line.contains("invalid peer certificate")),
        "{told:?}"
    );
}
