use super::*;
use LastHeard::{Known, Unknown};

const NOW: Now = Now { instant: Instant::from_micros(0), unix_millis: 1_000_000 };

fn testify(hearsay: &mut Hearsay, pod: &str, at: u64, until: u64) {
    let testimony = Testimony { at, until, is_last: false };
    hearsay.handle_testimony(NOW, &Arc::from(pod), testimony);
}

fn overlap(hearsay: &Hearsay, heard_at: u64, last: LastHeard) -> u64 {
    millis(hearsay.overlap(heard_at, last))
}

#[test]
fn without_a_word_of_others_the_overlap_is_a_second() {
    assert_eq!(overlap(&Hearsay::default(), 1_000_000, Known), 1_000);
}

#[test]
fn what_a_pod_has_not_testified_to_by_then_it_had_not_heard() {
    let mut hearsay = Hearsay::default();
    testify(&mut hearsay, "a", 1_000_000, 999_950);
    testify(&mut hearsay, "a", 1_001_000, 1_000_950);
    testify(&mut hearsay, "b", 1_000_500, 1_000_450);
    // It had proven nothing since: it may have been deaf.
    assert_eq!(overlap(&hearsay, 1_000_900, Known), 900 + 50 + 600);
    assert_eq!(overlap(&hearsay, 1_001_000, Known), 500 + 50 + 600);
    testify(&mut hearsay, "a", 1_002_000, 1_000_950);
    assert_eq!(overlap(&hearsay, 1_002_400, Known), 1_900 + 50 + 600);
}

#[test]
fn a_silent_pod_is_believed_to_be_dead_sooner_behind_a_message_that_came_from_elsewhere() {
    let mut hearsay = Hearsay::default();
    testify(&mut hearsay, "a", 1_000_000, 1_000_000);
    assert_eq!(overlap(&hearsay, 1_010_000, Known), 10_600);
    assert_eq!(overlap(&hearsay, 1_010_001, Known), 1_000);
    assert_eq!(overlap(&hearsay, 1_600_000, Unknown), 600_600);
    assert_eq!(overlap(&hearsay, 1_600_001, Unknown), 1_000);
}

#[test]
fn nobody_comes_from_a_pod_that_has_ended() {
    let mut hearsay = Hearsay::default();
    testify(&mut hearsay, "a", 1_000_000, 1_000_000);
    let last = Testimony { at: 1_000_700, until: 1_000_000, is_last: true };
    hearsay.handle_testimony(NOW, &Arc::from("a"), last);
    assert_eq!(overlap(&hearsay, 1_000_701, Unknown), 1_000);
    assert_eq!(overlap(&hearsay, 1_000_690, Unknown), 1_290);
}

/// 1. A pod begins while Redis is away, and has members.
/// 2. Its first testimony says that it has heard nothing since it began.
#[test]
fn what_a_pod_had_not_heard_before_its_first_testimony_counts_too() {
    let mut hearsay = Hearsay::default();
    testify(&mut hearsay, "a", 1_005_000, 1_000_000);
    assert_eq!(overlap(&hearsay, 1_004_000, Unknown), 4_600);
    assert_eq!(overlap(&hearsay, 999_000, Unknown), 1_000);
}

#[test]
fn what_this_pod_said_since_its_own_link_was_proven_may_be_on_its_way() {
    let mut hearsay = Hearsay::default();
    hearsay.handle_proof(NOW, 998_000);
    assert_eq!(overlap(&hearsay, 1_000_000, Known), 2_600);
}

/// 1. A pod stands still for twenty seconds. What others say meanwhile lies in its sockets.
/// 2. It goes on, hands a member's message to another, who is cut off before the rest is heard.
/// 3. He comes back, behind that message, when all of it has been heard.
#[test]
fn what_this_pod_had_not_heard_by_then_counts_though_it_has_since() {
    let mut hearsay = Hearsay::default();
    hearsay.handle_proof(NOW, 999_950);
    let later = Now { unix_millis: 1_020_020, ..NOW };
    hearsay.handle_proof(later, 1_020_010);
    assert_eq!(hearsay.unheard_since(1_020_000, Known), 999_950);
    assert_eq!(hearsay.unheard_since(1_020_119, Known), 999_950, "its other shards are not as far");
    assert_eq!(hearsay.unheard_since(1_020_120, Known), 1_020_010);
    assert_eq!(overlap(&hearsay, 1_020_000, Known), 1_000, "here it stands behind that message");
}

#[test]
fn testimonies_and_pods_are_bounded_and_what_is_dropped_only_lets_a_replay_begin_earlier() {
    let mut hearsay = Hearsay::default();
    for second in 0..10_000 {
        testify(&mut hearsay, "a", second * 1_000, second * 1_000);
    }
    let witness = &hearsay.pods["a"];
    assert!(witness.heard.len() <= TESTIMONIES_MAX, "{}", witness.heard.len());
    let heard = |at| witness.heard_by(at, DEAD_AFTER);
    assert_eq!(heard(9_999_500), Some(9_999_000));
    assert!(heard(9_900_000).is_some_and(|until| until <= 9_900_000));
    (0..3_000).for_each(|pod| testify(&mut hearsay, &pod.to_string(), 20_000_000 + pod, 0));
    assert!(hearsay.pods.len() <= PODS_MAX, "{}", hearsay.pods.len());
}

#[test]
fn a_pod_whose_calendar_was_set_back_is_known_from_there_on() {
    let mut hearsay = Hearsay::default();
    testify(&mut hearsay, "a", 2_000_000, 2_000_000);
    testify(&mut hearsay, "a", 1_000_000, 1_000_000);
    assert_eq!(overlap(&hearsay, 1_000_400, Known), 1_000);
    assert_eq!(overlap(&hearsay, 1_000_900, Known), 1_500);
}
