mod first_copies;
mod numbers;
mod testimonies;

use serde_json::Value;
use uuid::Builder;

use super::*;

/// A shard that keeps what is said, a speaker in room `a`, and a listener that has heard `0`.
fn world() -> World {
    world_with(|_| ())
}

fn world_with(change: impl FnOnce(&mut HistoryConfig)) -> World {
    let mut kept = history();
    change(&mut kept);
    let mut world = World::with(|config| config.history = Some(kept));
    world.pass(Duration::from_secs(5));
    world.connect(0, &["a"]);
    world.connect_with(1, &["a"], EVENTS);
    speak(&mut world, 0..1);
    world
}

/// Says `texts` in room `a`, a flush after each.
fn speak(world: &mut World, texts: std::ops::Range<usize>) {
    for text in texts {
        world.say(0, "a", &text.to_string());
        world.turn();
    }
}

/// Lets a good minute pass, in which the speaker gives signs of life.
fn pass_a_minute(world: &mut World) {
    for _ in 0..2 {
        world.pass(Duration::from_secs(31));
        world.shard.handle_heard(world.now(), MemberId(0));
    }
}

/// The id of what was said with this text, as a member heard it.
fn id_of(world: &World, member: u32, text: &str) -> Uuid {
    let said = world.frames(member).into_iter().find(|heard| heard.label() == text);
    let id = said.expect("it was heard").json()["id"].clone();
    id.as_str().and_then(|id| Uuid::try_parse(id).ok()).expect("a UUID")
}

/// What the event `resume` said to a member.
fn resume(world: &World, member: u32) -> Value {
    let event = world.frames(member).into_iter().find(|heard| heard.label() == "resume");
    event.expect("it came back").json()["data"].clone()
}

/// What a member heard behind `welcome` and `resume`.
fn replayed(world: &World, member: u32) -> Vec<String> {
    let heard = world.heard(member);
    assert_eq!(heard[..2], ["welcome", "resume"]);
    heard[2..].to_vec()
}

#[test]
fn what_was_missed_comes_in_order_behind_the_event_and_then_what_is_said() {
    let mut world = world();
    let last = id_of(&world, 1, "0");
    world.disconnect(1);
    speak(&mut world, 1..6);
    world.come_back(1, &["a"], last);
    speak(&mut world, 6..8);
    assert_eq!(replayed(&world, 1), numbers(1..8));
    let event = resume(&world, 1);
    assert_eq!((&event["recovered"], &event["replayed"]), (&Value::from(true), &Value::from(5)));
    assert_eq!(event["oldest_id"], id_of(&world, 0, "0").to_string());
    assert_eq!(world.shard.counters().resumes_recovered, 1);
    assert_eq!(world.shard.counters().messages_replayed, 6, "6 was said before it had caught up");
}

#[test]
fn who_missed_nothing_is_told_so() {
    let mut world = world();
    let last = id_of(&world, 1, "0");
    world.disconnect(1);
    world.come_back(1, &["a"], last);
    speak(&mut world, 1..2);
    assert_eq!(replayed(&world, 1), ["1"]);
    let event = resume(&world, 1);
    assert_eq!((&event["recovered"], &event["replayed"]), (&Value::from(true), &Value::from(0)));
}

#[test]
fn an_id_that_says_nothing_brings_all_that_is_kept_and_no_promise() {
    for nothing in [Uuid::from_u128(7), Uuid::from_u128(0x4000_u128 << 64), Uuid::max()] {
        let mut world = world();
        world.disconnect(1);
        speak(&mut world, 1..4);
        world.come_back(1, &["a"], nothing);
        world.turn();
        assert_eq!(replayed(&world, 1), numbers(0..4), "{nothing}");
        assert_eq!(resume(&world, 1)["recovered"], false, "{nothing}");
    }
}

