//! What went wrong for those whom the steady members' audit does not cover: counted, and named.

use crate::report::Report;
use crate::report::figure::grouped;
use crate::verdict::strand::{Arrival, Strand};

#[cfg(test)]
mod tests;

/// How many faults are named one by one; further ones are counted.
const NAMED_MAX: usize = 20;

/// What can go wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// A message never came, and nobody said so.
    Lost,
    /// A message came twice.
    Doubled,
    /// A message came after a later one of its talker.
    Reordered,
    /// A message came to one who is not in its room.
    Misrouted,
    /// What the server announced is not so.
    Untrue,
    /// The server refused something, or answered out of turn.
    Refused,
    /// A connection ended, and it should not have.
    Ended,
}

/// Every kind with the words for many of it.
const KINDS: [(Fault, &str); 7] = [
    (Fault::Lost, "deliveries lost"),
    (Fault::Doubled, "deliveries doubled"),
    (Fault::Reordered, "deliveries out of order"),
    (Fault::Misrouted, "deliveries to the wrong room"),
    (Fault::Untrue, "announcements that are not true"),
    (Fault::Refused, "refusals or missing answers (a rate limit? RATE_LIMIT=0 lifts it)"),
    (Fault::Ended, "connections that ended unasked"),
];

/// All that was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    counts: [u64; KINDS.len()],
    named: Vec<String>,
}

impl Findings {
    /// Counts `count` faults of a kind, and keeps the words where there is room.
    pub(crate) fn add(&mut self, fault: Fault, count: u64, words: impl FnOnce() -> String) {
        if count == 0 {
            return;
        }
        self.counts[fault as usize] += count;
        if self.named.len() < NAMED_MAX {
            self.named.push(words());
        }
    }

    /// Notes what is wrong with a message that `who` hears; a hole is judged at the end.
    pub(crate) fn add_arrival(
        &mut self,
        arrival: Arrival,
        sequence: u32,
        who: impl FnOnce() -> String,
    ) {
        match arrival {
            Arrival::InLine | Arrival::AfterHole(_) => {}
            Arrival::Late => self.add(Fault::Reordered, 1, || {
                format!("{}: message {sequence} came after a later one", who())
            }),
            Arrival::Double => {
                self.add(Fault::Doubled, 1, || format!("{}: message {sequence} came twice", who()));
            }
        }
    }

    /// Notes what never came of a strand, where `said` is the last message that was owed.
    pub(crate) fn add_missing(&mut self, strand: &Strand, said: u32, who: impl FnOnce() -> String) {
        self.add(Fault::Lost, strand.lost(said), || {
            let stretches = strand.missing(said).take(3).map(|hole| match hole.into_inner() {
                (first, last) if first == last => format!("message {first}"),
                (first, last) => format!("messages {first} to {last}"),
            });
            format!("{}: {} never came", who(), stretches.collect::<Vec<_>>().join(", "))
        });
    }

    /// How often a kind was found.
    pub(crate) fn count(&self, fault: Fault) -> u64 {
        self.counts[fault as usize]
    }

    /// Whether nothing was found.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.iter().all(|&count| count == 0)
    }

    /// Adds the faults; `whose` says who suffered them.
    pub(crate) fn add_to(&self, whose: &str, report: &mut Report) {
        for (fault, words) in KINDS.iter().filter(|(fault, _)| self.count(*fault) > 0) {
            report.fault(format!("{whose}: {} {words}", grouped(self.count(*fault))));
        }
        for named in &self.named {
            report.fault(named);
        }
    }
}
