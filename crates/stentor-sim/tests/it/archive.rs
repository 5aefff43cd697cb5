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

/// Worlds in which who came back once heard a sender's messages out of order: of a burst that was
/// on its way, of what was published again behind it, of what is in memory and in the stream in part,
/// of a calendar that was set.
#[test]
fn each_sender_is_heard_in_its_order_whatever_a_stream_has() {
    let seeds = [200, 790, 1_601, 2_214, 2_573, 2_598, 2_608, 2_776, 2_952, 2_975, 3_038];
    all_kept(seeds.into_iter().map(|seed| Plan::draw_with_archive(seed, None)));
}

#[test]
fn a_world_with_streams_is_the_same_each_time() {
    for seed in 1..4 {
        let plan = Plan { is_traced: true, ..Plan::draw_with_archive(seed, None) };
        assert!(world::run(&plan).trace == world::run(&plan).trace, "seed {seed}");
    }
}
