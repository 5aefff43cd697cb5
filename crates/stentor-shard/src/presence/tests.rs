use super::*;

fn room(number: usize) -> RoomName {
    RoomName::parse(&format!("room-{number}")).expect("a room")
}

fn presence() -> Presence {
    Presence::new(PresenceConfig::default())
}

fn at(seconds: u64) -> Instant {
    Instant::from_micros(seconds * 1_000_000)
}

/// Does nothing but let leases run out, up to a time.
fn pass(presence: &mut Presence, now: Instant) {
    while let Some(due) = presence.agenda.poll(now) {
        if let Due::Expire(room) = due {
            presence.expire(now, room);
        }
    }
}

#[test]
fn a_thing_stands_in_the_agenda_once_and_at_the_soonest_time() {
    let mut agenda = Agenda::default();
    let [one, two] = [Due::Ask(room(1)), Due::Ask(room(2))];
    for seconds in [9, 5, 7] {
        agenda.schedule(at(seconds), one.clone());
    }
    agenda.schedule(at(6), two.clone());
    assert_eq!((agenda.len(), agenda.poll_timeout()), (2, Some(at(5))));
    assert_eq!(agenda.poll(at(4)), None);
    assert_eq!(agenda.poll(at(9)), Some(one.clone()));
    assert_eq!(agenda.poll(at(9)), Some(two));
    assert_eq!((agenda.poll(at(9)), agenda.poll_timeout()), (None, None));
    agenda.schedule(at(20), one.clone());
    agenda.cancel(&one);
    agenda.cancel(&one);
    assert_eq!((agenda.poll(at(99)), agenda.len()), (None, 0));
}

#[test]
fn a_lease_runs_out_though_nothing_happens_and_one_that_is_renewed_does_not() {
    let mut presence = presence();
    presence.hears_pods = true;
    presence.grant(at(0), &room(1), false);
    presence.grant(at(0), &room(2), true);
    presence.grant(at(60), &room(1), false);
    pass(&mut presence, at(80));
    assert!(presence.leases.contains_key(&room(1)) && presence.leases.len() == 1);
    pass(&mut presence, at(140));
    assert!(presence.leases.is_empty());
    assert_eq!(presence.agenda.len(), 0);
}

#[test]
fn past_the_bound_whoever_asks_is_counted_and_leases_that_ran_out_make_room() {
    let mut presence = presence();
    for number in 0..LEASES_MAX {
        assert!(presence.grant(at(0), &room(number), true).is_some());
    }
    assert!(presence.grant(at(1), &room(LEASES_MAX), true).is_none());
    assert!(presence.grant(at(1), &room(0), true).is_some(), "who has one renews it");
    assert_eq!((presence.leases.len(), presence.leases_refused), (LEASES_MAX, 1));
    pass(&mut presence, at(75));
    assert_eq!(presence.leases.len(), 1);
    assert!(presence.grant(at(75), &room(LEASES_MAX), true).is_some());
}

#[test]
fn a_lease_of_other_pods_waits_for_them_to_be_heard_again_and_is_told_then() {
    let mut presence = presence();
    presence.grant(at(0), &room(1), false);
    presence.grant(at(0), &room(2), true);
    pass(&mut presence, at(1_000));
    assert_eq!(presence.leases.len(), 1, "they may ask in vain");
    presence.handle_pods_heard(at(1_000));
    assert_eq!(presence.agenda.poll(at(1_002)), Some(Due::Tell(room(1))));
    pass(&mut presence, at(1_200));
    assert!(presence.leases.is_empty());
}

#[test]
fn that_nobody_is_there_is_told_to_those_who_may_believe_otherwise_and_not_for_ever() {
    let mut lease = Lease::default();
    assert!(!lease.is_worth_telling(at(0), 0), "nobody was told of anybody");
    assert!(lease.is_worth_telling(at(1), 3));
    assert!(lease.is_worth_telling(at(2), 0));
    assert!(lease.is_worth_telling(at(60), 0), "the first may have been lost");
    lease.doubt();
    assert!(lease.is_worth_telling(at(200), 0), "they were not heard all the time");
    assert!(!lease.is_worth_telling(at(300), 0));
}

#[test]
fn what_many_rooms_ask_when_pods_are_heard_again_is_spread() {
    let mut presence = presence();
    for number in 0..1_000 {
        presence.begin_roster(at(0), room(number), Roster::new(at(0), &[]));
    }
    for _ in 0..50 {
        presence.handle_pods_heard(at(10));
        presence.handle_room_heard(at(10), &room(7));
    }
    assert_eq!(presence.agenda.len(), 1_000, "each room is asked about once");
    let mut polled = |millis: u64| {
        let now = Instant::from_micros(millis * 1_000);
        std::iter::from_fn(|| presence.agenda.poll(now)).count()
    };
    let first_half = polled(10_000 + 200 + 500);
    assert!((450..=550).contains(&first_half), "{first_half}");
    assert_eq!(first_half + polled(10_000 + 200 + 1_000), 1_000);
}
