//! The flush's far end: a shard's outlet, made of its connections' sockets.

use std::io::IoSlice;

use stentor_shard::time::Instant;
use stentor_shard::{MemberId, Outlet};

use crate::clock::Clock;
use crate::connection::Connections;
use crate::socket::{Socket, Writing};
use crate::tls::Workspace;

/// Writes to the sockets and collects those that turn out to be broken.
pub(crate) struct Sockets<'a> {
    pub(crate) connections: &'a mut Connections,
    pub(crate) workspace: &'a mut Workspace,
    pub(crate) clock: &'a Clock,
    pub(crate) broken: &'a mut Vec<MemberId>,
}

impl Sockets<'_> {
    fn offer(
        &mut self,
        member: MemberId,
        offered: usize,
        write: impl FnOnce(&mut Socket, &mut Workspace) -> Writing,
    ) -> usize {
        let connection = &mut self.connections[member];
        if connection.held > 0 {
            // As if its socket were full; the release says that it is not.
            return 0;
        }
        let Some(socket) = &mut connection.socket else { return offered };
        match write(socket, self.workspace) {
            Writing::Taken(taken) => taken,
            Writing::Broken => {
                self.broken.push(member);
                offered
            }
        }
    }
}

impl Outlet for Sockets<'_> {
    fn write(&mut self, member: MemberId, bytes: &[u8]) -> usize {
        self.offer(member, bytes.len(), |socket, workspace| socket.write(bytes, workspace))
    }

    fn write_slices(&mut self, member: MemberId, slices: &[IoSlice<'_>]) -> usize {
        let offered = slices.iter().map(|slice| slice.len()).sum();
        self.offer(member, offered, |socket, workspace| socket.write_slices(slices, workspace))
    }

    fn now(&mut self) -> Instant {
        self.clock.instant()
    }
}