#[test]
fn a_message_of_the_server_counts_by_its_time() {
    let mut world = world();
    world.pass(Duration::from_secs(2));
    world.connect_with(2, &["a"], EVENTS);
    world.turn();
    let welcome = id_of(&world, 2, "welcome");
    speak(&mut world, 1..3);
    world.disconnect(2);
    speak(&mut world, 3..5);
    world.come_back(2, &["a"], welcome);
    world.turn();
    assert_eq!(replayed(&world, 2), numbers(1..5));
    assert_eq!(resume(&world, 2)["recovered"], true);
}

#[test]
fn a_time_before_this_server_began_or_still_to_come_promises_nothing() {
    for seconds in [-10, 10] {
        let mut world = world();
        let millis = world.now().unix_millis.saturating_add_signed(seconds * 1_000);
        let id = crate::ids::IdSource::new(3).next(millis);
        world.come_back(2, &["a"], id);
        world.turn();
        assert_eq!(resume(&world, 2)["recovered"], false, "{seconds}");
        assert_eq!(replayed(&world, 2), ["0"]);
    }
}

#[test]
fn more_than_a_room_keeps_is_told_to_be_missing() {
    let mut world = world_with(|kept| kept.size = 5);
    let last = id_of(&world, 1, "0");
    world.disconnect(1);
    // The last that was heard is the last that went: nothing is missing yet.
    speak(&mut world, 1..6);
    world.come_back(1, &["a"], last);
    world.turn();
    assert_eq!(replayed(&world, 1), numbers(1..6));
    assert_eq!(resume(&world, 1)["recovered"], true);
    world.disconnect(1);
    speak(&mut world, 6..7);
    world.come_back(1, &["a"], last);
    world.turn();
    assert_eq!(replayed(&world, 1), numbers(2..7));
    let event = resume(&world, 1);
    assert_eq!((&event["recovered"], &event["replayed"]), (&Value::from(false), &Value::from(5)));
    assert_eq!(event["oldest_id"], id_of(&world, 0, "2").to_string());
}

#[test]
fn a_calendar_that_was_ahead_when_the_id_was_made_hides_nothing_that_is_gone() {
    let mut world = world_with(|kept| kept.size = 3);
    world.pass(Duration::from_secs(2));
    world.calendar_set = 20;
    speak(&mut world, 1..2);
    let last = id_of(&world, 1, "1");
    world.disconnect(1);
    speak(&mut world, 2..6);
    world.calendar_set = 0;
    world.pass(Duration::from_millis(30));
    world.come_back(1, &["a"], last);
    world.turn();
    assert_eq!(replayed(&world, 1), numbers(3..6));
    assert_eq!(resume(&world, 1)["recovered"], false);
}

#[test]
fn a_calendar_that_is_set_back_promises_nothing_for_the_ids_before() {
    for said_behind in [0, 2] {
        let mut world = world();
        world.calendar_set = 10_000;
        speak(&mut world, 1..2);
        world.connect_with(2, &["a"], EVENTS);
        world.turn();
        let welcome = id_of(&world, 2, "welcome");
        world.disconnect(2);
        world.pass(Duration::from_secs(3));
        speak(&mut world, 2..4);
        world.pass(Duration::from_secs(12));
        // What came before the time in the id came after it was made.
        world.calendar_set = 0;
        speak(&mut world, 4..4 + said_behind);
        world.come_back(2, &["a"], welcome);
        world.turn();
        assert_eq!(resume(&world, 2)["recovered"], false);
        assert_eq!(replayed(&world, 2), numbers(0..4 + said_behind));
        // Later than all that the calendar said before, it is trusted again.
        speak(&mut world, 9..10);
        world.pass(Duration::from_secs(30));
        world.connect_with(3, &["a"], EVENTS);
        world.turn();
        let welcome = id_of(&world, 3, "welcome");
        world.disconnect(3);
        world.pass(Duration::from_secs(2));
        world.come_back(3, &["a"], welcome);
        world.turn();
        assert_eq!(resume(&world, 3)["recovered"], true);
    }
}

