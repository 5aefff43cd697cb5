//! A shard in a world of its own: sockets that take as many bytes as a test says, and a clock that
//! only a test moves.

mod closes;
mod drain;
mod fan_out;
mod flush_caps;
mod flush_gap;
mod heartbeat;
mod identity;
mod missing;
mod presence;
mod presence_crowd;
mod property;
mod rate;
mod recalling;
mod resends;
mod resume;
mod resume_property;
mod rings;
mod rooms;
mod sockets;
mod standouts;
mod tokens;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use stentor_wire::draft::{Draft, RoomField};
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use stentor_wire::room_patterns::RoomPatterns;
use uuid::Uuid;

use self::sockets::{Heard, Sockets};
use super::{Connect, Delivery, Shard};
use crate::config::{HistoryConfig, MemberOptions, ShardConfig, SlowConsumer};
use crate::event::Event;
use crate::identity::Identity;
use crate::numbers::MemberId;
use crate::rate::UserRate;
use crate::time::{Instant, Now};
use crate::traffic::{Passage, Traffic};

const PLAIN: MemberOptions =
    MemberOptions { events: false, presence: false, ack: false, echo: true };
const MUTED: MemberOptions = MemberOptions { echo: false, ..PLAIN };
const EVENTS: MemberOptions = MemberOptions { events: true, ..PLAIN };
const ACKS: MemberOptions = MemberOptions { ack: true, ..PLAIN };

/// 2026-02-05T00:00:00Z.
const CALENDAR_START_MILLIS: u64 = 1_770_249_600_000;

struct World {
    shard: Shard,
    sockets: Sockets,
    /// Every event so far but [`Event::Closing`].
    events: Vec<Event>,
    /// Every member that finished so far.
    finished: Vec<MemberId>,
    /// How far the calendar was set, in milliseconds.
    calendar_set: i64,
}

impl World {
    fn new() -> World {
        World::with(|_| ())
    }

    fn with(change: impl FnOnce(&mut ShardConfig)) -> World {
        let mut config = ShardConfig { pod: "pod-a".into(), ..ShardConfig::default() };
        change(&mut config);
        World {
            shard: Shard::new(config),
            sockets: Sockets::default(),
            events: Vec::new(),
            finished: Vec::new(),
            calendar_set: 0,
        }
    }

    fn now(&self) -> Now {
        let instant = self.sockets.clock;
        let unix_millis = CALENDAR_START_MILLIS + instant.micros() / 1_000;
        Now { instant, unix_millis: unix_millis.saturating_add_signed(self.calendar_set) }
    }

    /// Lets time pass and the shard do what became due.
    fn pass(&mut self, time: Duration) {
        self.sockets.clock = self.sockets.clock + time;
        self.shard.handle_timeout(self.now());
    }

    fn connect(&mut self, member: u32, rooms: &[&str]) -> Uuid {
        self.connect_with(member, rooms, PLAIN)
    }

    fn connect_with(&mut self, member: u32, rooms: &[&str], options: MemberOptions) -> Uuid {
        self.connect_as(member, rooms, options, None)
    }

    fn connect_as(
        &mut self,
        member: u32,
        rooms: &[&str],
        options: MemberOptions,
        identity: Option<Identity>,
    ) -> Uuid {
        self.connect_sharing(member, rooms, options, identity, None)
    }

    fn connect_sharing(
        &mut self,
        member: u32,
        rooms: &[&str],
        options: MemberOptions,
        identity: Option<Identity>,
        user_rate: Option<Arc<UserRate>>,
    ) -> Uuid {
        let connect = Connect {
            identity: identity.map(Box::new),
            user_rate,
            ..connect(member, rooms, options)
        };
        self.enter(connect)
    }

    /// A member comes back that heard this message last.
    fn come_back(&mut self, member: u32, rooms: &[&str], last_id: Uuid) {
        let options = MemberOptions { events: true, ..PLAIN };
        self.enter(Connect { last_id: Some(last_id), ..connect(member, rooms, options) });
    }

    fn enter(&mut self, connect: Connect) -> Uuid {
        self.sockets.open(connect.member);
        self.shard.handle_connect(self.now(), connect)
    }

    /// A member says `text` in `room`; the empty name is everybody.
    fn say(&mut self, member: u32, room: &str, text: &str) {
        self.say_as(member, room, text, None);
    }

    fn say_as(&mut self, member: u32, room: &str, text: &str, id: Option<Uuid>) {
        let data = format!("\"{text}\"");
        let draft = Draft { id, data: data.as_bytes(), ..draft(MessageType::Chat, room) };
        self.shard.handle_draft(self.now(), MemberId(member), &draft);
    }

    fn join(&mut self, member: u32, room: &str) {
        self.shard.handle_draft(self.now(), MemberId(member), &draft(MessageType::Join, room));
    }

