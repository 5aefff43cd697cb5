//! What a history remembers of messages that it let go of: enough not to lie about them.

use stentor_wire::encode::{TIMESTAMP_BYTES, message_timestamp_text, read_timestamp};

use crate::history::Entry;
use crate::time::Instant;
use crate::traffic::Passage;

/// An id's text as it stands in a frame.
type IdText = [u8; 36];

/// The messages that are gone: the last of them, and a bound of those before it.
#[derive(Clone, Debug)]
pub(crate) struct Evicted {
    /// The last one's id, where that is known.
    id: Option<IdText>,
    at: Instant,
    /// When the last one was stamped, where that is known; read only where somebody comes back.
    stamp: Option<[u8; TIMESTAMP_BYTES]>,
    passage: Passage,
    earlier: Option<Bygone>,
}

/// A bound of messages that are gone: none of them came later, none has a larger ticket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bygone {
    pub(crate) at: Instant,
    pub(crate) ticket: u64,
}

impl Evicted {
    pub(crate) fn of(entry: &Entry) -> Evicted {
        let id: Option<IdText> = entry.id().and_then(|id| id.as_bytes().try_into().ok());
        let stamp = id.and_then(|_| message_timestamp_text(&entry.frame)).copied();
        Evicted { id, at: entry.at, stamp, passage: entry.passage, earlier: None }
    }

    /// This one, which went after others.
    pub(crate) fn after(self, others: Option<&Evicted>) -> Evicted {
        let others = others.map(Evicted::all);
        let earlier = [self.earlier, others].into_iter().flatten().reduce(Bygone::and);
        Evicted { earlier, ..self }
    }

    /// The same without a word about which message was the last.
    pub(crate) fn anonymous(self) -> Evicted {
        Evicted { id: None, ..self }
    }

    /// Whether this id is that of the last one.
    pub(crate) fn is(&self, id: &str) -> bool {
        self.id.as_ref().is_some_and(|own| own == id.as_bytes())
    }

    /// When the last one came, and what was known then.
    pub(crate) fn last(&self) -> (Instant, Passage) {
        (self.at, self.passage)
    }

    /// When the last one was stamped, in milliseconds since 1970, where that is known.
    pub(crate) fn stamped_at(&self) -> Option<u64> {
        read_timestamp(self.stamp.as_ref()?).map(|stamp| stamp.unix_millis())
    }

    /// The bound of all of them.
    pub(crate) fn all(&self) -> Bygone {
        let last = Bygone { at: self.at, ticket: self.passage.ticket };
        self.earlier.map_or(last, |earlier| last.and(earlier))
    }

    /// The bound of those before the last.
    pub(crate) fn earlier(&self) -> Option<Bygone> {
        self.earlier
    }
}

impl Bygone {
    /// The bound of what both bound.
    fn and(self, other: Bygone) -> Bygone {
        Bygone { at: self.at.max(other.at), ticket: self.ticket.max(other.ticket) }
    }
}
