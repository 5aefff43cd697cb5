//! How many instructions stations take, counted by valgrind through gungraun: the gate against
//! creeping cost.
//!
//! Unlike time, a count is the same on a busy machine, so 1 % more is a finding. Everything here
//! repeats: ids come from a seed, a room map holds one room, the clock stands still. What is left
//! is where values lie, for a copy of memory takes a step more or less with that: each case does
//! its work many times, over sizes that differ, and a shard lies in a box. How long this program's
//! own path is moves its stack and heap too, so `cargo xtask instructions` runs it behind a path
//! of one length.
//!
//! Counts of another compiler say nothing, so they are stored with its version in
//! `instructions.toml`, which new ones are compared with. The names of the functions and cases are
//! the names in that file. Preparation is not counted, nor is what giving the values back costs.

#![allow(missing_docs, reason = "gungraun's macros make public items without a word on them")]

mod world;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use gungraun::{library_benchmark, library_benchmark_group, main};
use stentor_engine::bench::FanOutWorld;
use stentor_shard::{HistoryConfig, MemberId, MemberOptions, RING_SLOTS_MAX, Traffic};
use stentor_wire::encode::{envelope_frame, envelope_frame_bytes};
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::parse::Parser;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use world::{Appetite, World};

/// 2026-11-21T00:00:00Z.
const UNIX_MILLIS: u64 = 1_795_219_200_000;

/// How many sizes of messages there are: each a byte longer than the one before it.
const SIZES: usize = 64;

/// Members, and so rings, of the room that is slow.
const RINGS: u32 = 100;

/// Members of the room that hears everything at once.
const LISTENERS: u32 = 64;

/// Messages that a room's history keeps.
const HISTORY_SIZE: usize = 256;

/// Messages that are said: fewer than a ring has slots.
const MESSAGES: usize = 128;

// Every message once.
#[library_benchmark(setup = parser_and_messages)]
#[bench::small(128)]
#[bench::large(4_096)]
fn parse((mut parser, texts): (Parser, Vec<Vec<u8>>)) -> (Parser, Vec<Vec<u8>>) {
    for text in &texts {
        black_box(parser.parse_client(black_box(text)).is_ok());
    }
    (parser, texts)
}

