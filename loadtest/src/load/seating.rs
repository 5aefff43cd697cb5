//! Who sits in which room: rooms of equal size, dealt out to connections that may be in many.
//!
//! Knows numbers only. What it promises: every room has exactly as many members as was asked for,
//! no connection is in a room twice, and every connection is in equally many rooms.

use fastrand::Rng;

use crate::failure::Failure;

#[cfg(test)]
mod tests;

/// How many rooms a connection may be in: what a Stentor server allows.
pub(crate) const ROOMS_PER_CONNECTION_MAX: usize = 128;

/// Who hears whom: rooms of equal size, the first members of each being its talkers.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seating {
    /// How many rooms there are.
    pub(crate) rooms: usize,
    /// How many members each room has.
    pub(crate) members: usize,
    /// How many of a room's members talk; talkers are numbered room after room.
    pub(crate) talkers: usize,
    /// How many rooms each connection is in.
    pub(crate) rooms_per_connection: usize,
}

impl Seating {
    /// Makes sure that rooms and connections come out even.
    ///
    /// # Errors
    /// If there are more talkers than members, or the rooms are no multiple of what a connection
    /// is in, or that is more than 128.
    pub(crate) fn check(self) -> Result<Self, Failure> {
        let Self { rooms, members, talkers, rooms_per_connection } = self;
        if talkers > members {
            return Err(Failure::new(format!(
                "{talkers} talkers a room are more than its {members} members"
            )));
        }
        if !(1..=ROOMS_PER_CONNECTION_MAX).contains(&rooms_per_connection) {
            return Err(Failure::new(format!(
                "a connection is in 1 to {ROOMS_PER_CONNECTION_MAX} rooms, not \
                 {rooms_per_connection}"
            )));
        }
        if !rooms.is_multiple_of(rooms_per_connection) {
            return Err(Failure::new(format!(
                "{rooms} rooms are no multiple of the {rooms_per_connection} that each connection \
                 is in"
            )));
        }
        Ok(self)
    }

    /// How many connections that makes.
    pub(crate) fn connections(self) -> usize {
        self.rooms / self.rooms_per_connection * self.members
    }

    /// How many memberships that makes.
    pub(crate) fn seats(self) -> usize {
        self.rooms * self.members
    }

    /// How many talkers that makes.
    pub(crate) fn talkers_total(self) -> usize {
        self.rooms * self.talkers
    }

    /// How many talkers the rooms of one round have.
    pub(crate) fn talkers_per_round(self) -> usize {
        self.rooms / self.rooms_per_connection * self.talkers
    }
}

/// Every seat and who sits there: eight bytes a membership.
///
/// The rooms are dealt out in as many rounds as a connection is in rooms. In each round every
/// connection gets one seat: in the first by its number, in every further one shuffled anew, the
/// same way in every run. So two rooms of different rounds have different members, unless one
/// room holds everybody.
#[derive(Debug)]
pub(crate) struct SeatMap {
    seating: Seating,
    /// The connection at each seat; seats are numbered room after room.
    sitters: Box<[u32]>,
    /// The room that a connection got, at round × connections + connection.
    rooms: Box<[u32]>,
}

impl SeatMap {
    /// Deals the seats out; the seating is a checked one.
    pub(crate) fn deal(seating: Seating) -> Self {
        let connections = seating.connections();
        let mut sitters: Vec<u32> = Vec::with_capacity(seating.seats());
        let mut rooms = vec![0; seating.seats()].into_boxed_slice();
        for round in 0..seating.rooms_per_connection {
            let begin = sitters.len();
            sitters.extend(0..connections as u32);
            if round > 0 {
                Rng::with_seed(round as u64).shuffle(&mut sitters[begin..]);
            }
            for (seat, &connection) in sitters.iter().enumerate().skip(begin) {
                rooms[begin + connection as usize] = (seat / seating.members) as u32;
            }
        }
        Self { seating, sitters: sitters.into_boxed_slice(), rooms }
    }

    /// The seating that was dealt.
    pub(crate) fn seating(&self) -> Seating {
        self.seating
    }

    /// The rooms of a connection, one from each round.
    pub(crate) fn rooms_of(&self, connection: usize) -> impl ExactSizeIterator<Item = usize> {
        let connections = self.seating.connections();
        (0..self.seating.rooms_per_connection)
            .map(move |round| self.rooms[round * connections + connection] as usize)
    }

    /// The room of each chair: of connection 0 in the first round, then of connection 1, and so on
    /// through all rounds.
    pub(crate) fn rooms_by_chair(&self) -> &[u32] {
        &self.rooms
    }

    /// The connections in a room; its talkers are the first of them.
    pub(crate) fn members_of(&self, room: usize) -> &[u32] {
        &self.sitters[room * self.seating.members..][..self.seating.members]
    }

    /// The connection of a talker.
    pub(crate) fn connection_of(&self, talker: usize) -> usize {
        let Seating { talkers, .. } = self.seating;
        self.members_of(talker / talkers)[talker % talkers] as usize
    }
}
