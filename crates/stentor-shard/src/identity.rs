//! Who a client has proven to be, and what that allows it.
//!
//! Knows no token: how it was proven is the business of whoever lets clients in.

use std::sync::Arc;
use std::time::Duration;

use stentor_wire::room_patterns::RoomPatterns;

/// What an `auth` message is answered where nobody judges tokens.
pub const TAKES_NO_TOKENS: &str = "this server does not take tokens";

/// What an `auth` message is answered where its sender has no identity that it could renew.
pub const NOTHING_TO_RENEW: &str = "this connection came without a token and takes none now";

/// A proven identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who it is; becomes `from` of its messages.
    pub user: Arc<str>,
    /// The rooms that it may join and send to; `None` = all, and everybody.
    pub rooms: Option<RoomPatterns>,
    /// When it ends, in milliseconds since 1970: the member is closed with 4401 then, unless it
    /// was renewed. `None` = never.
    pub expires_at_unix_millis: Option<u64>,
}

impl Identity {
    /// Somebody who may use every room and stays who it is.
    pub fn unlimited(user: impl Into<Arc<str>>) -> Identity {
        Identity { user: user.into(), rooms: None, expires_at_unix_millis: None }
    }

    /// Whether it may join this room and send to it.
    pub fn allows_room(&self, room: &str) -> bool {
        self.rooms.as_ref().is_none_or(|rooms| rooms.allow(room))
    }

    /// Whether it may speak to everybody: that takes every room.
    pub fn allows_everybody(&self) -> bool {
        self.rooms.as_ref().is_none_or(RoomPatterns::allow_everything)
    }

    /// How long it still lasts by the calendar: zero where it has ended, `None` where it never
    /// does.
    pub fn remains(&self, unix_millis: u64) -> Option<Duration> {
        let end = self.expires_at_unix_millis?;
        Some(Duration::from_millis(end.saturating_sub(unix_millis)))
    }
}
