use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

use super::{
    AUDIT_INTERVAL, Answer, CHANNELS_PER_COMMAND_MAX, COMMAND_TIMEOUT, COMMANDS_MAX, Command,
    CommandKind, LINGER, PAUSE, Subscriptions,
};
use crate::channel::Audience;
use crate::inbox::Arrival;
use crate::waiters::{Release, WAIT_MAX, WaiterId};

const START: Instant = Instant::from_micros(1_000_000);
const A_LITTLE: Duration = Duration::from_micros(1);

fn room(number: usize) -> RoomName {
    RoomName::parse(&format!("room {number}")).unwrap()
}

fn commands(subscriptions: &mut Subscriptions, now: Instant) -> Vec<Command> {
    std::iter::from_fn(|| subscriptions.poll_command(now)).collect()
}

/// Answers every command, and those that follow, with a yes.
fn confirm_all(subscriptions: &mut Subscriptions, now: Instant) -> Vec<Command> {
    let mut all = Vec::new();
    while let Some(command) = subscriptions.poll_command(now) {
        subscriptions.handle_answer(now, command.id, Answer::Confirmed);
        all.push(command);
    }
    all
}

fn up() -> Subscriptions {
    let mut subscriptions = Subscriptions::default();
    subscriptions.handle_link_up(START);
    confirm_all(&mut subscriptions, START);
    subscriptions
}

fn tellings(subscriptions: &mut Subscriptions) -> Vec<Arrival> {
    std::iter::from_fn(|| subscriptions.poll_telling()).collect()
}

#[test]
fn everybody_is_heard_always_and_first() {
    let mut subscriptions = Subscriptions::default();
    (0..300).for_each(|number| subscriptions.handle_wanted(&room(number)));
    assert!(commands(&mut subscriptions, START).is_empty(), "the link is down");
    subscriptions.handle_link_up(START);
    let commands = confirm_all(&mut subscriptions, START);
    assert_eq!(commands[0].audiences[0], None);
    let counts: Vec<usize> = commands.iter().map(|command| command.audiences.len()).collect();
    assert_eq!(counts, [CHANNELS_PER_COMMAND_MAX, CHANNELS_PER_COMMAND_MAX, 45]);
}

#[test]
fn commands_under_way_are_bounded() {
    let mut subscriptions = up();
    let rooms = CHANNELS_PER_COMMAND_MAX * (COMMANDS_MAX + 2);
    (0..rooms).for_each(|number| subscriptions.handle_wanted(&room(number)));
    let first = commands(&mut subscriptions, START);
    assert_eq!(first.len(), COMMANDS_MAX);
    subscriptions.handle_answer(START, first[0].id, Answer::Confirmed);
    assert_eq!(commands(&mut subscriptions, START).len(), 1);
}

#[test]
fn a_room_lingers_and_is_then_left() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    subscriptions.handle_unwanted(START, &room(1));
    assert_eq!(subscriptions.poll_timeout(), Some(START + AUDIT_INTERVAL));
    subscriptions.handle_timeout(START + AUDIT_INTERVAL);
    confirm_all(&mut subscriptions, START + AUDIT_INTERVAL);
    assert!(subscriptions.is_heard(&Some(room(1))));

    subscriptions.handle_timeout(START + LINGER);
    let left = confirm_all(&mut subscriptions, START + LINGER);
    assert_eq!(left.len(), 1);
    assert_eq!(
        (left[0].kind, &left[0].audiences[..]),
        (CommandKind::Unsubscribe, &[Some(room(1))][..])
    );
    assert_eq!(subscriptions.counters().desired, 1);
}

#[test]
fn who_comes_back_in_time_costs_redis_nothing() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    for second in 0..100 {
        let now = START + Duration::from_millis(100 * second);
        subscriptions.handle_unwanted(now, &room(1));
        subscriptions.handle_wanted(&room(1));
        assert!(subscriptions.lingering.len() <= 1);
    }
    subscriptions.handle_timeout(START + LINGER);
    assert!(
        commands(&mut subscriptions, START + LINGER)
            .iter()
            .all(|command| command.kind == CommandKind::Subscribe),
        "only the audit asks for something"
    );
}