    fn leave(&mut self, member: u32, room: &str) {
        self.shard.handle_draft(self.now(), MemberId(member), &draft(MessageType::Leave, room));
    }

    /// A member shows a token that says this, or one that is not believed.
    fn renew(&mut self, member: u32, judged: Result<Identity, &'static str>) {
        let judged = judged.map_err(Cow::Borrowed);
        self.shard.handle_renewal(self.now(), MemberId(member), judged, Some("ref"));
    }

    /// A message from another shard.
    fn deliver(&mut self, room: &str, text: &str, chosen_id: Option<Uuid>) {
        let delivery = Delivery {
            room: (!room.is_empty()).then(|| name(room)),
            frame: sockets::chat_frame(room, text, chosen_id),
            chosen_id,
            passage: Passage::UNKNOWN,
        };
        self.shard.handle_delivery(self.now(), &delivery);
    }

    /// One flush, with what the pod would answer to the events of the turn before it.
    fn flush(&mut self) {
        self.emit();
        self.flush_only();
        self.emit();
    }

    fn flush_only(&mut self) {
        let now = self.now();
        self.shard.flush(now, &mut self.sockets);
        self.finished.extend(std::iter::from_fn(|| self.shard.poll_finished()));
    }

    /// Flushes until nothing is left that can be written now; returns how often.
    fn turn(&mut self) -> usize {
        for flushes in 1..10_000 {
            self.flush();
            if !self.shard.has_work() {
                return flushes;
            }
        }
        panic!("the shard always has more to flush");
    }

    fn emit(&mut self) {
        while let Some(event) = self.shard.poll_event() {
            let now = self.now();
            match &event {
                Event::Closing { .. } | Event::HistoryWanted { .. } | Event::Presence { .. } => {
                    continue;
                }
                Event::Joined { member, room, asked: true, .. }
                | Event::Present { member, room } => {
                    self.shard.handle_joined(now, *member, room, 1);
                }
                Event::Left { member, room, asked: true, .. } => {
                    self.shard.handle_left(now, *member, room, 0);
                }
                Event::Published { .. } | Event::Joined { .. } | Event::Left { .. } => {}
            }
            self.events.push(event);
        }
    }

    /// From here on the member's socket takes so many bytes and no more.
    fn limit(&mut self, member: u32, bytes: usize) {
        self.sockets.limit(MemberId(member), bytes);
    }

    /// The member's socket has room for so many bytes again, and the shard hears of it.
    fn unblock(&mut self, member: u32, bytes: usize) {
        self.limit(member, bytes);
        self.shard.handle_writable(MemberId(member));
    }

    fn disconnect(&mut self, member: u32) {
        self.shard.handle_disconnect(MemberId(member));
    }

    /// What the member heard since it connected, one word or sentence a frame.
    fn heard(&self, member: u32) -> Vec<String> {
        self.frames(member).iter().map(Heard::label).collect()
    }

    fn frames(&self, member: u32) -> Vec<Heard> {
        self.sockets.heard(MemberId(member))
    }

    fn writes(&self, member: u32) -> usize {
        self.sockets.writes(MemberId(member))
    }

    fn queued(&self, member: u32) -> usize {
        let member = self.shard.member(MemberId(member));
        member.and_then(|member| member.ring.as_ref()).map_or(0, |ring| ring.len())
    }
}

fn connect(member: u32, rooms: &[&str], options: MemberOptions) -> Connect {
    Connect {
        member: MemberId(member),
        identity: None,
        user_rate: None,
        rooms: rooms.iter().map(|room| name(room)).collect(),
        options,
        preface: Vec::new(),
        last_id: None,
    }
}

/// A history of a pod with one shard, which is alone, with the documented bounds.
fn history() -> HistoryConfig {
    HistoryConfig {
        size: 256,
        ttl: Duration::from_secs(60),
        bytes_max: 64 * 1024 * 1024,
        is_shared: false,
        has_archive: false,
        traffic: Arc::new(Traffic::new(1)),
    }
}

fn draft(kind: MessageType, room: &str) -> Draft<'_> {
    let room = match room {
        "" => RoomField::Global,
        room => RoomField::Named(Cow::Borrowed(room)),
    };
    Draft { id: None, reference: None, kind, room, from: None, timestamp: None, data: b"{}" }
}

/// Ann, who may use the rooms that match one of the patterns.
fn ann(patterns: &[&str]) -> Identity {
    let rooms = RoomPatterns::parse(patterns.iter().copied()).expect("valid patterns");
    Identity { rooms: Some(rooms), ..Identity::unlimited("ann") }
}

fn name(room: &str) -> RoomName {
    RoomName::parse(room).expect("a valid room name")
}

/// `count` messages named by their number.
fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn at(time: Duration) -> Instant {
    Instant::default() + time
}
