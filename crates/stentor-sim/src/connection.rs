//! A connection: a socket of bounded size, and what each side knows of it.

use std::collections::VecDeque;
use std::io::IoSlice;

use stentor_shard::time::Instant;
use stentor_shard::{MemberId, Outlet};
use stentor_wire::assemble::Assembler;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::queue::Lane;

/// Names a connection; no number twice.
pub(crate) type ConnectionId = usize;

/// What the way from a pod to a client holds before it is full, in bytes.
const SOCKET_BYTES_MAX: usize = 16 * 1024;

/// How far the pod is with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its handshake waits until its rooms are heard.
    AtTheDoor,
    /// It is a member.
    Open,
    /// It is none any more.
    Gone,
}

/// How a client reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    Usual,
    /// A little now and then.
    Slow,
    /// Never again, and it says nothing either.
    Never,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: usize,
    /// Which run of which pod.
    pub(crate) pod: usize,
    pub(crate) shard: usize,
    pub(crate) member: MemberId,
    pub(crate) rooms: Vec<RoomName>,
    /// What it resumes behind.
    pub(crate) last_id: Option<Uuid>,
    pub(crate) last_number: Option<u64>,
    pub(crate) phase: Phase,
    pub(crate) assembler: Assembler,

    /// The way to the client.
    pub(crate) socket: VecDeque<u8>,
    /// The pod was told that it is full, and waits to hear that it is not.
    pub(crate) is_full: bool,
    /// Nothing follows what is in the socket.
    pub(crate) is_finished: bool,
    pub(crate) is_read_scheduled: bool,
    pub(crate) to_pod: Lane,

    /// The client knows that it is in.
    pub(crate) is_accepted: bool,
    /// The client has ended it, or knows that it has ended.
    pub(crate) is_over: bool,
    /// What its replay has for it yet, in messages; `None` before and behind it.
    pub(crate) replayed: Option<u64>,
    pub(crate) pace: Pace,
    /// It was read slowly once, so nothing is promised about when it hears something.
    pub(crate) was_slow: bool,
    /// Bytes of a frame that is not whole.
    pub(crate) unread: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(client: usize, pod: usize, shard: usize, rooms: Vec<RoomName>) -> Connection {
        Connection {
            client,
            pod,
            shard,
            member: MemberId(0),
            rooms,
            last_id: None,
            last_number: None,
            phase: Phase::AtTheDoor,
            assembler: Assembler::default(),
            socket: VecDeque::new(),
            is_full: false,
            is_finished: false,
            is_read_scheduled: false,
            to_pod: Lane::default(),
            is_accepted: false,
            is_over: false,
            replayed: None,
            pace: Pace::Usual,
            was_slow: false,
            unread: Vec::new(),
        }
    }

    /// How many bytes of these the socket takes. One that the client has ended takes all.
    fn write(&mut self, bytes: &[u8]) -> usize {
        if self.is_over {
            return bytes.len();
        }
        let taken = bytes.len().min(SOCKET_BYTES_MAX - self.socket.len());
        self.socket.extend(&bytes[..taken]);
        self.is_full = taken < bytes.len();
        taken
    }
}

/// The sockets of one shard, as its flush sees them.
pub(crate) struct Sockets<'a> {
    pub(crate) connections: &'a mut [Connection],
    /// Which connection has which number in the shard.
    pub(crate) members: &'a [Option<ConnectionId>],
    pub(crate) now: Instant,
    /// Connections that were written to.
    pub(crate) written: Vec<ConnectionId>,
}

impl Outlet for Sockets<'_> {
    fn write(&mut self, member: MemberId, bytes: &[u8]) -> usize {
        let Some(id) = self.members.get(member.index()).copied().flatten() else {
            return bytes.len();
        };
        self.written.push(id);
        self.connections[id].write(bytes)
    }

    fn write_slices(&mut self, member: MemberId, slices: &[IoSlice<'_>]) -> usize {
        let mut taken = 0;
        for slice in slices {
            let now = self.write(member, slice);
            taken += now;
            if now < slice.len() {
                break;
            }
        }
        taken
    }

    fn now(&mut self) -> Instant {
        self.now
    }
}