#[test]
fn a_room_that_two_shards_want_is_left_after_both() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    subscriptions.handle_wanted(&room(1));
    subscriptions.handle_unwanted(START, &room(1));
    assert!(subscriptions.lingering.is_empty());
    subscriptions.handle_unwanted(START, &room(1));
    assert_eq!(subscriptions.lingering.len(), 1);
}

#[test]
fn a_room_wanted_while_it_is_left_is_subscribed_after_that() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    subscriptions.handle_unwanted(START, &room(1));
    let later = START + LINGER + AUDIT_INTERVAL;
    subscriptions.handle_timeout(START + LINGER);
    confirm_all_but_leaving(&mut subscriptions, later);
    let left = subscriptions.poll_command(later).unwrap();
    assert_eq!(left.kind, CommandKind::Unsubscribe);
    subscriptions.handle_wanted(&room(1));
    subscriptions.handle_wait(later, WaiterId(1), &[room(1)]);
    assert_eq!(subscriptions.poll_released(), None);
    assert!(commands(&mut subscriptions, later).is_empty(), "one command at a time");
    subscriptions.handle_answer(later, left.id, Answer::Confirmed);
    let again = confirm_all(&mut subscriptions, later);
    assert_eq!(again[0].kind, CommandKind::Subscribe);
    assert_eq!(subscriptions.poll_released(), Some((WaiterId(1), Release::Confirmed)));
}

/// Answers what the audit asked for.
fn confirm_all_but_leaving(subscriptions: &mut Subscriptions, now: Instant) {
    while !subscriptions.to_subscribe.is_empty() {
        let command = subscriptions.poll_command(now).unwrap();
        subscriptions.handle_answer(now, command.id, Answer::Confirmed);
    }
    subscriptions.handle_timeout(now);
    while !subscriptions.to_subscribe.is_empty() {
        let command = subscriptions.poll_command(now).unwrap();
        subscriptions.handle_answer(now, command.id, Answer::Confirmed);
    }
}

#[test]
fn joining_is_complete_when_the_rooms_are_heard() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    subscriptions.handle_wait(START, WaiterId(1), &[room(1), room(1)]);
    let command = subscriptions.poll_command(START).unwrap();
    assert_eq!(subscriptions.poll_released(), None);
    subscriptions.handle_answer(START, command.id, Answer::Confirmed);
    assert_eq!(subscriptions.poll_released(), Some((WaiterId(1), Release::Confirmed)));
    subscriptions.handle_wait(START, WaiterId(2), &[room(1)]);
    assert_eq!(subscriptions.poll_released(), Some((WaiterId(2), Release::Confirmed)));
}

#[test]
fn who_is_let_into_rooms_that_are_not_heard_yet_is_owed_what_is_said_there() {
    let mut subscriptions = up();
    for number in 1..4 {
        subscriptions.handle_wanted(&room(number));
    }
    // Of the first the answer comes in time; the command for the third has not even gone out.
    subscriptions.handle_wait(START, WaiterId(1), &[room(1), room(2)]);
    subscriptions.handle_wait(START, WaiterId(2), &[room(2), room(3)]);
    subscriptions.waiters.handle_confirmed(&room(1));
    subscriptions.handle_timeout(START + WAIT_MAX);
    let unheard: Vec<_> = std::iter::from_fn(|| subscriptions.poll_let_in_unheard()).collect();
    assert_eq!(unheard, [Some(room(2)), Some(room(3))]);
}

#[test]
fn joining_does_not_wait_for_a_link_that_is_down() {
    let mut subscriptions = Subscriptions::default();
    subscriptions.handle_wanted(&room(1));
    subscriptions.handle_wait(START, WaiterId(1), &[room(1)]);
    assert_eq!(subscriptions.poll_released(), Some((WaiterId(1), Release::LinkDown)));

    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    subscriptions.handle_wait(START, WaiterId(2), &[room(1)]);
    subscriptions.handle_link_down();
    assert_eq!(subscriptions.poll_released(), Some((WaiterId(2), Release::LinkDown)));
}

