//! What the oracle finds: pods that do something wrong, each caught by the promise that it breaks.

use stentor_sim::fault::Fault;
use stentor_sim::mutation::Mutation;
use stentor_sim::oracle::Promise;
use stentor_sim::plan::{Act, ClientPlan, Plan, Resumes, Window};
use stentor_sim::shrink::shrink;
use stentor_sim::world;

/// In microseconds.
const SECOND: u64 = 1_000_000;

/// A mutation shows in one of so many worlds.
const SEEDS: u64 = 60;

/// The first plan in which `mutation` breaks `promise`.
fn caught(mutation: Mutation, fault: Option<Fault>, promise: Promise) -> Plan {
    caught_among((1..=SEEDS).map(|seed| Plan::draw(seed, fault)), mutation, promise)
}

/// The same where pods keep what is said.
fn caught_with_history(mutation: Mutation, promise: Promise) -> Plan {
    caught_with_history_from(1, mutation, promise)
}

/// The same for what shows seldom, in worlds from this one on.
fn caught_with_history_from(first: u64, mutation: Mutation, promise: Promise) -> Plan {
    let seeds = first..first + SEEDS;
    caught_among(seeds.map(|seed| Plan::draw_with_history(seed, None)), mutation, promise)
}

fn caught_among(plans: impl Iterator<Item = Plan>, mutation: Mutation, promise: Promise) -> Plan {
    let plans = plans.map(|plan| Plan { mutation: Some(mutation), ..plan });
    let fails = |plan: &Plan| {
        let violations = world::run(plan).verdict.violations;
        violations.iter().any(|violation| violation.promise == promise)
    };
    let mut plans = plans;
    let caught = plans.find(fails);
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
fn keeping_only_what_members_hear_is_found() {
    caught_with_history(Mutation::KeepForMembersOnly, Promise::Resumed);
}

#[test]
fn not_considering_since_when_a_room_is_heard_is_found() {
    caught_under(Mutation::BelieveToHear, Fault::LinkCut, Plan::draw_with_history);
}

#[test]
fn not_considering_other_pods_at_all_is_found() {
    caught_with_history_from(101, Mutation::BelieveToBeAlone, Promise::Resumed);
}

#[test]
fn ignoring_a_hole_is_found() {
    caught_with_history_from(165, Mutation::ForgetHoles, Promise::Resumed);
}

#[test]
fn taking_for_heard_what_is_on_its_way_to_another_shard_is_found() {
    caught_with_history(Mutation::CountTrafficApart, Promise::Resumed);
}

#[test]
fn leaving_one_room_of_several_out_of_a_replay_is_found() {
    caught_with_history(Mutation::SkipOneRoom, Promise::Resumed);
}

#[test]
fn forgetting_what_was_evicted_is_found() {
    caught_with_history(Mutation::ForgetEvictions, Promise::Resumed);
}

#[test]
fn losing_a_message_between_a_replay_and_what_follows_is_found() {
    caught_with_history(Mutation::LoseAtSeam, Promise::Announced);
}

#[test]
fn saying_a_message_of_a_replay_once_more_behind_it_is_found() {
    caught_with_history(Mutation::DoubleAtSeam, Promise::Once);
}

#[test]
fn a_plan_that_fails_is_made_smaller_and_still_fails() {
    let plan = caught(Mutation::ForgetToLeave, None, Promise::Empty);
    let (smaller, _) = shrink(&plan);
    let violations = world::run(&smaller).verdict.violations;
    assert_eq!(violations.first().map(|violation| violation.promise), Some(Promise::Empty));
    assert!(smaller.acts.is_empty() && smaller.windows.is_empty(), "{smaller}");
}

#[test]
fn not_testifying_to_what_was_heard_is_found() {
    caught_under(Mutation::ForgetToTestify, Fault::PodDeaf, Plan::draw_with_history);
}

#[test]
fn believing_that_all_pods_hear_each_other_is_found_where_redis_keeps_what_is_said() {
    let draw = |seed| Plan::draw_with_archive(seed, Some(Fault::PodDeaf));
    let plans = (101..=100 + SEEDS).map(draw);
    caught_among(plans, Mutation::BelieveThatAllHear, Promise::Resumed);
}

#[test]
fn trusting_redis_after_it_died_is_found() {
    caught_under(Mutation::TrustRedis, Fault::RedisDown, Plan::draw_with_archive);
}

fn caught_under(mutation: Mutation, fault: Fault, draw: fn(u64, Option<Fault>) -> Plan) {
    let plans = (1..=SEEDS).map(|seed| draw(seed, Some(fault)));
    caught_among(plans, mutation, Promise::Resumed);
}

/// A plan of two pods of one shard each, which keep everything, and of three clients in one room
/// that say nothing by themselves: the first on the first pod, the others on the second.
fn two_pods(seed: u64) -> Plan {
    let client = |pod| ClientPlan {
        pod,
        rooms: 1,
        events: true,
        echo: true,
        from: 0,
        resumes: Resumes::BehindMessages,
    };
    let mut plan = Plan::draw_quiet(seed);
    plan.pods = vec![1, 1];
    plan.clients = vec![client(0), client(1), client(1)];
    plan.acts.clear();
    plan.talk = 12 * SECOND;
    plan
}

/// 1. The bus thread of a pod stands still for two seconds, and what is said there meanwhile waits
///    for that.
/// 2. Somebody on another pod hears the last of what is said there, goes to the first and resumes.
fn plan_of_a_bus_that_lags(seed: u64) -> Plan {
    let mut plan = two_pods(seed);
    let at = 8 * SECOND + (seed % 10) * 100_000;
    let lag = 1_980_000;
    plan.windows = vec![Window { fault: Fault::BusLag, at, lasts: lag, target: 0 }];
    let say = |client, count| Act::Say { client, room: Some(0), count };
    plan.acts = vec![
        (at + 50_000, say(0, 3)),
        (at + lag - 60_000, say(2, 1)),
        (at + lag - 30_000, Act::GoAway { client: 1, lasts: 1_500_000 }),
    ];
    plan
}

#[test]
fn not_considering_what_waits_for_redis_is_found() {
    found_in(Mutation::ForgetDelays, plan_of_a_bus_that_lags);
}

#[test]
fn telling_what_a_stream_has_before_the_channel_has_brought_it_is_found() {
    let plans = (200..200 + SEEDS).map(|seed| Plan::draw_with_archive(seed, None));
    caught_among(plans, Mutation::ForgetEchoes, Promise::Order);
}

/// Such plans are kept in every promise without the mutation, and not with it.
fn found_in(mutation: Mutation, plan: fn(u64) -> Plan) {
    for seed in 1..=SEEDS {
        let violations = world::run(&plan(seed)).verdict.violations;
        assert!(violations.is_empty(), "seed {seed}: {violations:?}");
    }
    caught_among((1..=SEEDS).map(plan), mutation, Promise::Resumed);
}
