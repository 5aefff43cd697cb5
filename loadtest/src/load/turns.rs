//! Whose turn it is to talk: messages go round all talkers, and a process says its own only.
//!
//! Knows numbers only. Turns are counted over all processes, so that each can tell by itself when
//! its talkers have theirs.

#[cfg(test)]
mod tests;

/// The turns of one process's talkers in a round of all of them.
#[derive(Debug)]
pub(crate) struct Turns {
    /// Ascending, each below the length of a round.
    own: Box<[u32]>,
    round: u64,
    /// The turn, counted from the beginning of its round, that the schedule began with.
    first: u64,
    /// How many turns of its own the process has had since the beginning of that round.
    taken: u64,
}

impl Turns {
    /// The turns `own`, ascending, in rounds of `round` turns.
    pub(crate) fn new(own: Box<[u32]>, round: usize) -> Self {
        Self { own, round: round.max(1) as u64, first: 0, taken: 0 }
    }

    /// Begins a schedule whose first message is turn `turn`.
    pub(crate) fn begin(&mut self, turn: u64) {
        self.first = turn % self.round;
        self.taken = self.own.partition_point(|own| u64::from(*own) < self.first) as u64;
    }

    /// Which message of the schedule is the next of ours, from 0; none if we have no talker.
    pub(crate) fn next_message(&self) -> Option<u64> {
        let (rounds, place) = self.next()?;
        Some(rounds * self.round + u64::from(self.own[place]) - self.first)
    }

    /// Takes it, and says whose it is, by the place among our own turns.
    pub(crate) fn take(&mut self) -> Option<usize> {
        let (_, place) = self.next()?;
        self.taken += 1;
        Some(place)
    }

    fn next(&self) -> Option<(u64, usize)> {
        let count = self.own.len() as u64;
        (count > 0).then(|| (self.taken / count, (self.taken % count) as usize))
    }
}