#[test]
fn a_new_link_starts_from_nothing_and_old_answers_say_nothing() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    let old = subscriptions.poll_command(START).unwrap();
    subscriptions.handle_link_down();
    assert_eq!(subscriptions.counters().confirmed, 0);
    subscriptions.handle_link_up(START);
    subscriptions.handle_answer(START, old.id, Answer::Confirmed);
    assert_eq!(subscriptions.counters().confirmed, 0);
    confirm_all(&mut subscriptions, START);
    assert_eq!(subscriptions.counters().confirmed, 2);
}

#[test]
fn what_fails_is_asked_again() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    let first = subscriptions.poll_command(START).unwrap();
    subscriptions.handle_timeout(START + COMMAND_TIMEOUT);
    assert_eq!(subscriptions.poll_command(START + COMMAND_TIMEOUT), None);
    let again = subscriptions.poll_command(START + COMMAND_TIMEOUT + PAUSE).unwrap();
    assert_eq!(again.audiences, first.audiences);
    assert_ne!(again.id, first.id);
}

#[test]
fn one_forbidden_channel_does_not_keep_the_others_out() {
    let mut subscriptions = up();
    (0..5).for_each(|number| subscriptions.handle_wanted(&room(number)));
    let mut now = START;
    let mut commands = 0;
    while let Some(command) = subscriptions.poll_command(now) {
        let forbidden = command.audiences.contains(&Some(room(3)));
        let answer = if forbidden { Answer::Refused } else { Answer::Confirmed };
        subscriptions.handle_answer(now, command.id, answer);
        now = now + PAUSE;
        commands += 1;
    }
    assert_eq!(commands, 6, "all together, and then each alone");
    assert_eq!(subscriptions.counters().confirmed, 5);
    subscriptions.handle_timeout(START + AUDIT_INTERVAL);
    confirm_all(&mut subscriptions, START + AUDIT_INTERVAL);
    assert!(subscriptions.is_heard(&Some(room(3))), "the audit tries again");
}

#[test]
fn channels_with_answers_of_their_own_do_not_share_a_fate() {
    let mut subscriptions = up();
    (0..4).for_each(|number| subscriptions.handle_wanted(&room(number)));
    let command = subscriptions.poll_command(START).unwrap();
    let answers = [Answer::Confirmed, Answer::Refused, Answer::Away, Answer::Failed];
    subscriptions.handle_answers(START, command.id, &answers);
    let counters = subscriptions.counters();
    assert_eq!((counters.confirmed, counters.forbidden, counters.away), (2, 1, 1));

    let again = commands(&mut subscriptions, START + PAUSE);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].audiences, [Some(room(3))], "only what failed is asked again at once");
    subscriptions.handle_answer(START + PAUSE, again[0].id, Answer::Confirmed);
    subscriptions.handle_timeout(START + AUDIT_INTERVAL);
    confirm_all(&mut subscriptions, START + AUDIT_INTERVAL);
    assert_eq!(subscriptions.counters().confirmed, 5, "the audit asks for all");
}

#[test]
fn what_redis_has_ended_is_subscribed_again() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    subscriptions.handle_ended(&Some(room(1)));
    subscriptions.handle_ended(&Some(room(2)));
    assert!(!subscriptions.is_heard(&Some(room(1))));
    let again = confirm_all(&mut subscriptions, START);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].audiences, [Some(room(1))]);
}

#[test]
fn the_audit_subscribes_again_without_a_moment_of_silence() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    subscriptions.handle_timeout(START + AUDIT_INTERVAL);
    assert!(subscriptions.is_heard(&Some(room(1))));
    let audit = commands(&mut subscriptions, START + AUDIT_INTERVAL);
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].audiences.len(), 2);
}

