//! A master that its Sentinels name.

use stentor_testbed::{DEADLINE, Sentinels};

use crate::pod::{Pod, count, count_with_missed, room};

const ROOMS: usize = 200;

#[tokio::test]
async fn a_killed_master_is_replaced_and_what_was_said_meanwhile_is_heard() {
    let mut sentinels = Sentinels::start();
    let (mut a, mut b) = (Pod::start("a", &sentinels.url()), Pod::start("b", &sentinels.url()));
    a.hear(ROOMS).await;
    b.hear(ROOMS).await;
    (0..ROOMS).for_each(|number| a.say(Some(room(number)), 0));
    b.hear_until(|heard| count(heard) == ROOMS).await;

    let old = sentinels.kill_master();
    for pod in [&mut a, &mut b] {
        pod.wait_for_counters(|counters| counters.link.downs > 0).await;
    }
    (0..ROOMS).for_each(|number| a.say(Some(room(number)), 1));
    let new = sentinels.wait_for_new_master(old, DEADLINE);
    b.hear_until(|heard| count_with_missed(heard) == 2 * ROOMS as u64).await;
    for number in 0..ROOMS {
        assert_eq!(b.numbers(&Some(room(number))), [0, 1]);
    }
    let channels = sentinels.server(new).command(&["PUBSUB", "NUMSUB", "test:room:room 7"]);
    assert_eq!(channels.list()[1].number(), Some(2), "both pods have subscribed at the new one");
}
