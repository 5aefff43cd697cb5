//! The account of one slow reader: what it was told that it missed, against what it did miss.
//!
//! It listens to one talker, so the order of what was dropped is the talker's own, whichever shard
//! of the server dropped it.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::verdict::findings::{Fault, Findings};
use crate::verdict::hearing::GapNotice;
use crate::verdict::strand::Strand;

#[cfg(test)]
mod tests;

/// How many gaps one reader may be told of: more cannot be judged.
const GAPS_MAX: usize = 4_096;

/// The messages of one room by their ids, as a healthy member heard them.
pub(crate) type IdsHeard = HashMap<String, u32>;

/// What was announced to one reader.
#[derive(Debug, Default)]
pub(crate) struct GapBook {
    gaps: Vec<GapNotice>,
    beyond: u64,
}

impl GapBook {
    /// Takes note of a gap; further ones than 4,096 only by their number.
    pub(crate) fn handle_gap(&mut self, gap: GapNotice) {
        if self.gaps.len() < GAPS_MAX {
            self.gaps.push(gap);
        } else {
            self.beyond += 1;
        }
    }

    /// How many gaps were announced.
    pub(crate) fn count(&self) -> u64 {
        self.gaps.len() as u64 + self.beyond
    }

    /// How many messages all gaps say are missing.
    pub(crate) fn missed(&self) -> u64 {
        self.gaps.iter().map(|gap| gap.missed).sum()
    }

    /// Sets the announced against the missing, where `said` is the last message owed; faults are
    /// added to `findings`, in the name of `who`.
    pub(crate) fn close(
        &self,
        strand: &Strand,
        said: u32,
        ids: &IdsHeard,
        who: &str,
        findings: &mut Findings,
    ) {
        if self.beyond > 0 {
            findings.add(Fault::Untrue, self.beyond, || {
                format!("{who}: {} gaps are too many to be judged", self.count())
            });
            return;
        }
        let mut missing = strand.missing(said);
        // What is left of the stretch that the gaps are at.
        let mut rest: Option<RangeInclusive<u32>> = None;
        for gap in &self.gaps {
            let stretch = rest.take().filter(|rest| !rest.is_empty()).or_else(|| missing.next());
            match covered(gap, stretch.as_ref(), ids) {
                Ok(to) => rest = stretch.map(|stretch| to + 1..=*stretch.end()),
                Err(wrong) => {
                    findings.add(Fault::Untrue, 1, || format!("{who}: {wrong}"));
                    return;
                }
            }
        }
        for silent in rest.filter(|rest| !rest.is_empty()).into_iter().chain(missing) {
            let (first, last) = silent.into_inner();
            findings.add(Fault::Lost, u64::from(last - first) + 1, || {
                format!("{who}: messages {first} to {last} never came, and no gap tells of them")
            });
        }
    }
}

/// The last message that a gap covers, if it covers the beginning of the stretch that is missing.
fn covered(
    gap: &GapNotice,
    stretch: Option<&RangeInclusive<u32>>,
    ids: &IdsHeard,
) -> Result<u32, String> {
    let message = |id: &Option<String>| id.as_ref().and_then(|id| ids.get(id)).copied();
    let words = |id: &Option<String>| match message(id) {
        Some(sequence) => format!("message {sequence}"),
        None => format!("{id:?}, which no healthy member heard"),
    };
    let says =
        format!("a gap of {} from {} to {}", gap.missed, words(&gap.from_id), words(&gap.to_id));
    let Some(stretch) = stretch else { return Err(format!("{says}, but nothing is missing")) };
    let (first, last) = (*stretch.start(), *stretch.end());
    let counted = u32::try_from(gap.missed).ok().filter(|&missed| missed > 0);
    let to = counted.and_then(|missed| first.checked_add(missed - 1));
    let fits = to.is_some_and(|to| to <= last)
        && message(&gap.from_id) == Some(first)
        && message(&gap.to_id) == to;
    match to {
        Some(to) if fits => Ok(to),
        _ => Err(format!("{says}, but messages {first} to {last} are missing")),
    }
}
