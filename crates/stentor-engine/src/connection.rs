//! The socket side of a connection, and the table of them that a shard's driver keeps.

use std::net::SocketAddr;
use std::ops::{Index, IndexMut};

use stentor_shard::MemberId;
use stentor_wire::assemble::Assembler;

use crate::socket::Socket;

/// One socket and how far it has come. Its number is its member's number in the shard.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) socket: Option<Socket>,
    pub(crate) assembler: Assembler,
    pub(crate) phase: Phase,
    /// It holds one of the pod's places.
    pub(crate) counted: bool,
    /// The program has let it in, and is owed word of its end.
    pub(crate) greeted: bool,
    /// Rooms that other pods are not heard in yet: nothing is written before.
    pub(crate) held: u8,
    /// It stands in one of the driver's lists of sockets with more to read.
    pub(crate) unread: bool,
    /// The peer's stream has ended behind what can still be read; no event will say so again.
    pub(crate) ended: bool,
}

/// How far a connection has come.
#[derive(Debug, Default)]
pub(crate) enum Phase {
    /// The number is free.
    #[default]
    Vacant,
    /// It stands at the door; this is what it has said so far.
    AtTheDoor(Box<Waiting>),
    /// It is a member, or was told to close and has not read that yet.
    Open,
    /// Everything was written; the peer's end of stream is awaited, so that closing resets
    /// nothing that it has not read yet.
    Lingering,
}

/// What a socket at the door has said so far.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) peer: SocketAddr,
    pub(crate) received: Vec<u8>,
}

/// How large an empty table may be before it is given back.
const SPARE_SLOTS_MAX: usize = 1_024;

/// All connections of a shard by number.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    slots: Vec<Connection>,
    free: Vec<u32>,
    /// Numbers that are free as soon as the shard's events about their last owners are told.
    parked: Vec<u32>,
    counted: usize,
}

impl Connections {
    /// A free number.
    pub(crate) fn reserve(&mut self) -> MemberId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Connection::default());
            u32::try_from(self.slots.len() - 1).expect("fewer sockets than 2^32")
        });
        MemberId(index)
    }

    /// Drops everything that a number stood for, its socket too; [`Connections::unpark`] frees it.
    /// Returns whether it held one of the pod's places.
    pub(crate) fn release(&mut self, id: MemberId) -> bool {
        let connection = std::mem::take(&mut self[id]);
        self.parked.push(id.0);
        if connection.counted {
            self.counted -= 1;
        }
        connection.counted
    }

    /// Frees the numbers that were released; nobody speaks of their last owners any more. `true`:
    /// a crowd has left, and its table was given back.
    pub(crate) fn unpark(&mut self) -> bool {
        self.free.append(&mut self.parked);
        // Once nobody is there, the memory of a past crowd goes back.
        let left = self.free.len() == self.slots.len() && self.slots.len() > SPARE_SLOTS_MAX;
        if left {
            *self = Connections::default();
        }
        left
    }

    /// Notes that the connection holds one of the pod's places.
    pub(crate) fn count(&mut self, id: MemberId) {
        self[id].counted = true;
        self.counted += 1;
    }

    /// Connections that hold one of the pod's places.
    pub(crate) fn counted(&self) -> usize {
        self.counted
    }

    /// Sockets without a place: at the door, or dismissed from it.
    pub(crate) fn uncounted(&self) -> usize {
        self.slots.len() - self.free.len() - self.parked.len() - self.counted
    }

    /// Every number that was ever given out.
    pub(crate) fn ids(&self) -> impl Iterator<Item = MemberId> + use<> {
        (0..self.slots.len() as u32).map(MemberId)
    }

    pub(crate) fn get_mut(&mut self, id: MemberId) -> Option<&mut Connection> {
        self.slots.get_mut(id.index())
    }
}

impl Index<MemberId> for Connections {
    type Output = Connection;

    fn index(&self, id: MemberId) -> &Connection {
        &self.slots[id.index()]
    }
}

impl IndexMut<MemberId> for Connections {
    fn index_mut(&mut self, id: MemberId) -> &mut Connection {
        &mut self.slots[id.index()]
    }
}