proptest! {
    /// Whatever happens: once Redis answers everything, the channels that a model of Redis has are
    /// those of the rooms that are wanted, and `global`.
    #[test]
    fn in_the_end_redis_has_what_is_wanted(
        steps in proptest::collection::vec((0_u8..10, 0_usize..5, 0_u64..20_000), 0..120),
    ) {
        let mut subscriptions = Subscriptions::default();
        let mut told: HashSet<Audience> = HashSet::new();
        let mut redis: HashSet<Audience> = HashSet::new();
        let mut wanted = [0_u32; 5];
        let mut open: Vec<Command> = Vec::new();
        let mut now = START;
        for (step, number, millis) in steps {
            now = now + Duration::from_millis(millis);
            match step {
                0 | 1 => {
                    wanted[number] += 1;
                    subscriptions.handle_wanted(&room(number));
                }
                2 | 3 if wanted[number] > 0 => {
                    wanted[number] -= 1;
                    subscriptions.handle_unwanted(now, &room(number));
                }
                4 => {
                    subscriptions.handle_link_down();
                    redis.clear();
                    open.clear();
                    subscriptions.handle_link_up(now);
                }
                5 => open.extend(subscriptions.poll_command(now)),
                6 if !open.is_empty() => answer(&mut subscriptions, &mut redis, open.remove(0), now),
                7 if !open.is_empty() => {
                    let command = open.remove(0);
                    subscriptions.handle_answer(now, command.id, Answer::Failed);
                }
                8 => {
                    let ended = redis.iter().min_by_key(|one| **one == Some(room(number))).cloned();
                    if let Some(ended) = ended {
                        redis.remove(&ended);
                        subscriptions.handle_ended(&ended);
                    }
                }
                _ => subscriptions.handle_timeout(now),
            }
            take_tellings(&mut subscriptions, &mut told);
            prop_assert!(told.is_subset(&redis), "told {told:?}, redis {redis:?}");
            prop_assert!(subscriptions.confirmed().all(|audience| told.contains(audience)));
        }
        subscriptions.handle_link_down();
        subscriptions.handle_link_up(now);
        redis.clear();
        for _ in 0..4 {
            now = now + LINGER + A_LITTLE;
            subscriptions.handle_timeout(now);
            while let Some(command) = subscriptions.poll_command(now) {
                answer(&mut subscriptions, &mut redis, command, now);
            }
        }
        take_tellings(&mut subscriptions, &mut told);
        let mut expected: HashSet<Audience> =
            (0..5).filter(|number| wanted[*number] > 0).map(|number| Some(room(number))).collect();
        expected.insert(None);
        prop_assert_eq!(&redis, &expected);
        prop_assert_eq!(&told, &expected);
        let confirmed: HashSet<Audience> = subscriptions.confirmed().cloned().collect();
        prop_assert_eq!(confirmed, expected);
        prop_assert!(subscriptions.lingering.is_empty() && subscriptions.under_way.is_empty());
    }
}

/// What shards believe; nothing is told twice.
fn take_tellings(subscriptions: &mut Subscriptions, told: &mut HashSet<Audience>) {
    for telling in tellings(subscriptions) {
        match telling {
            Arrival::Heard(audience) => assert!(told.insert(audience)),
            Arrival::Lost(audience) | Arrival::Left(audience) => assert!(told.remove(&audience)),
            Arrival::Unheard => told.clear(),
            other => panic!("{other:?}"),
        }
    }
}

fn answer(
    subscriptions: &mut Subscriptions,
    redis: &mut HashSet<Audience>,
    command: Command,
    now: Instant,
) {
    match command.kind {
        CommandKind::Subscribe => redis.extend(command.audiences),
        CommandKind::Unsubscribe => {
            redis.retain(|audience| !command.audiences.contains(audience));
        }
    }
    subscriptions.handle_answer(now, command.id, Answer::Confirmed);
}

#[test]
fn a_channel_that_was_lost_with_its_members_is_interrupted_until_it_is_confirmed() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    assert!(!subscriptions.is_interrupted(&Some(room(1))), "nobody has been let in");
    confirm_all(&mut subscriptions, START);
    subscriptions.handle_link_down();
    subscriptions.handle_wanted(&room(2));
    subscriptions.handle_link_up(START);
    subscriptions.handle_wanted(&room(3));
    let interrupted =
        [None, Some(room(1)), Some(room(2))].map(|one| subscriptions.is_interrupted(&one));
    assert_eq!(interrupted, [true; 3]);
    assert!(!subscriptions.is_interrupted(&Some(room(3))));
    confirm_all(&mut subscriptions, START);
    assert!(!subscriptions.is_interrupted(&None) && !subscriptions.is_interrupted(&Some(room(2))));
    subscriptions.handle_ended(&Some(room(1)));
    assert!(subscriptions.is_interrupted(&Some(room(1))));
}

