//! What one receiver hears of one talker, from the message on that it is owed.
//!
//! Knows numbers only. The [`Auditor`](crate::verdict::auditor::Auditor) judges a fixed crowd from
//! the first message on; a strand judges one who came later, left, or was told of a gap.

use std::ops::RangeInclusive;

#[cfg(test)]
mod tests;

/// How many holes are kept with their ends; what further ones hold is counted only.
const HOLES_MAX: usize = 4_096;

/// What a message is to the one who hears it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    /// The next one, or the first.
    InLine,
    /// So many before it have not come.
    AfterHole(u32),
    /// It had not come, and a later one had.
    Late,
    /// It had come.
    Double,
}

/// The account of one receiver and talker.
#[derive(Clone, Debug)]
pub(crate) struct Strand {
    /// The first message that is owed where an earlier one is not heard.
    owed_from: u32,
    /// The first and the highest message heard; 0 for none.
    first: u32,
    heard: u32,
    holes: Vec<RangeInclusive<u32>>,
    /// What is missing in holes that were not kept.
    uncounted: u64,
}

impl Strand {
    /// A receiver who is owed message `owed_from`, what follows it, and what follows any earlier
    /// message that it hears; `u32::MAX` owes nothing before the first one heard.
    pub(crate) fn new(owed_from: u32) -> Self {
        Self { owed_from, first: 0, heard: 0, holes: Vec::new(), uncounted: 0 }
    }

    /// From here on everything is owed, unless something was heard already.
    pub(crate) fn owe_from(&mut self, sequence: u32) {
        self.owed_from = self.owed_from.min(sequence);
    }

    /// The highest message heard, 0 for none.
    pub(crate) fn heard(&self) -> u32 {
        self.heard
    }

    /// The first message that was owed, or heard if that is an earlier one.
    pub(crate) fn begin(&self) -> u32 {
        if self.heard == 0 { self.owed_from } else { self.owed_from.min(self.first) }
    }

    /// The message that must come next: everything before it is settled, or was never owed.
    pub(crate) fn next(&self) -> u32 {
        if self.heard == 0 { self.owed_from } else { self.heard.saturating_add(1) }
    }

    /// Takes note of message `sequence`, counted from 1.
    pub(crate) fn hear(&mut self, sequence: u32) -> Arrival {
        if self.heard == 0 {
            self.first = sequence;
        } else if sequence <= self.heard {
            return self.hear_again(sequence);
        }
        let expected = self.next();
        self.heard = sequence;
        if sequence <= expected {
            return Arrival::InLine;
        }
        if self.holes.len() < HOLES_MAX {
            self.holes.push(expected..=sequence - 1);
        } else {
            self.uncounted += u64::from(sequence - expected);
        }
        Arrival::AfterHole(sequence - expected)
    }

    /// Whether all that is owed of what was said has been heard, holes aside.
    pub(crate) fn is_settled(&self, said: u32) -> bool {
        self.next() > said
    }

    /// The stretches that never came: the holes in order, and what is missing at the end.
    pub(crate) fn missing(&self, said: u32) -> impl Iterator<Item = RangeInclusive<u32>> {
        let tail = (!self.is_settled(said)).then(|| self.next()..=said);
        self.holes.iter().cloned().chain(tail)
    }

    /// How many messages never came.
    pub(crate) fn lost(&self, said: u32) -> u64 {
        let stretches = self.missing(said).map(|hole| u64::from(hole.end() - hole.start()) + 1);
        stretches.sum::<u64>() + self.uncounted
    }

    fn hear_again(&mut self, sequence: u32) -> Arrival {
        let Some(at) = self.holes.iter().position(|hole| hole.contains(&sequence)) else {
            // Nothing before the first one was owed, but in order it must be.
            return if sequence < self.first { Arrival::Late } else { Arrival::Double };
        };
        let hole = self.holes.remove(at);
        let rests = [*hole.start()..=sequence - 1, sequence + 1..=*hole.end()];
        self.holes.splice(at..at, rests.into_iter().filter(|rest| !rest.is_empty()));
        Arrival::Late
    }
}
