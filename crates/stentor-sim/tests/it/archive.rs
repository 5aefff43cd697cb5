//! Worlds in which Redis keeps what is said: every promise is kept there too, though it dies and
//! loses some of it.

use stentor_sim::fault::Fault;
use stentor_sim::plan::Plan;
use stentor_sim::world;

use crate::history::all_kept;

#[test]
fn a_resume_by_streams_never_lies_whatever_goes_wrong() {
    let resumed = all_kept((1..41).map(|seed| Plan::draw_with_archive(seed, None)));
    assert!(resumed.told > 300 && resumed.recovered > 150, "{resumed:?}");
    assert!(resumed.told > resumed.recovered, "nothing was ever lost: {resumed:?}");
}

#[test]
fn a_resume_by_streams_never_lies_under_each_fault_that_concerns_it() {
    let faults = [Fault::RedisDown, Fault::PodDeaf, Fault::PodStands, Fault::PodKilled];
    for fault in faults {
        all_kept((3_000..3_010).map(|seed| Plan::draw_with_archive(seed, Some(fault))));
    }
}

#[test]
fn a_world_with_streams_is_the_same_each_time() {
    for seed in 1..4 {
        let plan = Plan { is_traced: true, ..Plan::draw_with_archive(seed, None) };
        assert!(world::run(&plan).trace == world::run(&plan).trace, "seed {seed}");
    }
}
