//! The flush's far end: a shard's outlet, made of its connections' sockets.

use std::io::IoSlice;

use stentor_shard::time::Instant;
use stentor_shard::{MemberId, Outlet};

use crate::clock::Clock;
use crate::connection::Connections;
use crate::socket::{Socket, Transfer};

/// Writes to the sockets and collects those that turn out to be broken.
pub(crate) struct Sockets<'a> {
    pub(crate) connections: &'a Connections,
    pub(crate) clock: &'a Clock,
    pub(crate) broken: &'a mut Vec<MemberId>,
}

impl Sockets<'_> {
    fn offer(
        &mut self,
        member: MemberId,
        offered: usize,
        write: impl FnOnce(&Socket) -> Transfer,
    ) -> usize {
        let connection = &self.connections[member];
        if connection.held > 0 {
            // As if its socket were full; the release says that it is not.
            return 0;
        }
        let Some(socket) = &connection.socket else { return offered };
        match write(socket) {
            Transfer::Bytes(taken) => taken,
            Transfer::Blocked => 0,
            Transfer::Broken => {
                self.broken.push(member);
                offered
            }
        }
    }
}

impl Outlet for Sockets<'_> {
    fn write(&mut self, member: MemberId, bytes: &[u8]) -> usize {
        self.offer(member, bytes.len(), |socket| socket.write(bytes))
    }

    fn write_slices(&mut self, member: MemberId, slices: &[IoSlice<'_>]) -> usize {
        let offered = slices.iter().map(|slice| slice.len()).sum();
        self.offer(member, offered, |socket| socket.write_slices(slices))
    }

    fn now(&mut self) -> Instant {
        self.clock.instant()
    }
}
