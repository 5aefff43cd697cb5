use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use proptest::prelude::*;

use super::UserRates;

fn user(name: &str) -> Arc<str> {
    Arc::from(name)
}

#[test]
fn connections_of_one_user_share_a_bucket_and_those_of_two_do_not() {
    let rates = UserRates::new(10);
    let first = rates.join(&user("ann")).expect("a limit");
    let second = rates.join(&user("ann")).expect("a limit");
    let other = rates.join(&user("bob")).expect("a limit");
    assert!(Arc::ptr_eq(&first, &second));
    assert!(!Arc::ptr_eq(&first, &other));
}

#[test]
fn without_a_limit_nothing_is_kept() {
    let rates = UserRates::new(0);
    assert!(rates.join(&user("ann")).is_none());
    rates.leave(&user("ann"));
    assert!(rates.lock().is_empty());
}

#[test]
fn a_changed_limit_reaches_who_is_here_and_one_that_is_gone_is_remembered_for_the_next() {
    let rates = UserRates::new(10);
    let ann = rates.join(&user("ann")).expect("a limit");
    rates.change_limit(0);
    let bob = rates.join(&user("bob")).expect("known all the same");
    assert_eq!((ann.limit(), bob.limit()), (0, 0));
    rates.change_limit(7);
    assert_eq!((ann.limit(), bob.limit()), (7, 7));
    rates.leave(&user("ann"));
    rates.leave(&user("bob"));
    assert!(rates.lock().is_empty());
}

#[test]
fn the_first_limit_counts_for_those_who_come_from_then_on() {
    let rates = UserRates::new(0);
    assert!(rates.join(&user("ann")).is_none());
    rates.change_limit(10);
    assert_eq!(rates.join(&user("ann")).map(|rate| rate.limit()), Some(10));
}

#[test]
fn a_leave_of_nobody_takes_nothing_from_others() {
    let rates = UserRates::new(10);
    rates.join(&user("ann"));
    rates.leave(&user("bob"));
    assert_eq!(rates.lock().len(), 1);
}

#[test]
fn shards_that_join_and_leave_at_once_leave_nothing_behind() {
    let rates = UserRates::new(10);
    thread::scope(|scope| {
        for shard in 0..4 {
            let rates = &rates;
            scope.spawn(move || {
                for turn in 0..2_000 {
                    let name = user(["ann", "bob", "eve"][(shard + turn) % 3]);
                    rates.join(&name).expect("a limit");
                    rates.leave(&name);
                }
            });
        }
    });
    assert!(rates.lock().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn after_any_order_a_user_has_an_entry_only_while_it_has_connections(
        steps in prop::collection::vec((0..4_usize, any::<bool>()), 0..200),
    ) {
        const USERS: [&str; 4] = ["ann", "bob", "eve", ""];
        let rates = UserRates::new(10);
        let mut connections: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, comes) in steps {
            let count = connections.entry(USERS[name]).or_default();
            if comes {
                rates.join(&user(USERS[name])).expect("a limit");
                *count += 1;
            } else if *count > 0 {
                rates.leave(&user(USERS[name]));
                *count -= 1;
            }
            let present = connections.values().filter(|count| **count > 0).count();
            prop_assert_eq!(rates.lock().len(), present);
        }
        for (name, count) in connections {
            (0..count).for_each(|_| rates.leave(&user(name)));
        }
        prop_assert!(rates.lock().is_empty());
    }
}
