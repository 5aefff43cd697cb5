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

/// Connects two members of one user, who may send `limit` messages a second together.
fn two_of_one_user(world: &mut World, limit: u32) {
    let rate = Arc::new(UserRate::new(limit));
    for member in [0, 1] {
        let identity = Some(Identity::unlimited("ann"));
        world.connect_sharing(member, &[], PLAIN, identity, Some(Arc::clone(&rate)));
    }
}

fn admits(world: &mut World, member: u32) -> bool {
    world.shard.admits_message(world.now(), MemberId(member), || None)
}

#[test]
fn connections_of_one_user_have_one_limit_together_and_are_told_whose_it_is() {
    let mut world = World::new();
    two_of_one_user(&mut world, 10);
    let admitted = (0..30).filter(|number| admits(&mut world, number % 2)).count();
    assert_eq!(admitted, 20);
    world.turn();
    assert_eq!(world.heard(0), ["error rate_limited"; 5]);
    let text = world.frames(1)[0].json()["data"]["message"].clone();
    assert_eq!(text, "more than 10 messages a second of all connections of this user together");
}

#[test]
fn the_connections_own_limit_comes_first_and_what_it_refuses_costs_the_user_nothing() {
    let mut world = World::with(|config| config.rate_limit = 1);
    two_of_one_user(&mut world, 2);
    assert_eq!((0..50).filter(|_| admits(&mut world, 0)).count(), 2);
    assert_eq!((0..50).filter(|_| admits(&mut world, 1)).count(), 2);
}

// 1. One connection of a user sends without end.
// 2. Another of the same user sends within the limit, and is refused since the first took all.
// 3. The first is closed for it, the second never.
#[test]
fn who_abuses_the_limit_of_a_user_closes_itself_and_no_other_connection_of_the_user() {
    let mut world = World::new();
    two_of_one_user(&mut world, 10);
    let mut refused = 0;
    for tenth in 0..600 {
        for _ in 0..4 {
            if world.shard.is_open(MemberId(0)) {
                admits(&mut world, 0);
            }
        }
        // Nine a second: less than the limit.
        if tenth % 10 != 0 && !admits(&mut world, 1) {
            refused += 1;
        }
        world.pass(Duration::from_millis(100));
        world.shard.handle_heard(world.now(), MemberId(1));
        world.turn();
    }
    assert_eq!(world.heard(0).last().unwrap(), "close 4429");
    assert!(refused > 20, "{refused}");
    assert!(world.shard.is_open(MemberId(1)));
    (0..9).for_each(|_| assert!(admits(&mut world, 1)));
}
