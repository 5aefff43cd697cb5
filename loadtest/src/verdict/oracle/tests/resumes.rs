//! Who comes back with a `last_id`, and what the answer is worth.

use super::*;

#[test]
fn a_hole_after_recovered_true_is_a_false_claim() {
    let mut scene = Scene::new();
    scene.say(1..=4);
    scene.hear(&[1]);
    scene.come_back(true, 2);
    scene.hear(&[3, 4]);

    let finding = scene.assert_broken(Promise::Recovered, 1);

    assert_eq!(finding.judged, 1);
}

#[test]
fn a_replay_that_brings_everything_passes() {
    let mut scene = Scene::new();
    scene.say(1..=4);
    scene.hear(&[1]);
    scene.come_back(true, 2);
    scene.hear(&[2, 3, 4]);

    let findings = scene.assert_kept();

    assert_eq!(findings.on(Promise::Recovered).judged, 1);
    assert_eq!(findings.on(Promise::Answered).judged, 1);
}

#[test]
fn an_empty_replay_that_claims_all_was_there_is_found_at_the_end_too() {
    let mut scene = Scene::new();
    scene.say(1..=3);
    scene.hear(&[1]);
    scene.come_back(true, 0);
    scene.wait();

    scene.assert_broken(Promise::Acknowledged, 2);
}

#[test]
fn recovered_false_announces_the_hole() {
    let mut scene = Scene::new();
    scene.say(1..=4);
    scene.hear(&[1]);
    scene.wait();
    scene.come_back(false, 0);
    scene.hear(&[4]);

    let findings = scene.assert_kept();

    assert_eq!(findings.on(Promise::Recovered).announced, 1);
    assert_eq!(findings.on(Promise::Unbroken).announced, 2);
}

#[test]
fn an_announcement_that_nobody_heard_anything_after_is_superseded() {
    let mut scene = Scene::new();
    scene.say(1..=4);
    scene.hear(&[1]);
    scene.come_back(false, 0);
    scene.come_back(true, 0);
    scene.hear(&[4]);

    scene.assert_broken(Promise::Recovered, 2);
}

#[test]
fn recovered_false_excuses_no_loss_within_its_own_connection() {
    let mut scene = Scene::new();
    scene.say(1..=1);
    scene.hear(&[1]);
    scene.come_back(false, 0);
    scene.say(2..=4);
    scene.hear(&[2, 4]);

    scene.assert_broken(Promise::Unbroken, 1);
}

#[test]
fn a_last_id_without_an_answer_is_silent() {
    let mut scene = Scene::new();
    scene.say(1..=2);
    scene.hear(&[1, 2]);
    scene.end();
    scene.open(0, true);
    scene.say(3..=3);
    scene.hear(&[3]);

    scene.assert_broken(Promise::Answered, 1);
}

#[test]
fn a_connection_that_broke_at_once_owes_no_answer() {
    let mut scene = Scene::new();
    scene.say(1..=1);
    scene.hear(&[1]);
    scene.end();
    scene.open(0, true);
    scene.end();

    scene.assert_kept();
}

#[test]
fn a_message_before_the_answer_is_a_fault() {
    let mut scene = Scene::new();
    scene.say(1..=2);
    scene.hear(&[1]);
    scene.end();
    scene.open(0, true);
    scene.hear(&[2]);
    scene.oracle.handle_resume(LISTENER, true, 0);

    scene.assert_broken(Promise::Answered, 1);
}