/// The parser has read the longest message: its buffers are there, as in a shard that runs.
fn parser_and_messages(content_bytes: usize) -> (Parser, Vec<Vec<u8>>) {
    let text = |data| [&br#"{"type":"chat","room":"general","data":"#[..], data, b"}"].concat();
    let texts: Vec<_> = data(content_bytes).iter().map(|data| text(data)).collect();
    let mut parser = Parser::new();
    assert!(parser.parse_client(&texts[SIZES - 1]).is_ok(), "what is counted is no error");
    (parser, texts)
}

// A frame of each.
#[library_benchmark(setup = data)]
#[bench::small(128)]
#[bench::large(4_096)]
fn encode(data: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    for data in &data {
        let envelope = Envelope {
            id: Uuid::from_u128(0x019a_a0b0_0000_7000_8000_0000_0000_0001),
            kind: MessageType::Chat,
            room: Some("general"),
            from: "019aa0b0-0000-7000-8000-000000000002",
            data: black_box(data),
            timestamp: Timestamp::from_unix_millis(black_box(UNIX_MILLIS)),
        };
        let mut frame = Vec::with_capacity(envelope_frame_bytes(&envelope));
        envelope_frame(&envelope, &mut frame);
        black_box(frame);
    }
    data
}

/// `data` of so many bytes of content and more, in [`SIZES`] sizes.
fn data(content_bytes: usize) -> Vec<Vec<u8>> {
    let of = |bytes| format!(r#"{{"content":"{}"}}"#, "x".repeat(bytes)).into_bytes();
    (0..SIZES).map(|more| of(content_bytes + more)).collect()
}

#[library_benchmark(setup = slow_room)]
#[bench::message_a_turn(1)]
#[bench::messages_64_a_turn(64)]
fn ring_push((mut world, messages_a_turn): (Box<World>, usize)) -> Box<World> {
    fill(&mut world, messages_a_turn);
    world
}

#[library_benchmark(setup = full_rings)]
#[bench::message_a_turn(1)]
#[bench::messages_64_a_turn(64)]
fn ring_drain(mut world: Box<World>) -> Box<World> {
    world.sockets.appetite = Appetite::Everything;
    (0..RINGS).for_each(|member| world.shard.handle_writable(MemberId(member)));
    world.turn();
    world
}

#[library_benchmark(setup = overfull_rings)]
#[bench::oldest()]
fn ring_drop(mut world: Box<World>) -> Box<World> {
    world.say(0, "general");
    world.turn();
    world
}

/// A room whose sockets take nothing, and which has taken a turn already.
fn slow_room(messages_a_turn: usize) -> (Box<World>, usize) {
    let mut world = Box::new(World::new());
    (0..RINGS).for_each(|_| {
        world.connect(&["general"], MemberOptions::default());
    });
    world.say(0, "general");
    world.turn();
    world.sockets.appetite = Appetite::Nothing;
    (world, messages_a_turn)
}

fn full_rings(messages_a_turn: usize) -> Box<World> {
    let (mut world, _) = slow_room(messages_a_turn);
    fill(&mut world, messages_a_turn);
    assert_eq!(world.shard.frames_queued(), RINGS as usize * MESSAGES, "all wait");
    world
}

fn overfull_rings() -> Box<World> {
    let (mut world, _) = slow_room(1);
    for _ in 0..=RING_SLOTS_MAX {
        world.say(0, "general");
        world.turn();
    }
    assert_eq!(world.shard.frames_queued(), RINGS as usize * RING_SLOTS_MAX, "all are full");
    world
}

fn fill(world: &mut World, messages_a_turn: usize) {
    for _ in 0..MESSAGES / messages_a_turn {
        (0..messages_a_turn).for_each(|_| world.say(0, "general"));
        world.turn();
    }
}

// Said, and flushed to sockets that take everything: where nothing is kept, and where the last
// messages are. With one message a turn, and with 64, which is a shard at its limit.
#[library_benchmark(setup = room_without_history)]
#[bench::message_a_turn(1)]
#[bench::messages_64_a_turn(64)]
fn say_history_off((mut world, messages_a_turn): (Box<World>, usize)) -> Box<World> {
    fill(&mut world, messages_a_turn);
    world
}

#[library_benchmark(setup = room_with_history)]
#[bench::message_a_turn(1)]
#[bench::messages_64_a_turn(64)]
fn say_history_memory((mut world, messages_a_turn): (Box<World>, usize)) -> Box<World> {
    fill(&mut world, messages_a_turn);
    world
}

fn room_without_history(messages_a_turn: usize) -> (Box<World>, usize) {
    (room_that_has_heard(World::new()), messages_a_turn)
}

/// With the documented bounds.
fn room_with_history(messages_a_turn: usize) -> (Box<World>, usize) {
    let history = HistoryConfig {
        size: HISTORY_SIZE,
        ttl: Duration::from_secs(60),
        bytes_max: 64 * 1024 * 1024,
        is_shared: false,
        has_archive: false,
        traffic: Arc::new(Traffic::new(1)),
    };
    let world = room_that_has_heard(World::with_history(Some(history)));
    (world, messages_a_turn)
}

/// A room whose sockets take everything, and whose history, where it has one, is full: with each
/// message the oldest goes.
fn room_that_has_heard(mut world: World) -> Box<World> {
    (0..LISTENERS).for_each(|_| {
        world.connect(&["general"], MemberOptions::default());
    });
    for _ in 0..HISTORY_SIZE {
        world.say(0, "general");
        world.turn();
    }
    Box::new(world)
}

#[library_benchmark(setup = pod)]
#[bench::shards_1(1)]
#[bench::shards_8(8)]
#[bench::shards_64(64)]
fn fan_out(mut pod: Box<FanOutWorld>) -> Box<FanOutWorld> {
    (0..MESSAGES).for_each(|_| pod.publish());
    pod
}

/// A pod whose mailboxes have been used and emptied.
fn pod(shards: usize) -> Box<FanOutWorld> {
    let mut pod = Box::new(FanOutWorld::new(shards, vec![b'x'; 310]));
    pod.publish();
    assert_eq!(pod.drain(), shards - 1, "every shard but the speaker's own");
    pod
}

library_benchmark_group!(
    name = stations,
    benchmarks = [
        parse,
        encode,
        ring_push,
        ring_drain,
        ring_drop,
        say_history_off,
        say_history_memory,
        fan_out
    ]
);

main!(library_benchmark_groups = stations);
