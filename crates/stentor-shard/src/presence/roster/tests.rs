use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(5);

fn at(millis: u64) -> Instant {
    Instant::from_micros(10_000_000 + millis * 1_000)
}

fn person(number: u128, user: Option<&str>) -> Person {
    let user = user.map(Arc::from);
    Person { client_id: Uuid::from_u128(number), user, status: Status::Online }
}

fn here(people: &[Person]) -> Here {
    let people: Arc<[Person]> = people.into();
    Here { shard: 1, is_answer: false, count: people.len() as u64, people: Some(people) }
}

fn nobody() -> Here {
    here(&[])
}

fn origin(pod: &str) -> Origin {
    Origin { pod: pod.into(), shard: 1 }
}

/// What is told at this time: who, and what of it.
fn show(roster: &mut Roster, millis: u64, own: &Here) -> Vec<(u128, Option<Status>)> {
    match roster.show(at(millis), own, GRACE, 8) {
        Shown::Changes(changes) => changes
            .into_iter()
            .map(|change| (change.person.client_id.as_u128(), change.status))
            .collect(),
        Shown::Nothing => Vec::new(),
        Shown::Count(count) => panic!("{count} are not too many"),
    }
}

#[test]
fn who_was_there_is_not_told_and_who_comes_after_is() {
    let mut roster = Roster::new(at(0), &[person(1, None)]);
    let answer = Here { is_answer: true, ..here(&[person(2, None)]) };
    roster.handle_here(at(5), origin("b"), &answer);
    let own = here(&[person(1, None)]);
    assert_eq!(show(&mut roster, 200, &own), []);
    // A pod that says hello had nobody before, whatever it answers with.
    roster.handle_hello(&"c".into());
    let answer = Here { is_answer: true, ..here(&[person(3, None)]) };
    roster.handle_here(at(210), origin("c"), &answer);
    let own = here(&[person(1, None), person(4, None)]);
    let online = |number| (number, Some(Status::Online));
    assert_eq!(show(&mut roster, 400, &own), [online(3), online(4)]);
}

#[test]
fn a_user_goes_with_the_last_connection_and_not_before_the_grace() {
    let mut roster = Roster::new(at(0), &[]);
    let both = here(&[person(1, Some("ann")), person(2, Some("ann"))]);
    roster.handle_here(at(3_000), origin("b"), &both);
    assert_eq!(show(&mut roster, 3_000, &nobody()), [(1, Some(Status::Online))]);
    roster.handle_here(at(3_100), origin("b"), &here(&[person(2, Some("ann"))]));
    assert_eq!(show(&mut roster, 3_200, &nobody()), []);
    roster.handle_here(at(4_000), origin("b"), &nobody());
    assert_eq!(show(&mut roster, 4_000, &nobody()), []);
    assert_eq!(roster.shows_at(), Some(at(9_000)), "it is looked at again then");
    // Back on another pod, and gone again for good.
    roster.handle_here(at(8_000), origin("c"), &here(&[person(3, Some("ann"))]));
    assert_eq!(show(&mut roster, 8_000, &nobody()), []);
    roster.handle_here(at(8_500), origin("c"), &nobody());
    assert_eq!(show(&mut roster, 8_500, &nobody()), []);
    assert_eq!(show(&mut roster, 13_499, &nobody()), []);
    assert_eq!(show(&mut roster, 13_500, &nobody()), [(1, None)]);
}

#[test]
fn the_people_of_a_dead_pod_are_gone_at_once() {
    let mut roster = Roster::new(at(0), &[]);
    roster.handle_here(at(3_000), origin("b"), &here(&[person(1, None)]));
    assert_eq!(show(&mut roster, 3_000, &nobody()).len(), 1);
    assert!(roster.forget_pod(&"b".into()) && !roster.forget_pod(&"b".into()));
    assert_eq!(show(&mut roster, 3_200, &nobody()), [(1, None)]);
}

#[test]
fn too_many_are_counted_at_most_once_a_second_and_named_again_when_they_are_clearly_fewer() {
    let crowd = |count: u128| here(&(1..=count).map(|of| person(of, None)).collect::<Vec<_>>());
    let mut roster = Roster::new(at(0), &[]);
    let shown = |roster: &mut Roster, millis, own: &Here| roster.show(at(millis), own, GRACE, 8);
    assert_eq!(shown(&mut roster, 0, &crowd(9)), Shown::Count(9));
    assert_eq!(shown(&mut roster, 200, &crowd(20)), Shown::Nothing);
    assert_eq!(roster.shows_at(), Some(at(1_000)));
    assert_eq!(shown(&mut roster, 1_000, &crowd(30)), Shown::Count(30));
    assert_eq!(shown(&mut roster, 2_000, &crowd(30)), Shown::Nothing);
    assert_eq!(shown(&mut roster, 3_000, &crowd(7)), Shown::Count(7));
    assert_eq!(shown(&mut roster, 4_000, &crowd(6)), Shown::Count(6));
    assert_eq!(show(&mut roster, 5_000, &crowd(7)), [(7, Some(Status::Online))]);
    let unnamed = Here { people: None, ..crowd(7) };
    assert_eq!(shown(&mut roster, 6_000, &unnamed), Shown::Count(7), "one does not say who");
    assert_eq!(shown(&mut roster, 8_000, &unnamed), Shown::Nothing, "as many as were told");
}

proptest! {
    /// Whatever origins say, and whatever of it is lost: once they have said it again, what was told
    /// adds up to who is there.
    #[test]
    fn what_is_told_adds_up_to_who_is_there(
        states in prop::collection::vec((0..3_usize, prop::collection::btree_set(1..7_u128, 0..5)), 1..40),
        lost in prop::collection::vec(any::<bool>(), 40),
    ) {
        let mut roster = Roster::new(at(0), &[]);
        let mut truth = vec![std::collections::BTreeSet::new(); 3];
        let mut told = std::collections::BTreeMap::new();
        let mut millis = 3_000;
        let last: Vec<(usize, _)> = (0..3).map(|pod| (pod, None)).collect();
        let said = states.into_iter().map(|(pod, people)| (pod, Some(people)));
        for (step, (pod, people)) in said.chain(last).enumerate() {
            let is_last = people.is_none();
            if let Some(people) = people {
                truth[pod] = people;
            }
            millis += 6_000;
            if is_last || !lost[step % lost.len()] {
                let people: Vec<Person> =
                    truth[pod].iter().map(|of| person(pod as u128 * 10 + of, None)).collect();
                roster.handle_here(at(millis), origin(&pod.to_string()), &here(&people));
            }
            // Once when they are seen to be gone, and once when the grace is over.
            for later in [0, 5_000] {
                if let Shown::Changes(changes) = roster.show(at(millis + later), &nobody(), GRACE, 100) {
                    for change in changes {
                        let id = change.person.client_id.as_u128();
                        let before = told.insert(id, change.status);
                        prop_assert_ne!(before, Some(change.status), "told twice");
                    }
                }
            }
        }
        let there: std::collections::BTreeSet<u128> = told
            .into_iter()
            .filter(|(_, status)| status.is_some())
            .map(|(id, _)| id)
            .collect();
        let truth = truth.into_iter().enumerate();
        let expected = truth.flat_map(|(pod, people)| {
            people.into_iter().map(move |of| pod as u128 * 10 + of)
        });
        prop_assert_eq!(there, expected.collect::<std::collections::BTreeSet<u128>>());
    }
}
