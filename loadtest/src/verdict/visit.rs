//! One stay in one room: a strand for each of its talkers.

use crate::verdict::findings::{Fault, Findings};
use crate::verdict::stamp::Stamp;
use crate::verdict::strand::{Arrival, Strand};

#[cfg(test)]
mod tests;

/// What one member hears of its room's talkers while it is there.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    first_talker: usize,
    strands: Vec<Strand>,
}

impl Visit {
    /// A stay in `room`, of which nothing is owed before [`Visit::open`] or what is heard first.
    pub(crate) fn new(room: usize, talkers: usize) -> Self {
        Self { first_talker: room * talkers, strands: vec![Strand::new(u32::MAX); talkers] }
    }

    /// A stay in the same room with other accounts of its talkers.
    pub(crate) fn with_strands(&self, strands: Vec<Strand>) -> Self {
        Self { first_talker: self.first_talker, strands }
    }

    /// The door is open: what is said from here on is owed.
    pub(crate) fn open(&mut self, said: &[u32]) {
        let said = self.of_room(said);
        for (strand, said) in self.strands.iter_mut().zip(said) {
            strand.owe_from(said + 1);
        }
    }

    /// The part of `said` that concerns this room.
    pub(crate) fn of_room<'a>(&self, said: &'a [u32]) -> &'a [u32] {
        &said[self.first_talker..][..self.strands.len()]
    }

    /// The place of a message's talker in this room, none if it talks in another.
    pub(crate) fn place_of(&self, stamp: &Stamp) -> Option<usize> {
        let place = (stamp.talker as usize).checked_sub(self.first_talker)?;
        (place < self.strands.len()).then_some(place)
    }

    /// The accounts, one for each talker of the room.
    pub(crate) fn strands(&self) -> &[Strand] {
        &self.strands
    }

    /// Takes note of a message; true if it was a delivery, and no fault but its order.
    pub(crate) fn hear(
        &mut self,
        stamp: &Stamp,
        findings: &mut Findings,
        who: impl Fn() -> String,
    ) -> bool {
        let Some(place) = self.place_of(stamp) else {
            findings.add(Fault::Misrouted, 1, || {
                format!("{}: message {} of a talker elsewhere", who(), stamp.sequence)
            });
            return false;
        };
        let arrival = self.strands[place].hear(stamp.sequence);
        let who = || format!("{}, talker {place}", who());
        findings.add_arrival(arrival, stamp.sequence, who);
        arrival != Arrival::Double
    }

    /// Whether all that is owed of what was `said` in this room is heard, holes aside.
    pub(crate) fn is_settled(&self, said: &[u32]) -> bool {
        self.strands.iter().zip(said).all(|(strand, &said)| strand.is_settled(said))
    }

    /// Judges the stay: what is owed is all of `said` in this room, and what was heard beyond it.
    pub(crate) fn close(&self, said: &[u32], findings: &mut Findings, who: impl Fn() -> String) {
        for (place, (strand, &said)) in self.strands.iter().zip(said).enumerate() {
            let who = || format!("{}, talker {place}", who());
            findings.add_missing(strand, said.max(strand.heard()), who);
        }
    }

    /// Judges a stay that ended unasked: nothing behind the last message heard is owed.
    pub(crate) fn close_early(&self, findings: &mut Findings, who: impl Fn() -> String) {
        self.close(&vec![0; self.strands.len()], findings, who);
    }
}
