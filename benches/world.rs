//! A shard with members and without a kernel: what the benches of `room`, `flush` and `ring` and
//! the counted `instructions` stand on.
//!
//! Its clock stands still, so that no flush counts as costly and nothing is held back.

use std::borrow::Cow;
use std::io::IoSlice;

use stentor_shard::time::{Instant, Now};
use stentor_shard::{Connect, HistoryConfig, MemberId, MemberOptions};
use stentor_shard::{Outlet, Shard, ShardConfig, SlowConsumer};
use stentor_wire::draft::{Draft, RoomField};
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

/// 2026-11-21T00:00:00Z.
const NOW: Now = Now { instant: Instant::from_micros(0), unix_millis: 1_795_219_200_000 };

/// A shard, its sockets and what its members say.
pub(crate) struct World {
    pub(crate) shard: Shard,
    pub(crate) sockets: Sockets,
    /// The `data` of every message: 128 bytes of content.
    data: Vec<u8>,
    /// How many members there are.
    members: u32,
}

/// Sockets that all take the same share of what they are offered.
pub(crate) struct Sockets {
    pub(crate) appetite: Appetite,
}

/// How much of a write a socket takes.
#[allow(dead_code, reason = "every bench compiles this file, and not every one needs all shares")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Appetite {
    Everything,
    Half,
    Nothing,
}

impl World {
    /// A shard whose slow members lose the oldest messages.
    pub(crate) fn new() -> World {
        World::with_history(None)
    }

    /// The same, where this is kept of what is said.
    pub(crate) fn with_history(history: Option<HistoryConfig>) -> World {
        let slow_consumer = SlowConsumer::Gap;
        let config = ShardConfig { slow_consumer, history, ..ShardConfig::default() };
        World {
            shard: Shard::new(config),
            sockets: Sockets { appetite: Appetite::Everything },
            data: format!(r#"{{"content":"{}"}}"#, "x".repeat(128)).into_bytes(),
            members: 0,
        }
    }

    /// One more member, in these rooms; returns its number.
    pub(crate) fn connect(&mut self, rooms: &[&str], options: MemberOptions) -> u32 {
        let member = self.members;
        self.members += 1;
        let name = |room: &&str| RoomName::parse(room).expect("a valid room name");
        let connect = Connect {
            member: MemberId(member),
            identity: None,
            user_rate: None,
            rooms: rooms.iter().map(name).collect(),
            options,
            preface: Vec::new(),
            last_id: None,
        };
        self.shard.handle_connect(NOW, connect);
        member
    }

    /// A member says something in a room.
    pub(crate) fn say(&mut self, member: u32, room: &str) {
        self.say_with_id(member, room, None);
    }

    /// The same, with an id of its own choosing.
    pub(crate) fn say_with_id(&mut self, member: u32, room: &str, id: Option<Uuid>) {
        let draft = Draft {
            id,
            reference: None,
            kind: MessageType::Chat,
            room: RoomField::Named(Cow::Borrowed(room)),
            from: None,
            timestamp: None,
            data: &self.data,
        };
        self.shard.handle_draft(NOW, MemberId(member), &draft);
    }

    /// What a driver does at the end of a turn, until nothing is left that can be done now.
    pub(crate) fn turn(&mut self) {
        while self.shard.poll_event().is_some() {}
        self.flush();
    }

    /// The same where all events are out: turn buffers and rings → sockets.
    pub(crate) fn flush(&mut self) {
        loop {
            self.shard.flush(NOW, &mut self.sockets);
            if self.shard.poll_timeout(NOW.instant) != Some(NOW.instant) {
                return;
            }
        }
    }
}

impl Sockets {
    fn take(&self, offered: usize) -> usize {
        match self.appetite {
            Appetite::Everything => offered,
            Appetite::Half => offered / 2,
            Appetite::Nothing => 0,
        }
    }
}

impl Outlet for Sockets {
    fn write(&mut self, _: MemberId, bytes: &[u8]) -> usize {
        self.take(bytes.len())
    }

    fn write_slices(&mut self, _: MemberId, slices: &[IoSlice<'_>]) -> usize {
        self.take(slices.iter().map(|slice| slice.len()).sum())
    }

    fn now(&mut self) -> Instant {
        NOW.instant
    }
}
