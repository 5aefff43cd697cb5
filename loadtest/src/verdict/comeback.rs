//! One listener who leaves and returns with `last_id`: is what it is told of its absence true?
//!
//! `recovered:true` promises that nothing is missing between the last message heard and the next.
//! `recovered:false` announces a loss; from the oldest message replayed on, or else from the
//! handshake on, everything is owed again. What was heard before may be replayed once more (pods
//! that share a room begin a second early): that is counted and is no fault.

use crate::verdict::findings::{Fault, Findings};
use crate::verdict::stamp::Stamp;
use crate::verdict::strand::Strand;
use crate::verdict::visit::Visit;

#[cfg(test)]
mod tests;

/// The accounts of one listener over all its stays.
#[derive(Debug)]
pub(crate) struct Listener {
    name: String,
    visit: Visit,
    back: Option<Return>,
    /// What was replayed, in messages.
    pub(crate) replayed: u64,
    /// What was replayed though it had been heard.
    pub(crate) repeated: u64,
    /// What was announced as lost.
    pub(crate) missed: u64,
}

/// The present stay, where it began with a `last_id`.
#[derive(Debug)]
struct Return {
    /// What comes next of each talker by what was heard before.
    expected: Vec<u32>,
    /// What each talker had said when the door opened.
    said_at_open: Vec<u32>,
    /// Whether all was said to be there; none before the server's word.
    recovered: Option<bool>,
    /// Messages that follow from the history.
    to_replay: u64,
}

impl Listener {
    /// A listener in `room`, who has heard nothing yet; `name` is for faults.
    pub(crate) fn new(name: String, room: usize, talkers: usize) -> Self {
        let visit = Visit::new(room, talkers);
        Self { name, visit, back: None, replayed: 0, repeated: 0, missed: 0 }
    }

    /// The door is open for one who brought no `last_id`; what it heard before is forgotten.
    pub(crate) fn open(&mut self, said: &[u32]) {
        let strands = vec![Strand::new(u32::MAX); self.visit.strands().len()];
        self.visit = self.visit.with_strands(strands);
        self.visit.open(said);
        self.back = None;
    }

    /// The door is open for one who brought the id of the last message it heard.
    pub(crate) fn reopen(&mut self, said: &[u32], findings: &mut Findings) {
        // The holes of the stay before are silent losses; what is behind it is to be replayed.
        self.visit.close_early(findings, || self.who());
        self.note_missed();
        self.back = Some(Return {
            expected: self.visit.strands().iter().map(Strand::next).collect(),
            said_at_open: self.visit.of_room(said).to_vec(),
            recovered: None,
            to_replay: 0,
        });
    }

    /// The server's word on what was missed.
    pub(crate) fn handle_resume(
        &mut self,
        recovered: bool,
        replayed: u64,
        findings: &mut Findings,
    ) {
        let Some(back) = self.back.as_mut().filter(|back| back.recovered.is_none()) else {
            findings.add(Fault::Untrue, 1, || {
                format!("{}: an event resume that nothing asked for", self.name)
            });
            return;
        };
        (back.recovered, back.to_replay) = (Some(recovered), replayed);
        let owed = back.expected.iter().zip(&back.said_at_open);
        let strands = owed.map(|(&expected, &said)| {
            // What was not heard is owed if it is said to be there; else what follows the door.
            Strand::new(if recovered { expected } else { (said + 1).max(expected) })
        });
        self.visit = self.visit.with_strands(strands.collect());
    }

    /// Takes note of a message of this run; true if it had not been heard.
    pub(crate) fn hear(&mut self, stamp: &Stamp, findings: &mut Findings) -> bool {
        let Some(back) = &mut self.back else {
            return self.visit.hear(stamp, findings, || self.name.clone());
        };
        if back.recovered.is_none() {
            findings.add(Fault::Refused, 1, || {
                format!("{}: message {} before the event resume", self.name, stamp.sequence)
            });
            return false;
        }
        let is_replay = back.to_replay > 0;
        back.to_replay -= u64::from(is_replay);
        self.replayed += u64::from(is_replay);
        let Some(place) = self.visit.place_of(stamp) else {
            return self.visit.hear(stamp, findings, || self.name.clone());
        };
        let sequence = stamp.sequence;
        if is_replay && sequence > back.said_at_open[place] {
            findings.add(Fault::Untrue, 1, || {
                format!(
                    "{}: message {sequence} was said after the handshake, and is counted as \
                     replayed",
                    self.name
                )
            });
        }
        let was_heard = sequence < back.expected[place];
        if was_heard && is_replay {
            self.repeated += 1;
            return false;
        }
        if was_heard {
            findings.add(Fault::Doubled, 1, || {
                format!(
                    "{}, talker {place}: message {sequence} came again, and not from the history",
                    self.name
                )
            });
            return false;
        }
        self.visit.hear(stamp, findings, || self.name.clone())
    }

    /// Takes note of a message of somebody else.
    pub(crate) fn hear_foreign(&mut self) {
        if let Some(back) = &mut self.back {
            back.to_replay = back.to_replay.saturating_sub(1);
        }
    }

    /// Whether the server has said its word, and has replayed what it promised.
    pub(crate) fn is_back(&self) -> bool {
        let is_back = |back: &Return| back.recovered.is_some() && back.to_replay == 0;
        self.back.as_ref().is_none_or(is_back)
    }

    /// The part of `said` that concerns this listener.
    pub(crate) fn of_room<'a>(&self, said: &'a [u32]) -> &'a [u32] {
        self.visit.of_room(said)
    }

    /// Whether all that is owed of what was `said` in its room is heard.
    pub(crate) fn is_settled(&self, said: &[u32]) -> bool {
        self.is_back() && self.visit.is_settled(said)
    }

    /// Judges what is missing though it was waited for: `said` in its room is owed.
    pub(crate) fn close(&mut self, said: &[u32], findings: &mut Findings) {
        self.note_unanswered(findings);
        self.visit.close(said, findings, || self.who());
        self.note_missed();
        // What was judged is not judged again at the next return.
        let settled = self.visit.strands().iter().map(|strand| Strand::new(strand.next()));
        let settled = settled.collect();
        self.visit = self.visit.with_strands(settled);
        self.back = None;
    }

    /// Who is concerned, and what it was told.
    fn who(&self) -> String {
        match self.back.as_ref().and_then(|back| back.recovered) {
            Some(true) => format!("{}, which was told that all is recovered", self.name),
            _ => self.name.clone(),
        }
    }

    fn note_unanswered(&self, findings: &mut Findings) {
        let Some(back) = &self.back else { return };
        let name = &self.name;
        if back.recovered.is_none() {
            findings.add(Fault::Refused, 1, || format!("{name}: no event resume came"));
        }
        findings.add(Fault::Untrue, back.to_replay.min(1), || {
            format!("{name}: {} messages were to be replayed and never came", back.to_replay)
        });
    }

    /// Counts what an announced loss came to, once for each return.
    fn note_missed(&mut self) {
        let Some(back) = self.back.take() else { return };
        if back.recovered == Some(false) {
            let begins = self.visit.strands().iter().map(Strand::begin);
            let missed = begins
                .zip(&back.expected)
                .map(|(begin, &expected)| u64::from(begin.saturating_sub(expected)));
            self.missed += missed.sum::<u64>();
        }
    }
}
