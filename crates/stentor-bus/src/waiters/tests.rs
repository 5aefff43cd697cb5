use std::time::Duration;

use proptest::prelude::*;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

use super::{Release, WAIT_MAX, WaiterId, Waiters};

const START: Instant = Instant::from_micros(1_000_000);

fn room(number: usize) -> RoomName {
    RoomName::parse(&format!("room {number}")).unwrap()
}

fn released(waiters: &mut Waiters) -> Vec<(WaiterId, Release)> {
    std::iter::from_fn(|| waiters.poll_released()).collect()
}

#[test]
fn a_waiter_is_released_when_its_last_room_is_heard() {
    let mut waiters = Waiters::default();
    waiters.insert(START, WaiterId(1), vec![room(1), room(2)]);
    waiters.insert(START, WaiterId(2), vec![room(2)]);
    waiters.handle_confirmed(&room(2));
    assert_eq!(released(&mut waiters), [(WaiterId(2), Release::Confirmed)]);
    waiters.handle_confirmed(&room(1));
    assert_eq!(released(&mut waiters), [(WaiterId(1), Release::Confirmed)]);
    assert_eq!(waiters.poll_timeout(), None);
}

#[test]
fn nobody_waits_for_nothing_or_for_ever() {
    let mut waiters = Waiters::default();
    waiters.insert(START, WaiterId(1), Vec::new());
    waiters.insert(START, WaiterId(2), vec![room(1), room(2)]);
    waiters.handle_confirmed(&room(2));
    assert_eq!(waiters.poll_timeout(), Some(START + WAIT_MAX));
    let mut unheard = Vec::new();
    assert_eq!(waiters.handle_timeout(START + WAIT_MAX, &mut unheard), 1);
    assert_eq!(unheard, [room(1)]);
    let expected = [(WaiterId(1), Release::Confirmed), (WaiterId(2), Release::Overdue)];
    assert_eq!(released(&mut waiters), expected);
    waiters.insert(START, WaiterId(3), vec![room(1)]);
    waiters.handle_link_down();
    assert_eq!(released(&mut waiters), [(WaiterId(3), Release::LinkDown)]);
}

proptest! {
    #[test]
    fn each_is_released_once_and_nothing_is_left(
        steps in proptest::collection::vec((0_u8..8, 0_usize..4, 0_u64..200), 0..100),
    ) {
        let mut waiters = Waiters::default();
        let (mut now, mut inserted) = (START, 0);
        for (step, number, millis) in steps {
            now = now + Duration::from_millis(millis);
            match step {
                0 => waiters.handle_confirmed(&room(number)),
                1 => waiters.handle_link_down(),
                2 => drop(waiters.handle_timeout(now, &mut Vec::new())),
                _ => {
                    let rooms = (0..number).map(room).collect();
                    waiters.insert(now, WaiterId(inserted), rooms);
                    inserted += 1;
                }
            }
        }
        waiters.handle_timeout(now + WAIT_MAX, &mut Vec::new());
        let mut released = released(&mut waiters);
        released.sort_unstable_by_key(|(waiter, _)| *waiter);
        prop_assert!(released.iter().map(|(waiter, _)| waiter.0).eq(0..inserted));
        prop_assert!(waiters.pending.is_empty() && waiters.rooms.is_empty());
        prop_assert!(waiters.deadlines.is_empty());
    }
}
