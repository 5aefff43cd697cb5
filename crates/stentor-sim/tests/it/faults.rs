//! Each fault alone.

use stentor_sim::fault::Fault;
use stentor_sim::plan::Plan;
use stentor_sim::world;

/// Worlds a fault.
const SEEDS: u64 = 12;

fn promises_hold_under(name: &str) {
    let fault: Fault = name.parse().expect("a fault's name");
    for seed in 1_000..1_000 + SEEDS {
        let draw = if fault.is_of_history() { Plan::draw_with_history } else { Plan::draw };
        let plan = draw(seed, Some(fault));
        assert!(plan.windows.iter().all(|window| window.fault == fault) && plan.has(fault));
        let violations = world::run(&plan).verdict.violations;
        assert!(violations.is_empty(), "{fault}, seed {seed}: {}", violations[0]);
    }
}

macro_rules! faults {
    ($($test:ident = $name:literal;)+) => {
        $(#[test]
        fn $test() {
            promises_hold_under($name);
        })+

        #[test]
        fn every_fault_has_a_test() {
            let tested = [$($name),+];
            assert_eq!(tested, Fault::ALL.map(Fault::name));
        }
    };
}

faults! {
    redis_is_killed = "redis-down";
    redis_is_slow = "redis-slow";
    redis_is_deaf = "redis-deaf";
    redis_stands_still = "redis-frozen";
    the_link_of_a_pod_is_cut = "link-cut";
    answers_of_publishes_are_lost = "answers-lost";
    channels_overtake_each_other = "channels-reordered";
    a_pod_is_killed = "pod-killed";
    a_shard_lags = "shard-lag";
    a_bus_lags = "bus-lag";
    an_outbox_is_small = "outbox-small";
    a_client_is_slow = "client-slow";
    a_client_is_half_open = "client-half-open";
    a_client_reconnects = "client-reconnects";
    calendars_are_wrong = "clock-skew";
    a_calendar_is_set = "calendar-step";
    a_pod_hears_nothing = "pod-deaf";
    a_pod_stands_still = "pod-stands";
}

#[test]
fn slow_clients_lose_messages_and_are_told() {
    let announced: u64 = (1_000..1_040)
        .map(|seed| world::run(&Plan::draw(seed, Some(Fault::ClientSlow))).verdict.announced)
        .sum();
    assert!(announced > 0, "no ring was ever full");
}
