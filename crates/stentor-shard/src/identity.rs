//! Who a client has proven to be, and what that allows it.
//!
//! Knows no token: how it was proven is the business of whoever lets clients in.

use std::sync::Arc;

use stentor_wire::room_patterns::RoomPatterns;

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
}
