//! What comes twice, too late, or altered.

use super::*;

#[test]
fn twice_on_one_connection_is_doubled_even_in_a_replay() {
    let mut scene = Scene::new();
    scene.say(1..=3);
    scene.hear(&[1]);
    scene.come_back(true, 3);
    scene.hear(&[2, 2, 3]);

    scene.assert_broken(Promise::Once, 1);
}

#[test]
fn a_replay_may_repeat_and_live_may_not() {
    let mut replayed = Scene::new();
    replayed.say(1..=2);
    replayed.hear(&[1, 2]);
    replayed.come_back(true, 2);
    replayed.hear(&[1, 2]);
    assert_eq!(replayed.assert_kept().on(Promise::Once).announced, 2);

    let mut live = Scene::new();
    live.say(1..=2);
    live.hear(&[1, 2]);
    live.come_back(true, 1);
    live.hear(&[1, 2]);
    live.assert_broken(Promise::Once, 1);
}

#[test]
fn what_was_sent_again_may_come_again_from_another_process_only() {
    for (home, broken) in [(0, 1), (7, 0)] {
        let mut scene = Scene::new();
        scene.send(1..=1);
        scene.hear(&[1]);
        scene.end();
        scene.open(home, true);
        scene.oracle.handle_resume(LISTENER, false, 0);
        scene.send(1..=1);
        scene.hear(&[1]);

        scene.assert_broken(Promise::Once, broken);
    }
}

#[test]
fn what_came_again_on_one_connection_is_doubled_whoever_sent_it_again() {
    let mut scene = Scene::new();
    scene.send(1..=1);
    scene.hear(&[1]);
    scene.send(1..=1);
    scene.hear(&[1]);

    scene.assert_broken(Promise::Once, 1);
}

#[test]
fn a_late_message_breaks_the_order_and_is_not_lost() {
    let mut scene = Scene::new();
    scene.say(1..=3);
    scene.hear(&[1, 3, 2]);

    scene.assert_broken(Promise::Ordered, 1);
}

#[test]
fn order_holds_over_replay_and_live() {
    let mut scene = Scene::new();
    scene.say(1..=4);
    scene.hear(&[1]);
    scene.come_back(true, 2);
    scene.hear(&[3, 2, 4]);

    scene.assert_broken(Promise::Ordered, 1);
}

#[test]
fn a_message_of_another_room_or_with_another_id_is_altered() {
    let crew = Crew { rooms: 2, members: 2, talkers: 1 };
    for (talker, intact) in [(1, true), (0, false)] {
        let mut scene = Scene::of(crew);
        let id = MessageId { talker, sequence: 1 };
        scene.oracle.handle_sent(id, Moment(5));
        scene.oracle.handle_delivery(LISTENER, id, intact, Moment(6));

        scene.assert_broken(Promise::Unaltered, 1);
    }
}

#[test]
fn a_message_that_nobody_sent_is_altered() {
    let mut scene = Scene::new();
    scene.hear(&[4]);

    scene.assert_broken(Promise::Unaltered, 1);
}