#[test]
fn what_is_too_old_goes_and_a_quiet_room_has_missed_nothing() {
    let mut world = world();
    let last = id_of(&world, 1, "0");
    world.disconnect(1);
    pass_a_minute(&mut world);
    assert_eq!(world.shard.kept().0, 0);
    world.come_back(1, &["a"], last);
    world.turn();
    assert_eq!(replayed(&world, 1), Vec::<String>::new());
    assert_eq!(resume(&world, 1)["recovered"], true);
    assert_eq!(resume(&world, 1)["oldest_id"], Value::Null);
    speak(&mut world, 1..2);
    world.disconnect(1);
    pass_a_minute(&mut world);
    world.come_back(1, &["a"], last);
    world.turn();
    assert_eq!(resume(&world, 1)["recovered"], false, "1 came and went meanwhile");
}

#[test]
fn a_shard_wakes_for_what_gets_too_old_and_for_nothing_after_that() {
    let mut world = world();
    world.disconnect(0);
    world.disconnect(1);
    world.turn();
    let mut wakes = 0;
    while let Some(due) = world.shard.poll_timeout(world.now().instant) {
        world.sockets.clock = due;
        world.shard.handle_timeout(world.now());
        wakes += 1;
        assert!(wakes < 10);
    }
    assert_eq!(world.shard.kept(), (0, 0), "nobody is there and nothing is kept");
}

#[test]
fn all_rooms_keep_to_their_bytes_and_the_oldest_message_goes_first() {
    let mut world = world_with(|kept| kept.bytes_max = 16 * 1024);
    world.connect(2, &["b"]);
    world.say(2, "b", "quiet");
    world.turn();
    let quiet = id_of(&world, 2, "quiet");
    for number in 1..200 {
        speak(&mut world, number..number + 1);
        assert!(world.shard.kept().1 <= 16 * 1024);
    }
    assert!(world.shard.kept().0 > 20);
    world.come_back(3, &["b"], quiet);
    world.turn();
    assert_eq!(replayed(&world, 3), Vec::<String>::new(), "the oldest room's went");
    assert_eq!(resume(&world, 3)["recovered"], true, "and it was the last of that room");
}

#[test]
fn a_replay_longer_than_a_ring_is_paced_by_the_socket_and_loses_nothing() {
    let mut world = world_with(|kept| kept.size = 2_000);
    let last = id_of(&world, 1, "0");
    world.disconnect(1);
    speak(&mut world, 1..1_500);
    world.come_back(1, &["a"], last);
    world.limit(1, 100);
    world.turn();
    let mut said = 1_500;
    while world.heard(1).last().is_none_or(|last| *last != "1599") {
        assert!(world.queued(1) <= crate::RING_SLOTS_MAX);
        if said < 1_600 {
            speak(&mut world, said..said + 1);
            said += 1;
        }
        world.unblock(1, 3_000);
        world.turn();
    }
    assert_eq!(replayed(&world, 1), numbers(1..1_600));
    assert_eq!(world.shard.counters().dropped.total(), 0);
    // From here on it is a member like any other.
    world.limit(1, usize::MAX);
    let writes = world.writes(1);
    speak(&mut world, 1_600..1_601);
    assert_eq!(world.writes(1), writes + 1);
}

#[test]
fn what_the_history_lets_go_of_before_it_was_read_is_a_gap_in_its_place() {
    let mut world = world_with(|kept| kept.size = 300);
    let last = id_of(&world, 1, "0");
    world.disconnect(1);
    speak(&mut world, 1..300);
    world.come_back(1, &["a"], last);
    world.limit(1, 0);
    world.turn();
    // A first portion waits in its ring; of the rest a hundred go.
    speak(&mut world, 300..600);
    world.unblock(1, usize::MAX);
    world.turn();
    let heard = replayed(&world, 1);
    let at = heard.iter().position(|label| label == "gap").expect("a gap is told");
    let gap = world.frames(1)[2 + at].json().clone();
    let missed = usize::try_from(gap["data"]["missed"].as_u64().expect("a count")).expect("small");
    assert_eq!(gap["room"], "a");
    assert_eq!(heard[..at], numbers(1..at + 1));
    assert_eq!(heard[at + 1..], numbers(at + 1 + missed..600));
    assert_eq!(at + 1 + missed, 300, "the room keeps 300 to 599");
    assert_eq!(world.shard.counters().dropped.total(), missed as u64);
}

