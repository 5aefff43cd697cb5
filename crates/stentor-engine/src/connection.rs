//! The socket side of a connection, and the table of them that a shard's driver keeps.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use stentor_shard::MemberId;
use stentor_wire::assemble::Assembler;

use crate::gates::{Gates, Handshake, Place};
use crate::socket::Socket;

/// One socket and how far it has come. Its number is its member's number in the shard.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) socket: Option<Socket>,
    pub(crate) assembler: Assembler,
    pub(crate) phase: Phase,
    /// Its place in the pod, once it has one.
    pub(crate) place: Option<Place>,
    /// The program has let it in, and is owed word of its end.
    pub(crate) greeted: bool,
    /// Rooms that other pods are not heard in yet: nothing is written before.
    pub(crate) held: u8,
    /// It stands in one of the driver's lists of sockets with more to read.
    pub(crate) unread: bool,
    /// The peer's close frame, with its code, that is yet to be answered.
    pub(crate) goodbye: Option<Option<u16>>,
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
    /// Held for as long as it stands there.
    pub(crate) _handshake: Handshake,
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
    /// Those that wait for rooms to be heard: their handshakes are not over.
    held: HashMap<MemberId, Handshake>,
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
    pub(crate) fn release(&mut self, id: MemberId) {
        let connection = std::mem::take(&mut self[id]);
        self.parked.push(id.0);
        if connection.place.is_some() {
            self.counted -= 1;
        }
        if connection.held > 0 {
            self.held.remove(&id);
        }
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

    /// Gives the connection its place in the pod, until it is released.
    pub(crate) fn seat(&mut self, id: MemberId, place: Place) {
        self[id].place = Some(place);
        self.counted += 1;
    }

    /// The connection waits for one more room to be heard.
    pub(crate) fn hold(&mut self, id: MemberId, gates: &Arc<Gates>) {
        self[id].held += 1;
        self.held.entry(id).or_insert_with(|| gates.prolong_handshake());
    }

    /// It waits for one room less; `true` where that was the last.
    pub(crate) fn unhold(&mut self, id: MemberId) -> bool {
        let connection = &mut self[id];
        connection.held = connection.held.saturating_sub(1);
        let is_free = connection.held == 0;
        if is_free {
            self.held.remove(&id);
        }
        is_free
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
