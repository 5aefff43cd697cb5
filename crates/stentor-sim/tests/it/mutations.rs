//! What the oracle finds: pods that do something wrong, each caught by the promise that it breaks.

use stentor_sim::fault::Fault;
use stentor_sim::mutation::Mutation;
use stentor_sim::oracle::Promise;
use stentor_sim::plan::Plan;
use stentor_sim::shrink::shrink;
use stentor_sim::world;

/// A mutation shows in one of so many worlds.
const SEEDS: u64 = 60;

/// The first plan in which `mutation` breaks `promise`.
fn caught(mutation: Mutation, fault: Option<Fault>, promise: Promise) -> Plan {
    let plans =
        (1..=SEEDS).map(|seed| Plan { mutation: Some(mutation), ..Plan::draw(seed, fault) });
    let fails = |plan: &Plan| {
        let violations = world::run(plan).verdict.violations;
        violations.iter().any(|violation| violation.promise == promise)
    };
    let caught = plans.into_iter().find(fails);
    caught.unwrap_or_else(|| panic!("{mutation:?} was not found in {SEEDS} worlds"))
}

#[test]
fn forgetting_duplicates_is_found() {
    caught(Mutation::ForgetDuplicates, Some(Fault::AnswersLost), Promise::Once);
}

#[test]
fn dropping_one_message_in_silence_is_found() {
    caught(Mutation::DropOne, None, Promise::Announced);
}

#[test]
fn swapping_two_messages_is_found() {
    caught(Mutation::SwapTwo, None, Promise::Order);
}

#[test]
fn forgetting_to_announce_is_found() {
    caught(Mutation::ForgetGaps, None, Promise::Announced);
}

#[test]
fn waiting_for_redis_is_found() {
    caught(Mutation::WaitForRedis, Some(Fault::RedisDown), Promise::Local);
}

#[test]
fn hearing_rooms_for_ever_is_found() {
    caught(Mutation::ForgetToLeave, None, Promise::Empty);
}

#[test]
fn dropping_between_shards_is_found() {
    caught(Mutation::DropLocal, None, Promise::Announced);
}

#[test]
fn forgetting_to_subscribe_again_is_found() {
    caught(Mutation::ForgetToSubscribe, Some(Fault::LinkCut), Promise::Healed);
}

#[test]
fn hiding_where_an_outbox_dropped_is_found() {
    caught(Mutation::ForgetBases, Some(Fault::OutboxSmall), Promise::Announced);
}

#[test]
fn a_plan_that_fails_is_made_smaller_and_still_fails() {
    let plan = caught(Mutation::ForgetToLeave, None, Promise::Empty);
    let (smaller, _) = shrink(&plan);
    let violations = world::run(&smaller).verdict.violations;
    assert_eq!(violations.first().map(|violation| violation.promise), Some(Promise::Empty));
    assert!(smaller.acts.is_empty() && smaller.windows.is_empty(), "{smaller}");
}
