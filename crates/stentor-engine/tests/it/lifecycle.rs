//! Engines with a bus end politely, and those without one have nothing of it.

use std::sync::Arc;

use stentor_engine::bus::link::LinkState;
use stentor_engine::{Engine, EngineConfig, NoHooks};
use stentor_testbed::Redis;
use tokio::runtime::Builder;

use crate::pod::Pod;

fn drain(pod: &Pod) {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
        .block_on(pod.engine.drain());
}

#[test]
fn a_drain_publishes_what_was_said_before_it() {
    let redis = Redis::start();
    let (a, b) = (Pod::start("a", &redis.url()).up(), Pod::start("b", &redis.url()).up());
    let mut listener = b.client(&["general"]);
    let mut speaker = a.client(&["general"]);
    (0..300).for_each(|number| speaker.say("general", number));
    speaker.hear_numbers(300);
    drain(&a);
    assert_eq!(listener.hear_numbers(300), (0..300).collect::<Vec<_>>());
    assert_eq!(a.engine.bus_link(), Some(LinkState::Down), "a bus that has ended is down");
    drain(&a);
}

#[test]
fn a_drain_ends_where_redis_is_not_there() {
    let mut redis = Redis::start();
    redis.kill();
    let pod = Pod::start_with("a", &redis.url(), |config| {
        config.drain_timeout = std::time::Duration::from_millis(200);
    });
    let mut speaker = pod.client(&["general"]);
    speaker.say("general", 1);
    assert_eq!(speaker.hear_numbers(1), [1]);
    drain(&pod);
    assert_eq!(pod.counters().pipeline.published, 0);
}

#[test]
fn an_engine_without_a_bus_has_no_link_and_no_figures_of_one() {
    let engine = Engine::start(EngineConfig::default(), Arc::new(NoHooks)).expect("an engine");
    assert_eq!(engine.bus_link(), None);
    assert_eq!(engine.inspect().bus, None);
}
