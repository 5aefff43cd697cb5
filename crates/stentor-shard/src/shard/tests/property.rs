//! Random worlds against a model that knows nothing of turns, rings and buffers.

mod model;

use proptest::prelude::*;
use stentor_wire::close::CloseCode;

use self::model::Model;
use super::*;
use crate::numbers::RoomId;

const MEMBERS: u32 = 6;
const ROOMS: [&str; 4] = ["", "a", "b", "c"];

#[derive(Clone, Debug)]
enum Step {
    Connect { member: u32, rooms: u8, options: MemberOptions, proven: Option<Proven> },
    Renew { member: u32, proven: Proven, is_other: bool },
    Join { member: u32, room: usize },
    Leave { member: u32, room: usize },
    Say { member: u32, room: usize, count: usize },
    Deliver { room: usize, count: usize },
    Ping { member: u32 },
    Close { member: u32 },
    Disconnect { member: u32 },
    Limit { member: u32, bytes: usize },
    Unblock { member: u32, bytes: usize },
    Pass { millis: u64 },
    Flush,
}

/// What an identity allows, and how long it lasts from now on.
#[derive(Clone, Copy, Debug)]
struct Proven {
    /// A bit for each of [`ROOMS`], everybody among them; `None` = all.
    allowed: Option<u8>,
    lasts_millis: Option<u64>,
}

impl Proven {
    fn identity(self, now: Now) -> Identity {
        let rooms = self.allowed.map(|allowed| {
            let allowed = (0..ROOMS.len()).filter(move |room| allowed >> room & 1 == 1);
            let patterns = allowed.map(|room| if room == 0 { "*" } else { ROOMS[room] });
            RoomPatterns::parse(patterns).expect("valid patterns")
        });
        let expires_at_unix_millis = self.lasts_millis.map(|lasts| now.unix_millis + lasts);
        Identity { user: "ann".into(), rooms, expires_at_unix_millis }
    }
}

fn proven() -> impl Strategy<Value = Proven> {
    let allowed = prop_oneof![1 => Just(None), 3 => (0..16_u8).prop_map(Some)];
    let lasts = prop_oneof![1 => Just(None), 3 => (0..2_000_u64).prop_map(Some)];
    (allowed, lasts).prop_map(|(allowed, lasts_millis)| Proven { allowed, lasts_millis })
}

fn step() -> impl Strategy<Value = Step> {
    let (member, room) = (0..MEMBERS, 1..ROOMS.len());
    let audience = 0..ROOMS.len();
    let count = prop_oneof![8 => 1..4_usize, 1 => 100..300_usize];
    let bytes = prop_oneof![3 => 0..600_usize, 1 => Just(usize::MAX)];
    let options = (any::<bool>(), any::<bool>()).prop_map(|(events, echo)| MemberOptions {
        events,
        echo,
        ..PLAIN
    });
    prop_oneof![
        6 => (member.clone(), 0..8_u8, options, prop::option::of(proven())).prop_map(
            |(member, rooms, options, proven)| Step::Connect { member, rooms, options, proven },
        ),
        2 => (member.clone(), proven(), prop::bool::weighted(0.1))
            .prop_map(|(member, proven, is_other)| Step::Renew { member, proven, is_other }),
        4 => (member.clone(), room.clone()).prop_map(|(member, room)| Step::Join { member, room }),
        4 => (member.clone(), room).prop_map(|(member, room)| Step::Leave { member, room }),
        14 => (member.clone(), audience.clone(), count.clone())
            .prop_map(|(member, room, count)| Step::Say { member, room, count }),
        3 => (audience, count).prop_map(|(room, count)| Step::Deliver { room, count }),
        1 => member.clone().prop_map(|member| Step::Ping { member }),
        1 => member.clone().prop_map(|member| Step::Close { member }),
        2 => member.clone().prop_map(|member| Step::Disconnect { member }),
        3 => (member.clone(), bytes.clone())
            .prop_map(|(member, bytes)| Step::Limit { member, bytes }),
        4 => (member, bytes).prop_map(|(member, bytes)| Step::Unblock { member, bytes }),
        2 => prop_oneof![4 => 0..8_u64, 1 => 0..800_u64].prop_map(|millis| Step::Pass { millis }),
        10 => Just(Step::Flush),
    ]
}

/// A world and what it should be.
struct Pair {
    world: World,
    model: Model,
}

