use serde_json::{Value, json};
use stentor_wire::presence::{Here, Person, Status, Tale};

use super::*;
use crate::presence::TICK;

const WATCHES: MemberOptions = MemberOptions { presence: true, ..PLAIN };

/// A shard with a member of room `a` that wants to know.
fn world() -> World {
    let mut world = World::with(|config| config.presence.grace = Duration::ZERO);
    world.pass(Duration::from_secs(10));
    world.connect_with(0, &["a"], WATCHES);
    world.pass(Duration::ZERO);
    world.turn();
    world
}

/// Lets a tick pass, and what it asks for be told.
fn tick(world: &mut World) {
    world.pass(Duration::ZERO);
    world.pass(TICK);
    world.turn();
}

/// What a member was told of presence.
fn told(world: &World, member: u32) -> Vec<Value> {
    let frames = world.frames(member);
    let presence = |frame: &&Heard| frame.json()["type"] == "presence";
    frames.iter().filter(presence).map(|frame| frame.json()["data"].clone()).collect()
}

fn tales(world: &mut World) -> Vec<Tale> {
    let mut tales = Vec::new();
    while let Some(event) = world.shard.poll_event() {
        if let Event::Presence { tale, .. } = event {
            tales.push(tale);
        }
    }
    tales
}

#[test]
fn a_thousand_who_come_in_a_tick_are_one_word_about_their_number() {
    let mut world = world();
    (1..=1_000).for_each(|member| {
        world.connect(member, &["a"]);
    });
    tick(&mut world);
    assert_eq!(told(&world, 0), [json!({ "members": 1_001 })]);
    (1..=500).for_each(|member| world.disconnect(member));
    tick(&mut world);
    assert_eq!(told(&world, 0).len(), 1, "a second is not over");
    world.pass(Duration::from_secs(1));
    world.turn();
    assert_eq!(told(&world, 0).last(), Some(&json!({ "members": 501 })));
}

#[test]
fn who_comes_and_goes_within_a_tick_was_never_there() {
    let mut world = world();
    world.connect(1, &["a"]);
    world.disconnect(1);
    tick(&mut world);
    assert_eq!(told(&world, 0), Vec::<Value>::new());
}

#[test]
fn nobody_is_asked_and_nothing_is_told_where_nobody_wants_to_know() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &["a"]);
    world.disconnect(1);
    world.pass(Duration::from_secs(1));
    assert_eq!(tales(&mut world), []);
    assert_eq!(world.shard.rosters(), 0);
}

#[test]
fn who_asked_is_answered_at_once_and_told_of_changes_until_the_lease_is_over() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.shard.handle_tale(world.now(), None, Some(&name("a")), &Tale::Ask);
    let answer = tales(&mut world);
    let [Tale::Here(Here { is_answer: true, count: 1, people: Some(_), .. })] = &answer[..] else {
        panic!("{answer:?}");
    };
    world.connect(1, &["a"]);
    tales(&mut world);
    world.pass(Duration::ZERO);
    world.pass(TICK);
    let changed = tales(&mut world);
    assert!(matches!(&changed[..], [Tale::Here(Here { is_answer: false, count: 2, .. })]));
    world.pass(crate::presence::LEASE);
    world.disconnect(1);
    world.pass(Duration::ZERO);
    world.pass(TICK);
    assert_eq!(tales(&mut world), []);
}

