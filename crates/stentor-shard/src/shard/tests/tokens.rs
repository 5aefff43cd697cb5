//! Identities that end and are renewed.

use stentor_wire::close::CloseCode;

use super::*;
use crate::wheel::TICK;

const NOTICE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_secs(60);
const PING_INTERVAL: Duration = Duration::from_secs(25);

/// An identity that ends `time` after the beginning.
fn until(time: Duration) -> Identity {
    let end = CALENDAR_START_MILLIS + u64::try_from(time.as_millis()).expect("it fits");
    Identity { expires_at_unix_millis: Some(end), ..Identity::unlimited("ann") }
}

/// Lets time pass, step by step, while the members are heard.
fn live(world: &mut World, time: Duration) {
    let end = world.sockets.clock + time;
    while world.sockets.clock < end {
        let step = end.since(world.sockets.clock).min(Duration::from_secs(1));
        world.pass(step);
        (0..4).for_each(|member| world.shard.handle_heard(world.now(), MemberId(member)));
        world.turn();
    }
}

fn data(world: &World, member: u32, event: &str) -> serde_json::Value {
    let frames = world.frames(member);
    let found = frames.iter().find(|frame| frame.label() == event);
    found.unwrap_or_else(|| panic!("no {event}")).json()["data"].clone()
}

#[test]
fn an_end_is_told_half_a_minute_before_and_closes_with_4401() {
    let mut world = World::new();
    world.connect_as(0, &["a"], EVENTS, Some(until(MINUTE * 5)));
    world.connect_as(1, &["a"], PLAIN, Some(until(MINUTE * 5)));
    live(&mut world, MINUTE * 5 - NOTICE - Duration::from_millis(1));
    assert_eq!(world.heard(0), ["welcome"]);
    live(&mut world, TICK);
    assert_eq!(world.heard(0), ["welcome", "token_expiring"]);
    let left = data(&world, 0, "token_expiring")["expires_in_ms"].as_u64().unwrap();
    assert!((29_900..=30_000).contains(&left), "{left}");
    live(&mut world, NOTICE - TICK);
    assert!(world.shard.is_open(MemberId(0)), "never early");
    live(&mut world, TICK + Duration::from_millis(1));
    assert_eq!(world.heard(0), ["welcome", "token_expiring", "close 4401"]);
    assert_eq!(world.heard(1), ["close 4401"]);
    assert_eq!((world.shard.members_open(), world.shard.rooms_open()), (0, 0));
}

#[test]
fn an_end_that_is_near_is_told_once_behind_the_welcome() {
    let mut world = World::new();
    world.connect_as(0, &[], EVENTS, Some(until(NOTICE / 2)));
    live(&mut world, NOTICE / 3);
    assert_eq!(world.heard(0), ["welcome", "token_expiring"]);
    assert_eq!(data(&world, 0, "token_expiring")["expires_in_ms"], 15_000);
}

#[test]
fn who_comes_when_its_identity_has_ended_is_closed_behind_the_preface_and_enters_nothing() {
    for options in [PLAIN, EVENTS] {
        let mut world = World::new();
        world.pass(MINUTE);
        world.connect_as(0, &["a"], options, Some(until(MINUTE)));
        world.turn();
        assert_eq!(world.heard(0), ["close 4401"]);
        assert!(world.events.is_empty());
        assert_eq!(world.shard.handle_disconnect(MemberId(0)), Some(CloseCode::Unauthorized));
        assert_eq!(world.shard.poll_timeout(world.sockets.clock), None);
    }
}

#[test]
fn a_silent_member_is_pinged_and_ends_at_whichever_comes_first() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(until(MINUTE / 2)));
    world.connect_as(1, &[], PLAIN, Some(until(MINUTE * 2)));
    while world.sockets.clock < at(MINUTE + TICK) {
        world.pass(Duration::from_secs(1));
        world.turn();
    }
    assert_eq!(world.heard(0), ["ping", "close 4401"]);
    assert_eq!(world.heard(1).last().unwrap(), "close 4408");
}

#[test]
fn an_identity_without_an_end_never_ends() {
    let mut world = World::new();
    world.connect_as(0, &[], EVENTS, Some(Identity::unlimited("ann")));
    live(&mut world, MINUTE * 60);
    let end = Identity { expires_at_unix_millis: Some(u64::MAX), ..Identity::unlimited("eve") };
    world.connect_as(1, &[], EVENTS, Some(end));
    live(&mut world, MINUTE * 5);
    assert_eq!(world.heard(0), ["welcome"]);
    assert_eq!(world.heard(1), ["welcome"]);
}

#[test]
fn a_calendar_set_back_closes_nobody_early_and_set_right_keeps_nobody() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(until(MINUTE)));
    world.calendar_set = -3_600_000;
    live(&mut world, MINUTE * 2);
    assert!(world.shard.is_open(MemberId(0)), "the calendar says that it has an hour");
    world.calendar_set = 0;
    live(&mut world, PING_INTERVAL + TICK);
    assert_eq!(world.heard(0), ["close 4401"]);
}

