use super::*;

/// Sends `count` messages at once; returns how many were admitted.
fn flood(world: &mut World, count: usize) -> usize {
    let now = world.now();
    (0..count).filter(|_| world.shard.admits_message(now, MemberId(0), || None)).count()
}

#[test]
fn a_burst_passes_and_then_each_message_too_many_is_answered() {
    let mut world = World::with(|config| config.rate_limit = 10);
    world.connect(0, &[]);
    assert_eq!(flood(&mut world, 25), 20);
    world.turn();
    assert_eq!(world.heard(0), ["error rate_limited"; 5]);
    assert!(world.shard.is_open(MemberId(0)));
    world.pass(Duration::from_secs(1));
    assert_eq!(flood(&mut world, 15), 10);
}

#[test]
fn sustained_abuse_is_closed_once_with_4429() {
    let mut world = World::with(|config| config.rate_limit = 10);
    world.connect(0, &[]);
    assert_eq!(flood(&mut world, 1_000), 20);
    world.turn();
    let heard = world.heard(0);
    assert_eq!(heard.last().unwrap(), "close 4429");
    assert_eq!(heard.len(), 101);
    assert_eq!(world.finished, [MemberId(0)]);
}

#[test]
fn without_a_limit_everything_passes() {
    let mut world = World::new();
    world.connect(0, &[]);
    assert_eq!(flood(&mut world, 100_000), 100_000);
}