#[test]
fn several_rooms_and_what_is_for_everybody_resume_together_in_the_order_of_their_coming() {
    let mut world = world();
    world.connect_with(2, &["a", "b"], EVENTS);
    world.say(0, "b", "b0");
    world.turn();
    let last = id_of(&world, 2, "b0");
    world.disconnect(2);
    for (room, text) in [("a", "a1"), ("b", "b1"), ("", "all"), ("c", "c1"), ("a", "a2")] {
        world.say(0, room, text);
        world.turn();
    }
    world.come_back(2, &["b", "a"], last);
    world.turn();
    assert_eq!(replayed(&world, 2), ["a1", "b1", "all", "a2"]);
    assert_eq!(resume(&world, 2)["recovered"], true);
}

#[test]
fn a_room_that_nobody_is_in_keeps_what_was_said() {
    let mut world = world();
    let last = id_of(&world, 1, "0");
    speak(&mut world, 1..2);
    world.disconnect(0);
    world.disconnect(1);
    world.turn();
    world.connect(3, &[]);
    world.say(3, "a", "nobody hears this");
    world.turn();
    world.come_back(1, &["a"], last);
    world.turn();
    assert_eq!(replayed(&world, 1), ["1", "nobody hears this"]);
    assert_eq!(resume(&world, 1)["recovered"], true);
}

#[test]
fn who_does_without_its_own_messages_is_spared_them_here_too() {
    let mut world = world();
    let last = id_of(&world, 1, "0");
    let options = MemberOptions { events: true, echo: false, ..PLAIN };
    world.connect_as(2, &["a"], options, Some(Identity::unlimited("a \"b\"")));
    world.say(2, "a", "my own");
    speak(&mut world, 1..2);
    world.disconnect(2);
    let connect = Connect {
        identity: Some(Box::new(Identity::unlimited("a \"b\""))),
        last_id: Some(last),
        ..connect(2, &["a"], options)
    };
    world.enter(connect);
    world.turn();
    assert_eq!(replayed(&world, 2), ["1"]);
    assert_eq!(resume(&world, 2)["replayed"], 1);
}

#[test]
fn rooms_are_left_and_joined_while_it_catches_up() {
    let mut world = world();
    world.connect_with(2, &["a", "b"], EVENTS);
    world.say(0, "b", "b0");
    world.turn();
    let last = id_of(&world, 2, "b0");
    world.disconnect(2);
    (1..200).for_each(|number| world.say(0, "a", &number.to_string()));
    world.say(0, "b", "b1");
    world.turn();
    world.come_back(2, &["a", "b"], last);
    world.limit(2, 0);
    world.turn();
    world.leave(2, "a");
    world.join(2, "c");
    world.say(0, "a", "unheard");
    world.say(0, "c", "c1");
    world.unblock(2, usize::MAX);
    world.turn();
    world.say(0, "c", "c2");
    world.turn();
    let heard = replayed(&world, 2);
    let of_a: Vec<String> =
        heard.iter().filter(|text| text.parse::<u32>().is_ok()).cloned().collect();
    assert_eq!(of_a, numbers(1..200), "what it was owed of the room that it left");
    let position = |label: &str| heard.iter().position(|other| other == label);
    assert!(position("199") < position("left"));
    assert!(position("b1").is_some() && position("b1") < position("c1"));
    assert!(position("joined") < position("c1") && position("c1") < position("c2"));
    assert_eq!(position("unheard"), None);
}

#[test]
fn who_is_closed_while_it_catches_up_hears_nothing_behind_that() {
    let mut world = world();
    let last = id_of(&world, 1, "0");
    world.disconnect(1);
    speak(&mut world, 1..250);
    world.come_back(1, &["a"], last);
    world.shard.handle_close(MemberId(1), stentor_wire::close::CloseCode::GoingAway);
    world.turn();
    assert_eq!(world.heard(1), ["welcome", "resume", "close 1001"]);
    assert_eq!(world.finished, [MemberId(1)]);
}