impl Pair {
    fn take(&mut self, step: Step) {
        let Pair { world, model } = self;
        match step {
            Step::Connect { member, rooms, options, proven } => {
                if model.listener(member).is_none() {
                    let rooms: Vec<&str> = (1..4)
                        .filter(|room| rooms >> (room - 1) & 1 == 1)
                        .map(|r| ROOMS[r])
                        .collect();
                    let identity = proven.map(|proven| proven.identity(world.now()));
                    world.connect_as(member, &rooms, options, identity.clone());
                    model.connect(member, &rooms, options, identity);
                }
            }
            Step::Renew { member, proven, is_other } => {
                let mut identity = proven.identity(world.now());
                if is_other {
                    identity.user = "eve".into();
                }
                let now = world.now().unix_millis;
                world.renew(member, Ok(identity.clone()));
                model.renew(member, identity, now);
            }
            Step::Join { member, room } => {
                world.join(member, ROOMS[room]);
                model.join(member, ROOMS[room]);
            }
            Step::Leave { member, room } => {
                world.leave(member, ROOMS[room]);
                model.leave(member, ROOMS[room]);
            }
            Step::Say { member, room, count } => (0..count).for_each(|_| {
                // What is not allowed is said all the same: nobody is owed it, so nobody hears it.
                let text = model.say(member, ROOMS[room]);
                world.say(member, ROOMS[room], text.as_deref().unwrap_or("forbidden"));
            }),
            Step::Deliver { room, count } => (0..count).for_each(|_| {
                let text = model.deliver(ROOMS[room]);
                world.deliver(ROOMS[room], &text, None);
            }),
            Step::Ping { member } => world.shard.handle_ping(MemberId(member), b""),
            Step::Close { member } => {
                world.shard.handle_close(MemberId(member), CloseCode::Forbidden);
                model.close(member);
            }
            Step::Disconnect { member } => self.disconnect(member),
            Step::Limit { member, bytes } if model.listener(member).is_some() => {
                world.limit(member, bytes);
            }
            Step::Unblock { member, bytes } if model.listener(member).is_some() => {
                world.unblock(member, bytes);
            }
            Step::Limit { .. } | Step::Unblock { .. } => {}
            Step::Pass { millis } => world.pass(Duration::from_millis(millis)),
            Step::Flush => world.flush(),
        }
        self.notice_closed_members();
        self.check_counts();
    }

    /// What the shard decides by itself, the model has to be told. It may end nobody whose
    /// identity has not ended.
    fn notice_closed_members(&mut self) {
        let now = self.world.now().unix_millis;
        for member in 0..MEMBERS {
            let closing = self.world.shard.member(MemberId(member)).and_then(|of| of.closing);
            match closing {
                Some(CloseCode::Unauthorized) => self.model.expire(member, now),
                Some(_) => self.model.lose(member),
                None => {}
            }
        }
    }

    fn disconnect(&mut self, member: u32) {
        if let Some(listener) = self.model.disconnect(member) {
            listener.check(&self.world.frames(member), false);
            self.world.disconnect(member);
        }
    }

    fn check_counts(&self) {
        let Pair { world, model } = self;
        assert_eq!(world.shard.members_open(), model.members_open());
        assert_eq!(world.shard.rooms_open(), model.rooms_open());
        for room in &ROOMS[1..] {
            let Some(id) = world.shard.rooms.find(room) else { continue };
            let members = &world.shard.rooms[id].members;
            assert_eq!(members.len(), model.members_of(room));
            for (position, member) in members.iter().enumerate() {
                let memberships = world.shard.member(*member).unwrap().memberships.as_slice();
                let own: Vec<_> = memberships.iter().filter(|of| of.room == id).collect();
                assert_eq!(own.len(), 1);
                assert_eq!(own[0].position as usize, position);
            }
        }
        let turns = ROOMS[1..].iter().filter_map(|room| world.shard.rooms.find(room));
        let pending: usize = turns
            .chain([RoomId::GLOBAL])
            .filter_map(|id| world.shard.rooms[id].turn.as_ref())
            .map(|turn| turn.bytes().len())
            .sum();
        assert_eq!(world.shard.pending_bytes, pending);
    }

    /// Every socket takes everything, everything is flushed, everybody goes.
    fn end(mut self) {
        for member in 0..MEMBERS {
            if self.model.listener(member).is_some() {
                self.world.unblock(member, usize::MAX);
            }
        }
        self.world.pass(Duration::from_secs(3));
        self.world.turn();
        self.notice_closed_members();
        self.model.check_that_nobody_outlives_an_identity(self.world.now().unix_millis);
        assert_eq!(self.world.shard.pending_bytes, 0);
        assert_eq!(self.world.shard.frames_queued(), 0);
        for member in 0..MEMBERS {
            let Some(listener) = self.model.disconnect(member) else { continue };
            assert_eq!(self.world.sockets.unfinished_bytes(MemberId(member)), 0);
            listener.check(&self.world.frames(member), true);
            let finished = self.world.finished.contains(&MemberId(member));
            assert!(finished || !listener.is_closed());
            self.world.disconnect(member);
        }
        self.world.turn();
        assert_eq!(self.world.shard.members_open(), 0);
        assert_eq!(self.world.shard.rooms_open(), 0);
        assert_eq!(self.world.shard.poll_timeout(self.world.sockets.clock), None);
        self.model.check_finished(&self.world.finished);
        model::check_rooms_opened_and_closed(&self.world.events);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn every_member_hears_what_its_audiences_were_told_but_for_what_a_gap_announced(
        slow_consumer in prop_oneof![
            Just(SlowConsumer::Auto), Just(SlowConsumer::Close), Just(SlowConsumer::Gap),
        ],
        write_micros in prop_oneof![Just(1_u64), Just(500)],
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut world = World::with(|config| config.slow_consumer = slow_consumer);
        world.sockets.write_time = Duration::from_micros(write_micros);
        let mut pair = Pair { world, model: Model::default() };
        steps.into_iter().for_each(|step| pair.take(step));
        pair.end();
    }
}
