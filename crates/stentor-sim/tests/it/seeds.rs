//! Two hundred worlds with whatever faults their seeds draw.

use std::ops::Range;

use stentor_sim::plan::Plan;
use stentor_sim::world;

fn every_promise_is_kept(seeds: Range<u64>) {
    for seed in seeds {
        let verdict = world::run(&Plan::draw(seed, None)).verdict;
        let violations: Vec<String> = verdict.violations.iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "seed {seed}:\n{}", violations.join("\n"));
    }
}

#[test]
fn every_promise_is_kept_in_the_first_hundred_worlds() {
    every_promise_is_kept(1..101);
}

#[test]
fn every_promise_is_kept_in_the_second_hundred_worlds() {
    every_promise_is_kept(101..201);
}

#[test]
fn the_same_seed_gives_the_same_run_to_the_last_word() {
    for seed in 1..21 {
        let plan = Plan { is_traced: true, ..Plan::draw(seed, None) };
        assert!(world::run(&plan).trace == world::run(&plan).trace, "seed {seed}");
    }
}

#[test]
fn worlds_are_not_empty() {
    let runs = (1..21).map(|seed| world::run(&Plan::draw(seed, None)).verdict);
    let heard: u64 = runs.map(|verdict| verdict.heard).sum();
    assert!(heard > 1_000, "only {heard} messages were heard");
}
