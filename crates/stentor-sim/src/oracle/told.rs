//! What members were told of losses between pods, and whether there was one.
//!
//! A gap that is told where nothing is missing breaks no promise: it costs a program a look-up. It
//! is counted, so that a change which tells more of them than before shows.

use std::ops::AddAssign;

use super::{Gap, Listener, Oracle, Said};
use crate::connection::ConnectionId;

/// How many gaps were told, each to one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// With a count, to a member that had missed something.
    pub counted: u64,
    /// With a count, to a member that had missed nothing.
    pub counted_falsely: u64,
    /// Without a count, to a member that had missed something.
    pub uncounted: u64,
    /// Without a count, to a member that had missed nothing.
    pub uncounted_falsely: u64,
}

impl AddAssign for Told {
    fn add_assign(&mut self, other: Told) {
        self.counted += other.counted;
        self.counted_falsely += other.counted_falsely;
        self.uncounted += other.uncounted;
        self.uncounted_falsely += other.uncounted_falsely;
    }
}

impl Oracle {
    /// Sorts what a connection was told.
    pub(super) fn judge_told(&mut self, id: ConnectionId) {
        let Some(listener) = self.listeners.get(&id) else { return };
        let mut told = Told::default();
        let concerns = |gap: &Gap| match &gap.audience {
            None => true,
            Some(audience) => listener.rooms.get(audience).is_some_and(|since| *since < gap.at),
        };
        let gaps = self.gaps_of(listener);
        for gap in gaps.iter().filter(|gap| !gap.is_of_ring && concerns(gap)) {
            let is_true = self.said.iter().any(|(number, said)| {
                !(listener.heard.contains(number) || listener.had.contains(number))
                    && listener.was_promised(id, said, gap)
            });
            let count = match (gap.missed, is_true) {
                (Some(_), true) => &mut told.counted,
                (Some(_), false) => &mut told.counted_falsely,
                (None, true) => &mut told.uncounted,
                (None, false) => &mut told.uncounted_falsely,
            };
            *count += 1;
        }
        self.verdict.told += told;
    }
}

impl Listener {
    /// Whether a gap may stand for this.
    fn was_promised(&self, id: ConnectionId, said: &Said, gap: &Gap) -> bool {
        let is_in = self.rooms.get(&said.audience).is_some_and(|since| *since < said.first_at);
        let is_of_it = gap.audience.as_ref().is_none_or(|of| *of == said.audience);
        let is_own = said.by.iter().any(|by| by.sender == id) && !self.echo;
        is_in && is_of_it && !is_own && said.first_at <= gap.at
    }
}