#[test]
fn a_full_ring_keeps_the_last_word_about_everybody_and_no_chat_goes_for_the_others() {
    let mut world = world();
    world.connect_with(1, &["a"], MemberOptions { events: true, ..WATCHES });
    world.connect(2, &["a"]);
    tick(&mut world);
    world.limit(1, 0);
    for round in 0..300 {
        (0..3).for_each(|member| world.shard.handle_heard(world.now(), MemberId(member)));
        let status = if round % 2 == 0 { "away" } else { "online" };
        let data = format!(r#"{{"status":"{status}"}}"#);
        let draft = Draft { data: data.as_bytes(), ..draft(MessageType::Presence, "a") };
        world.shard.handle_draft(world.now(), MemberId(2), &draft);
        tick(&mut world);
        if round % 3 == 0 {
            world.say(2, "a", "chat");
            world.turn();
        }
    }
    assert!(world.queued(1) <= crate::RING_SLOTS_MAX);
    world.unblock(1, usize::MAX);
    world.turn();
    let of = |kind: &str| world.frames(1).iter().filter(|of| of.json()["type"] == kind).count();
    assert_eq!((of("chat"), of("system")), (100, 1), "nothing but a welcome, and no gap");
    assert_eq!(told(&world, 1).last().expect("the last word")["status"], "online");
}

/// What another pod says of its people in room `a`.
fn says(world: &mut World, pod: &str, clients: &[u128]) {
    let people = clients
        .iter()
        .map(|number| Person {
            client_id: Uuid::from_u128(*number),
            user: None,
            status: Status::Online,
        })
        .collect();
    let here =
        Here { shard: 0, is_answer: false, count: clients.len() as u64, people: Some(people) };
    world.shard.handle_tale(world.now(), Some(&pod.into()), Some(&name("a")), &Tale::Here(here));
}

/// Lets seconds pass, one by one, in which a pod gives signs of life, and counts what is asked.
fn pass_seconds(world: &mut World, seconds: u64, pod: &str) -> usize {
    let mut asked = 0;
    for _ in 0..seconds {
        world.shard.handle_tale(world.now(), Some(&pod.into()), None, &Tale::Alive);
        world.shard.handle_heard(world.now(), MemberId(0));
        world.pass(Duration::from_secs(1));
        asked += tales(world).iter().filter(|tale| **tale == Tale::Ask).count();
        world.turn();
    }
    asked
}

#[test]
fn a_round_of_questions_goes_on_once_a_room_however_often_somebody_comes_and_the_link_returns() {
    let mut world = world();
    for _ in 0..50 {
        world.shard.handle_audience_heard(world.now(), None);
        world.shard.handle_audience_heard(world.now(), Some(&name("a")));
        world.connect_with(1, &["a"], WATCHES);
        world.pass(Duration::ZERO);
        world.disconnect(1);
        world.disconnect(0);
        world.connect_with(0, &["a"], WATCHES);
        world.pass(Duration::ZERO);
    }
    tales(&mut world);
    assert_eq!(pass_seconds(&mut world, 90, "b"), 3);
}

#[test]
fn a_room_is_asked_about_at_once_when_it_is_heard_anew() {
    let mut world = world();
    tales(&mut world);
    world.shard.handle_audience_heard(world.now(), Some(&name("other")));
    world.pass(TICK);
    assert_eq!(tales(&mut world), []);
    world.shard.handle_audience_heard(world.now(), Some(&name("a")));
    world.pass(TICK);
    assert_eq!(tales(&mut world), [Tale::Ask]);
}

#[test]
fn whom_nobody_confirms_any_more_is_gone_unless_pods_could_not_be_heard() {
    let mut world = world();
    world.shard.handle_audience_heard(world.now(), None);
    says(&mut world, "b", &[7]);
    tick(&mut world);
    assert_eq!(told(&world, 0).len(), 1);
    // The pod lives, and the last word about its member was lost.
    pass_seconds(&mut world, 60, "b");
    assert_eq!(told(&world, 0).len(), 1);
    world.shard.handle_pods_unheard();
    pass_seconds(&mut world, 100, "b");
    assert_eq!(told(&world, 0).len(), 1, "a Redis that is away takes nobody");
    world.shard.handle_audience_heard(world.now(), None);
    pass_seconds(&mut world, 60, "b");
    assert_eq!(told(&world, 0).len(), 1);
    pass_seconds(&mut world, 60, "b");
    assert_eq!(told(&world, 0).last().expect("a word")["status"], "offline");
}

#[test]
fn who_went_while_other_pods_were_not_heard_is_told_to_them_once_they_are() {
    let mut world = World::new();
    world.shard.handle_audience_heard(world.now(), None);
    world.connect(0, &["a"]);
    let pod: Arc<str> = "b".into();
    world.shard.handle_tale(world.now(), Some(&pod), Some(&name("a")), &Tale::Ask);
    world.shard.handle_pods_unheard();
    world.disconnect(0);
    world.pass(Duration::from_secs(200));
    tales(&mut world);
    world.shard.handle_audience_heard(world.now(), None);
    world.pass(TICK);
    let told = tales(&mut world);
    assert!(matches!(&told[..], [Tale::Here(Here { count: 0, .. })]), "{told:?}");
    world.shard.handle_tale(world.now(), Some(&pod), Some(&name("a")), &Tale::Ask);
    assert_eq!(tales(&mut world).len(), 1, "it is said again to who asks");
}

#[test]
fn who_comes_while_others_are_asked_again_is_told() {
    let mut world = world();
    let pod: Arc<str> = "b".into();
    let answer = |world: &mut World, shard: u16, client: u128| {
        let client_id = Uuid::from_u128(client);
        let person = Person { client_id, user: None, status: Status::Online };
        let people = Some(Arc::from([person]));
        let here = Tale::Here(Here { shard, is_answer: true, count: 1, people });
        world.shard.handle_tale(world.now(), Some(&pod), Some(&name("a")), &here);
    };
    // Two shards of the pod answer the first question: both had people there already.
    answer(&mut world, 0, 7);
    answer(&mut world, 1, 8);
    tick(&mut world);
    assert_eq!(told(&world, 0), Vec::<Value>::new());
    world.shard.handle_audience_heard(world.now(), Some(&name("a")));
    tick(&mut world);
    answer(&mut world, 0, 7);
    answer(&mut world, 2, 9);
    tick(&mut world);
    let told = told(&world, 0);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["client_id"], Uuid::from_u128(9).to_string());
}
