//! Sentinels: a killed master has a successor, and comes back as its replica.

use stentor_testbed::{DEADLINE, Sentinels};

#[test]
fn the_replica_takes_over_and_the_killed_master_follows_it() {
    let mut sentinels = Sentinels::start();
    let old = sentinels.kill_master();
    assert_eq!(old, 0);
    let new = sentinels.wait_for_new_master(old, DEADLINE);
    assert_eq!(new, 1);
    assert_eq!(sentinels.master(), new);
    sentinels.start_again(old);
    sentinels.wait_for_replica(old, DEADLINE);
}

#[test]
fn a_paused_master_is_replaced_too_and_two_sentinels_suffice() {
    let mut sentinels = Sentinels::start();
    let url = sentinels.url();
    for number in 0..3 {
        assert!(url.contains(&format!("127.0.0.1:{}", sentinels.sentinel(number).port())));
    }
    sentinels.kill_sentinel(0);
    let old = sentinels.master();
    sentinels.server(old).pause();
    assert_ne!(sentinels.wait_for_new_master(old, DEADLINE), old);
    sentinels.server(old).resume();
    sentinels.wait_for_replica(old, DEADLINE);
}
