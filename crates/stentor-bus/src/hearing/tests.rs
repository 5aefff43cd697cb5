use super::*;

fn at(millis: u64) -> Now {
    Now { instant: Instant::from_micros(millis * 1_000), unix_millis: 1_000_000 + millis }
}

/// A pod of two shards whose link came up at 10 ms.
fn hearing() -> (Hearing, Arc<Handed>) {
    let handed = Arc::new(Handed::new(2));
    let mut hearing = Hearing::new(Some(Arc::clone(&handed)));
    hearing.handle_probe(at(8), 1);
    assert!(hearing.handle_probe_heard(at(10), 1).is_some());
    hearing.handle_link_up(at(10));
    (hearing, handed)
}

fn flush(handed: &Handed, number: u64) {
    (0..2).for_each(|shard| handed.handle_flushed(shard, number));
}

/// Sends a probe that comes back and reaches all members; returns what is told of it.
fn prove(hearing: &mut Hearing, handed: &Handed, millis: u64, number: u64) -> u64 {
    hearing.handle_probe(at(millis), number);
    hearing.handle_probe_heard(at(millis + 2), number).expect("it was sent");
    flush(handed, number);
    let testimony = hearing.poll_testimony(at(millis + 60)).expect("it is due");
    assert_eq!(testimony.at, 1_000_000 + millis + 60);
    testimony.until - 1_000_000
}

#[test]
fn a_pod_testifies_to_what_all_of_its_shards_have_flushed() {
    let (mut hearing, handed) = hearing();
    assert_eq!(hearing.poll_testimony(at(20)), None);
    handed.handle_flushed(0, 1);
    let testimony = hearing.poll_testimony(at(60)).expect("it is due");
    assert_eq!((testimony.until, testimony.is_last), (1_000_008, false));
    assert_eq!(prove(&mut hearing, &handed, 1_008, 2), 1_008);
    // A shard that stands still holds all back.
    hearing.handle_probe(at(2_008), 3);
    hearing.handle_probe_heard(at(2_010), 3).expect("it was sent");
    handed.handle_flushed(0, 3);
    assert_eq!(hearing.poll_testimony(at(2_060)).map(|of| of.until), Some(1_001_008));
}

#[test]
fn a_probe_of_an_earlier_link_proves_nothing() {
    let (mut hearing, _) = hearing();
    hearing.handle_probe(at(1_008), 2);
    hearing.handle_link_down(at(1_100));
    assert_eq!(hearing.handle_probe_heard(at(1_200), 2), None);
    assert_eq!(hearing.poll_testimony(at(9_000)), None);
}

/// 1. The link is cut and stands again a moment later; a message of another pod fell between.
/// 2. Its loss shows with the second mark of its channel.
#[test]
fn after_an_interruption_nothing_since_before_it_counts_as_heard_until_losses_have_shown() {
    let (mut hearing, handed) = hearing();
    assert_eq!(prove(&mut hearing, &handed, 1_000, 2), 1_000);
    hearing.handle_link_down(at(1_500));
    hearing.handle_link_up(at(1_600));
    assert_eq!(prove(&mut hearing, &handed, 2_000, 3), 1_000);
    // Another one does not make what the first has hidden good.
    hearing.handle_interrupted(at(15_000));
    assert_eq!(prove(&mut hearing, &handed, 30_000, 4), 1_000);
    assert_eq!(prove(&mut hearing, &handed, 35_000, 5), 35_000);
}

#[test]
fn a_pod_that_began_without_redis_has_heard_nothing_since_it_began() {
    let handed = Arc::new(Handed::new(2));
    let mut hearing = Hearing::new(Some(Arc::clone(&handed)));
    hearing.handle_link_down(at(0));
    hearing.handle_link_up(at(5_000));
    assert_eq!(prove(&mut hearing, &handed, 6_000, 1), 0);
}

#[test]
fn a_pod_that_ends_says_so() {
    let (mut hearing, handed) = hearing();
    flush(&handed, 1);
    let last = hearing.last_testimony(at(500));
    assert_eq!(last, Testimony { at: 1_000_500, until: 1_000_008, is_last: true });
}
