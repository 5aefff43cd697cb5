use stentor_bus::address::Address;
use stentor_bus::bus::Settings;
use stentor_bus::channel::ChannelNames;
use stentor_bus::link::LinkState;
use stentor_bus::pod_id::PodId;
use stentor_bus::waiters::Release;
use stentor_shard::MemberId;
use stentor_wire::room_name::RoomName;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Answered, Awaited, Joining, Waiter};
use crate::pod_bus::PodBus;

/// What a shard knows, with a link that only the test changes. The bus behind it has no Redis.
struct World {
    joining: Joining,
    link: watch::Sender<LinkState>,
    _bus: PodBus,
}

fn world() -> World {
    let address = Address::parse("redis://127.0.0.1:1", None).expect("a URL");
    let names = ChannelNames::new("test").expect("a prefix");
    let settings = Settings::new(address, names, PodId::new("a", 1), 1);
    let (bus, _) = PodBus::start(settings, 1).expect("a thread");
    let (link, link_rx) = watch::channel(LinkState::Up);
    let joining = Joining { link: link_rx, is_up: true, ..Joining::new(&bus) };
    World { joining, link, _bus: bus }
}

fn room() -> RoomName {
    RoomName::parse("a").expect("a valid name")
}

fn waiter(member: u32, what: Awaited) -> Waiter {
    Waiter { member: MemberId(member), client_id: Uuid::from_u128(member.into()), what }
}

impl World {
    fn settle(&mut self, release: Release, has_members: bool) -> Vec<u32> {
        let answered = Answered { room: room(), asked_in: self.joining.epoch, release };
        let waiting = self.joining.settle(&answered, has_members);
        waiting.iter().map(|waiter| waiter.member.0).collect()
    }
}

#[test]
fn a_room_is_asked_about_once_however_many_wait_and_not_at_all_once_it_is_heard() {
    let mut world = world();
    assert!(!world.joining.is_settled(&room()));
    (0..5).for_each(|member| world.joining.wait(&room(), waiter(member, Awaited::Entry)));
    assert_eq!(world.joining.questions.len(), 1);
    assert_eq!(world.settle(Release::Confirmed, true), [0, 1, 2, 3, 4]);
    assert!(world.joining.is_settled(&room()));
}

#[test]
fn only_a_confirmed_room_with_members_counts_as_heard() {
    for (release, has_members) in
        [(Release::Overdue, true), (Release::LinkDown, true), (Release::Confirmed, false)]
    {
        let mut world = world();
        world.joining.wait(&room(), waiter(0, Awaited::Entry));
        assert_eq!(world.settle(release, has_members), [0], "whoever waits is let go on");
        assert!(!world.joining.is_settled(&room()), "{release:?}");
    }
}

#[test]
fn nobody_waits_while_the_link_is_down_and_all_is_asked_anew_when_it_is_up() {
    let mut world = world();
    world.settle(Release::Confirmed, true);
    world.link.send_replace(LinkState::Down);
    assert!(world.joining.is_settled(&room()));
    world.link.send_replace(LinkState::Up);
    assert!(!world.joining.is_settled(&room()), "it was heard on another link");
}

#[test]
fn a_link_that_changed_unseen_makes_an_old_answer_worthless() {
    let mut world = world();
    let answered =
        Answered { room: room(), asked_in: world.joining.epoch, release: Release::Confirmed };
    world.link.send_replace(LinkState::Down);
    world.link.send_replace(LinkState::Up);
    world.joining.settle(&answered, true);
    assert!(!world.joining.is_settled(&room()));
}

#[test]
fn a_bus_that_has_ended_keeps_nobody_waiting() {
    let World { mut joining, link, _bus } = world();
    drop(link);
    assert!(joining.is_settled(&room()));
}

#[test]
fn answers_are_counted_until_they_are_given_or_given_up() {
    let mut world = world();
    for what in [Awaited::Answer, Awaited::Entry, Awaited::Answer] {
        world.joining.wait(&room(), waiter(0, what));
    }
    world.joining.wait(&room(), waiter(1, Awaited::Answer));
    assert_eq!(world.joining.answers, 3);
    assert_eq!(world.joining.give_up_answers(MemberId(0), &room()), 2);
    assert_eq!(world.joining.give_up_answers(MemberId(0), &room()), 0);
    assert_eq!(world.settle(Release::Overdue, true), [0, 1], "its entry is still owed");
    assert_eq!((world.joining.answers, world.joining.waiting.len()), (0, 0));
}
