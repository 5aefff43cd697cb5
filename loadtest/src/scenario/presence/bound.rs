//! How much may be told at the most: names to few, and a number once a second to many.

use std::time::Duration;

use crate::report::figure::grouped;
use crate::scenario::presence::words::Told;

#[cfg(test)]
mod tests;

/// Numbers that one may be told beside one a second: the first, and that of the change to names.
const NUMBERS_BESIDE: u64 = 2;

/// What the bound is made of.
#[derive(Copy, Clone, Debug)]
pub(super) struct Bound {
    /// Up to how many members names are told.
    pub(super) names_max: u64,
    /// How many are told.
    pub(super) hearers: u64,
    /// For how long.
    pub(super) span: Duration,
}

impl Bound {
    /// What is above the bound, in words. Nobody is told more numbers than seconds have passed, and
    /// as many as get names are told no more than each of the others' coming and going once.
    pub(super) fn excess(self, told: &Told) -> Vec<String> {
        let seconds = self.span.as_secs_f64().ceil() as u64;
        let counts_max = self.hearers * (seconds + NUMBERS_BESIDE);
        let names_max = 2 * self.names_max * self.names_max.min(self.hearers);
        let kinds = [
            (told.counts, counts_max, "frames with a number"),
            (told.names, names_max, "frames about one person"),
        ];
        let above = kinds.into_iter().filter(|(count, most, _)| count > most);
        let above = above.map(|(count, most, what)| {
            format!("{} {what}, and at most {} are allowed", grouped(count), grouped(most))
        });
        above.collect()
    }
}
