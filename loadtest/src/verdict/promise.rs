//! The promises of the contract that an audit judges, and what it found on each.

use crate::report::figure::grouped;

/// How many offenders of a promise are named one by one; further ones are counted.
const NAMED_MAX: usize = 20;

/// What a server promises to those who listen and those who talk.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Promise {
    /// Within a connection no message of a talker is missing between two that came.
    Unbroken,
    /// An acknowledged message reaches everybody who was connected when it was sent.
    Acknowledged,
    /// A `last_id` is answered by `resume`, before anything else is heard.
    Answered,
    /// After `recovered:true` nothing is missing.
    Recovered,
    /// Nothing comes twice, but for what a replay repeats.
    Once,
    /// Within a connection the messages of a talker come in the order in which they were sent.
    Ordered,
    /// A `gap` tells exactly how many are missing, and which.
    GapExact,
    /// A message comes with the id that its talker gave it, to its own room.
    Unaltered,
}

impl Promise {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: [Self; 8] = [
        Self::Unbroken,
        Self::Acknowledged,
        Self::Answered,
        Self::Recovered,
        Self::Once,
        Self::Ordered,
        Self::GapExact,
        Self::Unaltered,
    ];

    /// The promise in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Unbroken => "nothing lost silently within a connection",
            Self::Acknowledged => "what was acknowledged reached all who were there",
            Self::Answered => "every last_id is answered by a resume",
            Self::Recovered => "recovered:true means that nothing is missing",
            Self::Once => "nothing doubled",
            Self::Ordered => "each talker's order kept",
            Self::GapExact => "a gap tells exactly what is missing",
            Self::Unaltered => "ids kept, no message in a strange room",
        }
    }

    /// What was judged, counted in this.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Answered | Self::Recovered => "resumes",
            Self::GapExact => "gaps",
            Self::Unbroken | Self::Acknowledged | Self::Once | Self::Ordered | Self::Unaltered => {
                "deliveries"
            }
        }
    }
}

/// What was found on one promise.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Finding {
    /// How often it could be kept or broken.
    pub(crate) judged: u64,
    /// How often what it does not cover was announced, as the contract asks.
    pub(crate) announced: u64,
    /// How often it was broken.
    pub(crate) broken: u64,
    /// The first times that it was, in words.
    pub(crate) named: Vec<String>,
}

/// What was found on all promises.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Findings([Finding; Promise::ALL.len()]);

impl Findings {
    /// What was found on `promise`.
    pub(crate) fn on(&self, promise: Promise) -> &Finding {
        &self.0[promise as usize]
    }

    /// Counts a case in which the promise could be broken.
    pub(crate) fn judge(&mut self, promise: Promise) {
        self.0[promise as usize].judged += 1;
    }

    /// Counts a case that was announced.
    pub(crate) fn announce(&mut self, promise: Promise) {
        self.0[promise as usize].announced += 1;
    }

    /// Counts a broken promise, already judged, and names it while there is room.
    pub(crate) fn accuse(&mut self, promise: Promise, offender: impl FnOnce() -> String) {
        self.accuse_of_many(promise, 1, offender);
    }

    /// Counts a promise that was broken so often in one go, and names that as one.
    pub(crate) fn accuse_of_many(
        &mut self,
        promise: Promise,
        count: u64,
        offender: impl FnOnce() -> String,
    ) {
        let finding = &mut self.0[promise as usize];
        finding.broken += count;
        if finding.named.len() < NAMED_MAX {
            finding.named.push(offender());
        }
    }
}

impl Finding {
    /// The verdict on the promise: one that was not tried has not been kept either.
    pub(crate) fn word(&self) -> &'static str {
        match (self.broken, self.judged) {
            (0, 0) => "not tried",
            (0, _) => "passed",
            _ => "FAILED",
        }
    }

    /// The counts in words.
    pub(crate) fn counts(&self, promise: Promise) -> String {
        let mut words = format!("{} {} judged", grouped(self.judged), promise.unit());
        let others = [(self.broken, "broken"), (self.announced, announced_word(promise))];
        for (count, word) in others.into_iter().filter(|(count, _)| *count > 0) {
            words.push_str(&format!(", {} {word}", grouped(count)));
        }
        words
    }
}

/// What the announced cases of a promise are called.
fn announced_word(promise: Promise) -> &'static str {
    match promise {
        Promise::Once => "repeated by a replay, or after their talker sent them again",
        Promise::Recovered => "answered with recovered:false",
        _ => "announced as missed",
    }
}
