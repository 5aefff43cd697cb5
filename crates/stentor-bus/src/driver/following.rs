//! Following: which of the messages under way somebody traces, by their tickets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Driver;
use crate::follow::Follow;
use crate::link::LinkState;
use crate::pipeline::Outcome;
use crate::record::Ticket;

/// The most messages that are followed at once; one more goes its way without, and is missing in
/// what its publication's span counts.
const FOLLOWED_MAX: usize = 4_096;

/// The messages that Redis was given, or is to be given next.
#[derive(Debug, Default)]
pub(super) struct Followed(BTreeMap<Ticket, Arc<Follow>>);

impl Followed {
    /// The message of this ticket has no answer yet.
    fn begin(&mut self, ticket: Ticket, follow: Arc<Follow>) {
        if self.0.len() < FOLLOWED_MAX {
            self.0.insert(ticket, follow);
        }
    }

    /// Its publish has ended. Where it is tried again nobody follows that.
    pub(super) fn end(&mut self, ticket: Ticket, outcome: Outcome) {
        let Some(follow) = self.0.remove(&ticket) else { return };
        match outcome {
            Outcome::Published => follow.note_published(),
            Outcome::Lost | Outcome::Away => follow.note_deferred(),
            Outcome::Refused => {}
        }
    }

    /// The link is down: whatever had no answer waits for the next one.
    pub(super) fn end_all(&mut self) {
        for follow in std::mem::take(&mut self.0).into_values() {
            follow.note_deferred();
        }
    }

    fn first(&self) -> Option<Ticket> {
        self.0.keys().next().copied()
    }
}

impl Driver {
    /// Follows the message that was numbered last.
    pub(super) fn follow_newest(&mut self, follow: Arc<Follow>) {
        if *self.ends.link.borrow() == LinkState::Up {
            self.followed.begin(self.pipeline.newest(), follow);
        } else {
            follow.note_deferred();
        }
    }

    /// Lets go of messages that were dropped before they were given to Redis.
    pub(super) fn forget_settled(&mut self) {
        while let Some(first) =
            self.followed.first().filter(|first| self.pipeline.has_settled(*first))
        {
            self.followed.end(first, Outcome::Refused);
        }
    }
}
