//! Gaps: what they announce, and whether they tell the truth.

use super::*;

#[test]
fn an_honest_gap_announces_its_hole() {
    let mut scene = Scene::new();
    scene.say(1..=6);
    scene.hear(&[1, 2]);
    scene.gap(3, 3, 5);
    scene.hear(&[6]);

    let findings = scene.assert_kept();

    assert_eq!(findings.on(Promise::Unbroken).announced, 3);
    assert_eq!(findings.on(Promise::GapExact).judged, 1);
}

#[test]
fn a_gap_with_a_wrong_count_is_a_fault() {
    for missed in [2, 4] {
        let mut scene = Scene::new();
        scene.say(1..=6);
        scene.hear(&[1, 2]);
        scene.gap(missed, 3, 5);
        scene.hear(&[6]);

        scene.assert_broken(Promise::GapExact, 1);
    }
}

#[test]
fn a_gap_that_names_what_is_not_missing_is_a_fault() {
    for (from, to) in [(2, 5), (3, 6)] {
        let mut scene = Scene::new();
        scene.say(1..=6);
        scene.hear(&[1, 2]);
        scene.gap(3, from, to);
        scene.hear(&[6]);

        scene.assert_broken(Promise::GapExact, 1);
    }
}

#[test]
fn a_gap_without_a_hole_is_a_fault() {
    let mut scene = Scene::new();
    scene.say(1..=2);
    scene.hear(&[1]);
    scene.gap(1, 2, 2);
    scene.hear(&[2]);

    scene.assert_broken(Promise::GapExact, 1);
}

#[test]
fn a_gap_covers_its_own_place_only() {
    let mut scene = Scene::new();
    scene.say(1..=7);
    scene.hear(&[1, 3]);
    scene.gap(2, 4, 5);
    scene.hear(&[6, 7]);

    scene.assert_broken(Promise::Unbroken, 1);
}

#[test]
fn a_gap_counts_the_holes_of_all_talkers_in_its_place() {
    for (missed, broken) in [(3, 0), (2, 1)] {
        let mut scene = Scene::of(Crew { rooms: 1, members: 2, talkers: 2 });
        let other = |sequence| MessageId { talker: 1, sequence };
        scene.say(1..=4);
        for sequence in 1..=3 {
            scene.oracle.handle_sent(other(sequence), Moment(50));
        }
        let hear = |scene: &mut Scene, sequence| {
            scene.oracle.handle_delivery(LISTENER, other(sequence), true, Moment(60));
        };
        scene.hear(&[1]);
        hear(&mut scene, 1);
        scene.gap(missed, 2, 3);
        scene.hear(&[4]);
        hear(&mut scene, 3);

        scene.assert_broken(Promise::GapExact, broken);
    }
}

#[test]
fn a_gap_at_the_end_of_a_connection_announces_and_is_not_counted() {
    let mut scene = Scene::new();
    scene.say(1..=4);
    scene.hear(&[1]);
    scene.gap(99, 2, 4);
    scene.wait();

    let findings = scene.assert_kept();

    assert_eq!(findings.on(Promise::GapExact).word(), "not tried");
    assert_eq!(findings.on(Promise::Acknowledged).announced, 3);
}

#[test]
fn gaps_of_any_number_are_judged() {
    let mut scene = Scene::new();
    scene.say(1..=3);
    scene.hear(&[1]);
    scene.gap(u64::MAX, 2, 2);
    scene.gap(u64::MAX, 2, 2);
    scene.hear(&[3]);

    scene.assert_broken(Promise::GapExact, 1);
}