#[test]
fn nothing_is_kept_where_nothing_is_to_be_kept() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    speak(&mut world, 0..3);
    assert_eq!(world.shard.kept(), (0, 0));
    world.come_back(1, &["a"], id_of(&world, 0, "0"));
    world.turn();
    assert_eq!(replayed(&world, 1), Vec::<String>::new());
    assert_eq!(resume(&world, 1)["recovered"], false);
}

/// A pod that shares its rooms, in which room `a` and everybody are heard since four seconds.
fn shared_world() -> World {
    shared_world_with(|_| ())
}

fn shared_world_with(change: impl FnOnce(&mut HistoryConfig)) -> World {
    let mut world = world_with(|kept| {
        kept.is_shared = true;
        change(kept);
    });
    world.shard.handle_audience_heard(world.now(), None);
    world.shard.handle_audience_heard(world.now(), Some(&name("a")));
    world.pass(Duration::from_secs(4));
    speak(&mut world, 1..2);
    world.pass(Duration::from_secs(2));
    speak(&mut world, 2..4);
    world
}

#[test]
fn where_pods_share_a_room_the_replay_begins_a_second_early() {
    let mut world = shared_world();
    world.disconnect(1);
    world.come_back(1, &["a"], id_of(&world, 0, "3"));
    world.turn();
    assert_eq!(replayed(&world, 1), ["2"]);
    assert_eq!(resume(&world, 1)["recovered"], true);
}

#[test]
fn a_room_promises_nothing_for_the_time_in_which_other_pods_were_not_heard() {
    let interruptions: [fn(&mut World); 5] = [
        |world| world.shard.handle_pods_unheard(),
        |world| {
            world.shard.handle_pods_unheard();
            world.shard.handle_audience_heard(world.now(), None);
            world.shard.handle_audience_heard(world.now(), Some(&name("a")));
        },
        |world| world.shard.handle_gap(world.now(), Some(&name("a")), Some(1)),
        |world| world.shard.handle_gap(world.now(), None, None),
        |world| world.shard.handle_lag(world.now()),
    ];
    for (index, interrupt) in interruptions.into_iter().enumerate() {
        let mut world = shared_world();
        let last = id_of(&world, 0, "3");
        interrupt(&mut world);
        world.come_back(2, &["a"], last);
        world.turn();
        assert_eq!(resume(&world, 2)["recovered"], false, "{index}");
        assert_eq!(replayed(&world, 2), numbers(0..4), "{index}");
    }
}

#[test]
fn a_message_that_was_long_on_its_way_from_another_pod_promises_nothing() {
    let mut world = shared_world();
    let id = made(&world, Duration::ZERO);
    // Its stamp is of the year 2026, and it comes as if it had lain somewhere since.
    world.pass(Duration::from_secs(1));
    world.deliver("a", "late", Some(id));
    world.turn();
    world.come_back(2, &["a"], id);
    world.turn();
    assert_eq!(resume(&world, 2)["recovered"], false);
}

#[test]
fn a_message_that_was_long_on_its_way_promises_nothing_when_it_is_gone_either() {
    // 1. A message was said on a pod that was not heard, and came here long after.
    // 2. The next one takes its place in the history; of the first one its id is remembered.
    // 3. A client that heard it when it was said comes back, to this pod.
    let mut world = shared_world_with(|kept| kept.size = 1);
    let id = made(&world, Duration::ZERO);
    world.pass(Duration::from_secs(2));
    world.deliver("a", "late", Some(id));
    speak(&mut world, 4..5);
    world.come_back(2, &["a"], id);
    world.turn();
    assert_eq!(resume(&world, 2)["recovered"], false);
}