#[test]
fn a_calendar_that_was_set_forward_is_noticed_within_a_ping_interval() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(until(MINUTE * 60 * 24)));
    live(&mut world, MINUTE);
    world.calendar_set = 24 * 3_600_000;
    live(&mut world, PING_INTERVAL + TICK);
    assert_eq!(world.heard(0), ["close 4401"]);
}

#[test]
fn a_renewal_is_answered_and_keeps_the_member_and_the_new_end_is_told_again() {
    let mut world = World::new();
    world.connect_as(0, &["a"], EVENTS, Some(until(MINUTE)));
    world.connect_as(1, &["a"], PLAIN, Some(until(MINUTE)));
    live(&mut world, MINUTE - NOTICE / 2);
    world.renew(0, Ok(until(MINUTE * 3)));
    world.renew(1, Ok(Identity::unlimited("ann")));
    live(&mut world, MINUTE);
    assert_eq!(world.heard(0), ["welcome", "token_expiring", "authenticated"]);
    assert_eq!(data(&world, 0, "authenticated")["expires_in_ms"], 135_000);
    assert_eq!(world.heard(1), ["authenticated"]);
    assert!(data(&world, 1, "authenticated")["expires_in_ms"].is_null());
    live(&mut world, MINUTE * 2);
    let expected = ["welcome", "token_expiring", "authenticated", "token_expiring", "close 4401"];
    assert_eq!(world.heard(0), expected);
    assert!(world.shard.is_open(MemberId(1)));
}

#[test]
fn a_renewal_to_an_earlier_end_counts() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(until(MINUTE * 60)));
    world.renew(0, Ok(until(Duration::from_secs(10))));
    live(&mut world, Duration::from_secs(10) + TICK);
    assert_eq!(world.heard(0), ["authenticated", "close 4401"]);
}

#[test]
fn rooms_that_a_new_token_does_not_allow_are_left_as_if_asked() {
    let mut world = World::new();
    world.connect_as(0, &["a", "b", "c"], PLAIN, Some(Identity::unlimited("ann")));
    world.connect(1, &[]);
    world.say(1, "a", "before");
    world.renew(0, Ok(ann(&["b"])));
    ["a", "b"].iter().for_each(|room| world.say(1, room, "after"));
    world.join(0, "c");
    world.turn();
    let mut heard = world.heard(0);
    let position = |word: &str| heard.iter().position(|of| of == word);
    assert!(position("before") < position("left"), "{heard:?}");
    heard.sort_unstable();
    assert_eq!(heard, ["after", "authenticated", "before", "error forbidden_room", "left", "left"]);
    assert_eq!(world.shard.rooms_open(), 1);
}

#[test]
fn a_token_of_another_user_or_an_old_one_or_one_not_believed_changes_nothing() {
    let mut world = World::new();
    world.pass(MINUTE);
    world.connect_as(0, &["a"], PLAIN, Some(ann(&["a"])));
    world.renew(0, Ok(Identity::unlimited("eve")));
    world.renew(0, Ok(until(MINUTE)));
    world.renew(0, Err("that is no token"));
    world.say(0, "b", "no");
    world.turn();
    let frames = world.frames(0);
    let text = |at: usize| frames[at].json()["data"]["message"].clone();
    assert_eq!(world.heard(0)[..3], ["error invalid_message"; 3]);
    assert_eq!(frames[0].json()["data"]["ref"], "ref");
    assert_eq!(text(0), "the token is of another user than this connection");
    assert_eq!(text(1), "the token has expired");
    assert_eq!(text(2), "that is no token");
    assert_eq!(world.heard(0)[3], "error forbidden_room");
}

#[test]
fn a_connection_without_an_identity_cannot_get_one_however_often_it_tries() {
    let mut world = World::new();
    world.connect(0, &[]);
    (0..20).for_each(|_| world.renew(0, Ok(Identity::unlimited("ann"))));
    world.turn();
    assert_eq!(world.heard(0), ["error invalid_message"; 20]);
    let identity = world.shard.identity(MemberId(0)).expect("it is there");
    assert_eq!(identity.1, None);
}

#[test]
fn the_ninth_token_that_is_refused_closes_with_4401_whatever_came_between() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(Identity::unlimited("ann")));
    (0..8).for_each(|_| world.renew(0, Err("no")));
    world.renew(0, Ok(Identity::unlimited("ann")));
    world.turn();
    assert!(world.shard.is_open(MemberId(0)));
    world.renew(0, Err("no"));
    world.renew(0, Err("no"));
    world.turn();
    assert_eq!(world.heard(0)[8..], ["authenticated", "close 4401"]);
}

#[test]
fn nothing_is_taken_from_a_member_that_was_told_to_close() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(until(MINUTE)));
    world.shard.handle_close(MemberId(0), CloseCode::Forbidden);
    world.renew(0, Ok(until(MINUTE * 2)));
    world.turn();
    assert_eq!(world.heard(0), ["close 4403"]);
}
