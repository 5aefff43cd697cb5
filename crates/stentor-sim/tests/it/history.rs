//! Worlds whose pods keep what is said: clients go away and come back, and what they are then told
//! is true, and of use.

use stentor_sim::fault::Fault;
use stentor_sim::oracle::Resumed;
use stentor_sim::plan::Plan;
use stentor_sim::world;

/// Of a hundred clients that come back to a quiet pod, so many are told that nothing is missing.
const RECOVERED_ALONE_PERCENT_MIN: u64 = 99;

/// The same where they may come to a pod that has not heard their rooms for long enough.
const RECOVERED_PERCENT_MIN: u64 = 90;

/// Carries out all of these and adds up what those were told who came back.
pub(crate) fn all_kept(plans: impl Iterator<Item = Plan>) -> Resumed {
    let mut resumed = Resumed::default();
    for plan in plans {
        let verdict = world::run(&plan).verdict;
        let violations: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "seed {}:\n{}", plan.seed, violations.join("\n"));
        resumed += verdict.resumed;
    }
    resumed
}

#[test]
fn a_resume_never_lies_whatever_goes_wrong() {
    let resumed = all_kept((1..31).map(|seed| Plan::draw_with_history(seed, None)));
    assert!(resumed.told > 300 && resumed.recovered > 150, "{resumed:?}");
    assert!(resumed.told > resumed.recovered, "nothing was ever let go of: {resumed:?}");
}

#[test]
fn a_resume_never_lies_under_each_fault_that_concerns_it() {
    for fault in [Fault::LinkCut, Fault::PodKilled, Fault::ShardLag, Fault::ClientSlow] {
        all_kept((2_000..2_005).map(|seed| Plan::draw_with_history(seed, Some(fault))));
    }
}

#[test]
fn who_comes_back_to_a_quiet_pod_that_is_alone_is_told_that_nothing_is_missing() {
    let alone = (1..).map(Plan::draw_quiet).filter(|plan| plan.pods.len() == 1);
    let Resumed { told, recovered, unjudged } = all_kept(alone.take(8));
    assert!(told > 150, "only {told} came back");
    assert!(recovered * 100 >= told * RECOVERED_ALONE_PERCENT_MIN, "{recovered} of {told}");
    assert_eq!(unjudged, 0);
}

#[test]
fn who_comes_back_to_quiet_pods_is_told_that_nothing_is_missing() {
    let several = (1..).map(Plan::draw_quiet).filter(|plan| plan.pods.len() > 1);
    let Resumed { told, recovered, unjudged } = all_kept(several.take(16));
    assert!(told > 300, "only {told} came back");
    assert!(recovered * 100 >= told * RECOVERED_PERCENT_MIN, "{recovered} of {told}");
    assert!(unjudged * 50 < told, "{unjudged} of {told} were not judged");
}

#[test]
fn a_world_with_a_history_is_the_same_each_time() {
    for seed in 1..6 {
        let plan = Plan { is_traced: true, ..Plan::draw_with_history(seed, None) };
        assert!(world::run(&plan).trace == world::run(&plan).trace, "seed {seed}");
    }
}
