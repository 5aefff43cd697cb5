//! Leaving: how a socket's time here ends.

use stentor_shard::MemberId;
use stentor_shard::time::Now;

use crate::connection::Phase;
use crate::driver::reading::guard;
use crate::driver::{Driver, LINGER_TIMEOUT};
use crate::hooks::Client;

impl Driver {
    /// A member's close frame has gone out: nothing more is written, and the peer's end of stream
    /// is awaited for a while.
    pub(super) fn say_goodbye(&mut self, now: Now, id: MemberId) {
        self.forget_member(id);
        let connection = &mut self.connections[id];
        connection.phase = Phase::Lingering;
        if let Some(socket) = &mut connection.socket {
            socket.finish();
        }
        self.deadlines.schedule(id.0, now.instant, now.instant + LINGER_TIMEOUT);
    }

    /// A socket is gone, or is given up.
    pub(super) fn disconnect(&mut self, id: MemberId) {
        if matches!(self.connections[id].phase, Phase::Open) {
            self.forget_member(id);
        }
        if !matches!(self.connections[id].phase, Phase::Vacant) {
            self.release(id);
        }
    }

    fn forget_member(&mut self, id: MemberId) {
        let Some((client_id, user)) = self.shard.identity(id) else { return };
        let user = user.cloned();
        let shares_rate = self.shard.has_user_rate(id);
        let code = self.shard.handle_disconnect(id);
        self.pod.cells[self.index].count_closed(code);
        // A renewal never changes who somebody is, so this is who came in.
        if let Some(user) = user.as_ref().filter(|_| shares_rate) {
            self.pod.user_rates.leave(user);
        }
        if !self.connections[id].greeted {
            return;
        }
        let client = Client { id: client_id, user: user.as_deref() };
        let hooks = &self.pod.hooks;
        guard(|| hooks.on_disconnect(&client, code));
    }

    /// Closes the socket and frees the number.
    pub(super) fn release(&mut self, id: MemberId) {
        self.deadlines.cancel(id.0);
        self.connections.release(id);
    }
}