#[test]
fn shards_are_told_once_what_is_heard_and_when_all_of_it_may_be_lost() {
    let mut subscriptions = up();
    assert_eq!(tellings(&mut subscriptions), [Arrival::Heard(None)]);
    subscriptions.handle_wanted(&room(1));
    assert!(tellings(&mut subscriptions).is_empty(), "not before Redis says so");
    confirm_all(&mut subscriptions, START);
    assert_eq!(tellings(&mut subscriptions), [Arrival::Heard(Some(room(1)))]);
    subscriptions.handle_timeout(START + AUDIT_INTERVAL);
    confirm_all(&mut subscriptions, START + AUDIT_INTERVAL);
    assert!(tellings(&mut subscriptions).is_empty(), "the audit changes nothing");
    subscriptions.handle_link_down();
    subscriptions.handle_link_down();
    assert_eq!(tellings(&mut subscriptions), [Arrival::Unheard]);
    subscriptions.handle_link_up(START + AUDIT_INTERVAL);
    confirm_all(&mut subscriptions, START + AUDIT_INTERVAL);
    let again = [Arrival::Heard(None), Arrival::Heard(Some(room(1)))];
    assert_eq!(tellings(&mut subscriptions), again);
}

#[test]
fn one_channel_that_is_lost_or_left_is_told_by_its_name() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    tellings(&mut subscriptions);
    subscriptions.handle_ended(&Some(room(1)));
    assert_eq!(tellings(&mut subscriptions), [Arrival::Lost(Some(room(1)))]);
    confirm_all(&mut subscriptions, START);
    assert_eq!(tellings(&mut subscriptions), [Arrival::Heard(Some(room(1)))]);
    subscriptions.handle_unwanted(START, &room(1));
    subscriptions.handle_timeout(START + LINGER);
    confirm_all(&mut subscriptions, START + LINGER);
    assert_eq!(tellings(&mut subscriptions), [Arrival::Left(Some(room(1)))]);
}

#[test]
fn a_renewal_without_an_answer_is_a_loss_until_it_is_confirmed() {
    let mut subscriptions = up();
    tellings(&mut subscriptions);
    subscriptions.handle_timeout(START + AUDIT_INTERVAL);
    assert_eq!(commands(&mut subscriptions, START + AUDIT_INTERVAL).len(), 1);
    let late = START + AUDIT_INTERVAL + COMMAND_TIMEOUT;
    subscriptions.handle_timeout(late);
    assert_eq!(tellings(&mut subscriptions), [Arrival::Lost(None)]);
    confirm_all(&mut subscriptions, late + PAUSE);
    assert_eq!(tellings(&mut subscriptions), [Arrival::Heard(None)]);
}

#[test]
fn a_room_that_redis_ends_while_it_is_being_left_is_not_taken_for_heard() {
    let mut subscriptions = up();
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    subscriptions.handle_unwanted(START, &room(1));
    subscriptions.handle_timeout(START + LINGER);
    subscriptions.handle_ended(&Some(room(1)));
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START + LINGER);
    assert!(!subscriptions.is_heard(&Some(room(1))));
    assert_eq!(subscriptions.poll_timeout(), Some(START), "it stands in the queue");
    let asked = commands(&mut subscriptions, START + LINGER);
    assert_eq!(asked[0].audiences, [Some(room(1))]);
    subscriptions.handle_answer(START + LINGER, asked[0].id, Answer::Confirmed);
    assert!(subscriptions.is_heard(&Some(room(1))));
}

#[test]
fn how_long_a_room_lingers_is_set() {
    let mut subscriptions = Subscriptions::new(LINGER * 4);
    subscriptions.handle_link_up(START);
    subscriptions.handle_wanted(&room(1));
    confirm_all(&mut subscriptions, START);
    subscriptions.handle_unwanted(START, &room(1));
    subscriptions.handle_timeout(START + LINGER * 3);
    confirm_all(&mut subscriptions, START + LINGER * 3);
    assert!(subscriptions.is_heard(&Some(room(1))));
    subscriptions.handle_timeout(START + LINGER * 4);
    confirm_all(&mut subscriptions, START + LINGER * 4);
    assert!(!subscriptions.is_heard(&Some(room(1))));
}
