//! Clients that drop what they have had: nothing may come to them twice, whatever is replayed.

use super::*;

fn scene() -> Scene {
    let crew = Crew { rooms: 1, members: 2, talkers: 1 };
    let oracle = Oracle::of_clients_that_hear_once(crew, SETTLE);
    let mut scene = Scene { oracle, now: 0 };
    scene.open(0, false);
    scene
}

#[test]
fn a_repeat_in_a_replay_is_a_fault() {
    let mut scene = scene();
    scene.say(1..=2);
    scene.hear(&[1, 2]);
    scene.come_back(true, 2);
    scene.hear(&[2]);

    scene.assert_broken(Promise::Once, 1);
}

#[test]
fn a_repeat_from_another_process_after_a_resend_is_a_fault() {
    let mut scene = scene();
    scene.send(1..=1);
    scene.hear(&[1]);
    scene.end();
    scene.open(7, true);
    scene.oracle.handle_resume(LISTENER, true, 0);
    scene.send(1..=1);
    scene.hear(&[1]);

    scene.assert_broken(Promise::Once, 1);
}

#[test]
fn what_comes_late_over_a_resume_that_recovered_everything_is_out_of_order() {
    for (recovered, broken) in [(true, 1), (false, 0)] {
        let mut scene = scene();
        scene.say(1..=4);
        scene.hear(&[1, 3]);
        scene.come_back(recovered, 2);
        scene.hear(&[2, 4]);

        scene.assert_broken(Promise::Ordered, broken);
    }
}

#[test]
fn what_was_told_of_is_missing_all_the_same() {
    let mut scene = scene();
    scene.say(1..=5);
    scene.hear(&[1]);
    scene.gap(1, 2, 2);
    scene.hear(&[3]);
    scene.come_back(false, 0);
    scene.hear(&[5]);

    // Both of the listener's, and all of the talker's own, who is not connected.
    assert_eq!(scene.oracle.missing(), 2 + 5);
    scene.assert_kept();
}

#[test]
fn what_nobody_acknowledged_is_not_missing() {
    let mut scene = scene();
    scene.send(1..=2);
    scene.hear(&[1]);

    assert_eq!(scene.oracle.missing(), 0);
}

#[test]
fn a_gap_that_nobody_counted_announces_and_is_not_held_to_a_number() {
    let mut scene = scene();
    scene.say(1..=3);
    scene.hear(&[1]);
    scene.oracle.handle_gap(LISTENER, None, [None, None], Moment(500));
    scene.hear(&[3]);

    let findings = scene.assert_kept();

    assert_eq!(findings.on(Promise::GapExact).word(), "not tried");
    assert_eq!(findings.on(Promise::Unbroken).announced, 1);
}