#[test]
fn a_message_that_was_said_before_on_a_pod_that_was_not_heard_promises_nothing() {
    // 1. Pods do not hear each other. A message is said on another pod, and a client that is there
    //    hears it and goes.
    // 2. Its sender comes to this pod and says it again: here it is new, and has a stamp of now.
    // 3. The pods hear each other again, and the first one comes, late.
    // 4. The client comes back, to this pod: what was said here between 1 and 2 it has not heard.
    let mut world = shared_world();
    let id = made(&world, Duration::ZERO);
    world.say_as(0, "a", "again", Some(id));
    world.turn();
    world.pass(Duration::from_millis(400));
    world.deliver("a", "again", Some(id));
    world.come_back(2, &["a"], id);
    world.turn();
    assert_eq!(resume(&world, 2)["recovered"], false);
}

#[test]
fn a_message_that_two_shards_took_at_once_promises_nothing_and_is_not_on_its_way_for_ever() {
    // 1. Something is said on another shard, and a client that is there hears it and goes. To this
    //    shard it is on its way.
    // 2. `1` is said here, and then the same message again: its sender has come here.
    // 3. The first one comes and is dropped.
    // 4. The client comes back, to this shard: `1` it has not heard.
    let traffic = Arc::new(Traffic::new(2));
    let mut world = world_with(|kept| kept.traffic = Arc::clone(&traffic));
    let (id, room) = (made(&world, Duration::ZERO), Some(name("a")));
    let passage = traffic.begin(world.now().instant, 1, 0);
    speak(&mut world, 1..2);
    world.say_as(0, "a", "again", Some(id));
    let frame = sockets::chat_frame("a", "again", Some(id));
    let first = Delivery { room, frame, chosen_id: Some(id), passage };
    world.shard.handle_delivery(world.now(), &first);
    world.turn();
    world.come_back(2, &["a"], id);
    world.turn();
    assert_eq!(resume(&world, 2)["recovered"], false);
    // The other shard takes and flushes what was said here, `0` before all that too.
    traffic.end(4);
    assert!(traffic.begin(world.now().instant, 1, 0).is_quiet());
}

/// An id that a client made so long ago.
fn made(world: &World, ago: Duration) -> Uuid {
    let millis = world.now().unix_millis - u64::try_from(ago.as_millis()).unwrap();
    Builder::from_unix_timestamp_millis(millis, &[9; 10]).into_uuid()
}

#[test]
fn messages_of_rooms_that_are_not_heard_are_not_kept_where_pods_share_them() {
    let mut world = shared_world();
    let kept = world.shard.kept().0;
    world.say(0, "elsewhere", "x");
    world.turn();
    assert_eq!(world.shard.kept().0, kept);
    world.shard.handle_audience_heard(world.now(), Some(&name("elsewhere")));
    world.say(0, "elsewhere", "x");
    assert_eq!(world.shard.kept().0, kept + 1);
    world.shard.handle_audience_unheard(Some(&name("elsewhere")));
    world.pass(Duration::from_secs(62));
    assert_eq!(world.shard.kept().0, 0);
    assert!(!world.shard.minds_room(&name("elsewhere")));
}

#[test]
fn who_is_cut_off_behind_a_gap_is_told_again_what_waited_behind_that() {
    // 1. A socket is full for long; its ring drops the oldest, and the rest waits.
    // 2. It reads the announcement of the gap, which is made now, and the connection ends.
    // 3. It resumes behind that: the messages of the ring are older, and it has not had them.
    let mut world = world_with(|kept| kept.size = 2_000);
    world.limit(1, 0);
    speak(&mut world, 1..300);
    world.pass(Duration::from_secs(20));
    world.unblock(1, usize::MAX);
    world.turn();
    let gap = id_of(&world, 1, "gap");
    let heard = world.heard(1);
    let behind: Vec<String> =
        heard.iter().skip_while(|label| *label != "gap").skip(1).cloned().collect();
    assert_eq!(behind.len(), crate::RING_SLOTS_MAX);
    world.disconnect(1);
    world.come_back(1, &["a"], gap);
    world.turn();
    assert_eq!(resume(&world, 1)["recovered"], true);
    assert!(replayed(&world, 1).ends_with(&behind));
}
