//! How messages are passed on by Redis: to every node, or to the node of their slot.

/// Which of the two kinds of channels of Redis the bus uses. All pods must use the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// `PUBLISH` and `SUBSCRIBE`. In a cluster every node passes every message to every other.
    #[default]
    Classic,
    /// `SPUBLISH` and `SSUBSCRIBE`, of Redis 7 and later: in a cluster a message costs the node of
    /// its channel's slot and no other.
    Sharded,
}
