//! Worlds in which Redis keeps what is said: what those are told who come back is true there too,
//! though it dies and loses some of it.

use stentor_sim::fault::Fault;
use stentor_sim::oracle::{Promise, Resumed};
use stentor_sim::plan::Plan;
use stentor_sim::world;

/// Carries out all of these; nobody is told that nothing is missing where something is.
fn no_lies(plans: impl Iterator<Item = Plan>) -> Resumed {
    let mut resumed = Resumed::default();
    for plan in plans {
        let verdict = world::run(&plan).verdict;
        let lies = verdict.violations.iter().filter(|of| of.promise == Promise::Resumed);
        let lies: Vec<String> = lies.map(ToString::to_string).collect();
        assert!(lies.is_empty(), "seed {}:\n{}", plan.seed, lies.join("\n"));
        resumed += verdict.resumed;
    }
    resumed
}

#[test]
fn a_resume_by_streams_never_lies_whatever_goes_wrong() {
    let resumed = no_lies((1..41).map(|seed| Plan::draw_with_archive(seed, None)));
    assert!(resumed.told > 300 && resumed.recovered > 150, "{resumed:?}");
    assert!(resumed.told > resumed.recovered, "nothing was ever lost: {resumed:?}");
}

#[test]
fn a_resume_by_streams_never_lies_under_each_fault_that_concerns_it() {
    let faults = [Fault::RedisDown, Fault::PodDeaf, Fault::PodStands, Fault::PodKilled];
    for fault in faults {
        no_lies((3_000..3_010).map(|seed| Plan::draw_with_archive(seed, Some(fault))));
    }
}

#[test]
fn a_world_with_streams_is_the_same_each_time() {
    for seed in 1..4 {
        let plan = Plan { is_traced: true, ..Plan::draw_with_archive(seed, None) };
        assert!(world::run(&plan).trace == world::run(&plan).trace, "seed {seed}");
    }
}
