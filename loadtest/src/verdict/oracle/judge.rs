//! What the oracle finds at the end: what never came, and whether that was announced.

use std::ops::Range;

use super::{Ear, GAPPED, Oracle, Sent, seconds};
use crate::measure::moment::Moment;
use crate::verdict::message_id::MessageId;
use crate::verdict::oracle::span::{GapNote, Span};
use crate::verdict::promise::{Findings, Promise};

/// A missing message among the ones of its talker that a client heard.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Hole {
    /// The place of the connection that brought the last one before it.
    before: Option<usize>,
    /// The place of the connection that brought the first one after it.
    after: Option<usize>,
}

/// Messages in a row that never came, by their places in their talker's speech.
#[derive(Copy, Clone, Debug)]
struct Stretch {
    promise: Promise,
    first: usize,
    last: usize,
    hole: Hole,
}

impl Stretch {
    fn goes_on(&self, promise: Promise, at: usize, hole: Hole) -> bool {
        self.promise == promise && self.last + 1 == at && self.hole == hole
    }
}

/// What is to be said about a missing message.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Ruling {
    /// It was not owed, or nobody can tell.
    NotOwed,
    /// It was owed under this promise, and its loss was announced.
    Announced(Promise),
    /// It was owed under this promise, and nobody said a word.
    Silent(Promise),
}

impl Oracle {
    /// Ends all connections and judges.
    pub(crate) fn close(mut self, now: Moment) -> Findings {
        let mut findings = std::mem::take(&mut self.findings);
        for client in 0..self.ears.len() {
            let still_open = self.ears[client].spans.last().map_or(0, |span| {
                if span.ended == Moment::NEVER { self.ears[client].spans.len() } else { 0 }
            });
            self.handle_end(client, now);
            self.judge_resumes(client, still_open, &mut findings);
            self.judge_gaps(client, &mut findings);
            for place in 0..self.crew.talkers {
                self.judge_talker(client, place, &mut findings);
            }
        }
        findings
    }

    /// How many deliveries of acknowledged messages never came, whether that was told or not: to
    /// clients that were there from the beginning to the end.
    pub(crate) fn missing(&self) -> u64 {
        let mut missing = 0;
        for (client, ear) in self.ears.iter().enumerate() {
            let first = client / self.crew.members * self.crew.talkers;
            for (place, cells) in ear.heard.iter().enumerate() {
                let speech = self.speeches[first + place].iter().enumerate();
                let owed = speech.filter(|(_, sent)| !sent.refused && sent.acked != Moment::NEVER);
                missing += owed
                    .filter(|(at, _)| matches!(cells.get(*at).copied().unwrap_or(0), 0 | GAPPED))
                    .count() as u64;
            }
        }
        missing
    }

    /// Each `last_id` had its answer; one whose connection broke at once is not judged. The
    /// connection with the number `still_open` lasted to the end.
    fn judge_resumes(&self, client: usize, still_open: usize, findings: &mut Findings) {
        let spans = &self.ears[client].spans;
        for (number, span) in (1..).zip(spans).filter(|(_, span)| span.asked) {
            let lived = span.ended.since(span.opened);
            let had_time = number == still_open && lived >= self.settle;
            if span.recovered.is_none() && !had_time && span.heard == 0 {
                continue;
            }
            findings.judge(Promise::Answered);
            match span.recovered {
                Some(true) => findings.judge(Promise::Recovered),
                Some(false) => findings.announce(Promise::Recovered),
                None => findings.accuse(Promise::Answered, || {
                    let (room, place) = (client / self.crew.members, client % self.crew.members);
                    let at = seconds(span.opened);
                    format!("room {room} client {place}: no resume on connection {number}, {at}")
                }),
            }
        }
    }

    /// Each gap, or run of gaps that cannot be told apart, covers exactly what is missing there.
    fn judge_gaps(&self, client: usize, findings: &mut Findings) {
        let ear = &self.ears[client];
        for (number, span) in (1..).zip(&ear.spans) {
            let mut rest = &span.gaps[..];
            while !rest.is_empty() {
                let joined = rest.iter().take_while(|gap| gap.joined).count();
                let (run, behind) = rest.split_at((joined + 1).min(rest.len()));
                rest = behind;
                if run.iter().any(|gap| gap.open || gap.missed.is_none()) {
                    continue;
                }
                findings.judge(Promise::GapExact);
                let Some(fault) = self.fault_of(client, number, run) else { continue };
                findings.accuse(Promise::GapExact, || {
                    let (room, place) = (client / self.crew.members, client % self.crew.members);
                    let at = seconds(run[0].at);
                    format!("room {room} client {place}: {fault}, connection {number}, {at}")
                });
            }
        }
    }

    /// What is wrong with a run of gaps, if anything is.
    fn fault_of(&self, client: usize, number: u32, run: &[GapNote]) -> Option<String> {
        let first_talker = client / self.crew.members * self.crew.talkers;
        let owed = |place: usize, sequence: u32| {
            let cell = self.ears[client].heard[place].get(sequence as usize - 1);
            let sent = self.speeches[first_talker + place].get(sequence as usize - 1);
            cell != Some(&number) && sent.is_some_and(|sent| !sent.refused)
        };
        let holes = || run.iter().flat_map(|gap| &gap.holes);
        let missing = |(place, hole): &(usize, Range<u32>)| {
            hole.clone().filter(|&sequence| owed(*place, sequence)).count() as u64
        };
        let missing: u64 = holes().map(missing).sum();
        // The figure is the server's: any number may stand there.
        let announced = run.iter().filter_map(|gap| gap.missed).fold(0, u64::saturating_add);
        if missing != announced {
            return Some(format!("a gap told of {announced} missed, and {missing} are missing"));
        }
        let ends = run.iter().flat_map(|gap| gap.ends).flatten();
        let astray = ends.into_iter().find(|end| {
            !holes().any(|(place, hole)| {
                end.talker as usize == first_talker + place && hole.contains(&end.sequence)
            })
        })?;
        let MessageId { talker, sequence } = astray;
        Some(format!("a gap names message {sequence} of talker {talker}, which is not missing"))
    }

    fn judge_talker(&self, client: usize, place: usize, findings: &mut Findings) {
        let ear = &self.ears[client];
        let talker = client / self.crew.members * self.crew.talkers + place;
        let speech = &self.speeches[talker];
        let cell = |at: usize| ear.heard[place].get(at).copied().unwrap_or(0);
        let span_of = |cell: u32| (cell != 0 && cell != GAPPED).then(|| cell as usize - 1);
        let (mut before, mut stretch): (_, Option<Stretch>) = (None, None);
        let (mut after, mut after_at) = (None, 0);
        for (at, sent) in speech.iter().enumerate() {
            if let Some(span) = span_of(cell(at)) {
                before = Some(span);
                findings.judge(Promise::Unbroken);
                if self.was_there(&ear.spans[span], sent) {
                    findings.judge(Promise::Acknowledged);
                }
                continue;
            }
            if after_at <= at {
                let next = (at + 1..speech.len()).find_map(|at| Some((span_of(cell(at))?, at)));
                (after, after_at) = next.map_or((None, usize::MAX), |(span, at)| (Some(span), at));
            }
            let ruling = match cell(at) {
                _ if sent.refused => Ruling::NotOwed,
                GAPPED => Ruling::Announced(Promise::Unbroken),
                _ => self.rule(ear, place, sent, Hole { before, after }),
            };
            match ruling {
                Ruling::NotOwed => {}
                Ruling::Announced(promise) => {
                    findings.judge(promise);
                    findings.announce(promise);
                }
                Ruling::Silent(promise) => {
                    // A hole after recovered:true breaks a resume, which is judged already.
                    if promise != Promise::Recovered {
                        findings.judge(promise);
                    }
                    let hole = Hole { before, after };
                    match &mut stretch {
                        Some(known) if known.goes_on(promise, at, hole) => known.last = at,
                        known => {
                            let next = Stretch { promise, first: at, last: at, hole };
                            let former = known.replace(next);
                            self.accuse_of(client, talker, former, findings);
                        }
                    }
                }
            }
        }
        self.accuse_of(client, talker, stretch, findings);
    }

    /// Counts and names messages that never came, all of them as one.
    fn accuse_of(
        &self,
        client: usize,
        talker: usize,
        stretch: Option<Stretch>,
        findings: &mut Findings,
    ) {
        let Some(Stretch { promise, first, last, hole }) = stretch else { return };
        let count = (last - first + 1) as u64;
        findings.accuse_of_many(promise, count, || {
            let id = MessageId { talker: talker as u32, sequence: first as u32 + 1 };
            let name = self.crew.name(client, id);
            let others = match last - first {
                0 => String::new(),
                _ => format!(" and the next up to {}", last + 1),
            };
            let words = self.speeches[talker][first].words(hole.before, hole.after);
            format!("{name}{others} never came: {words}")
        });
    }

    fn rule(&self, ear: &Ear, place: usize, sent: &Sent, hole: Hole) -> Ruling {
        match (hole.before, hole.after) {
            (Some(before), Some(after)) if before == after => Ruling::Silent(Promise::Unbroken),
            (Some(before), Some(after)) => {
                let (from, to) = (before.min(after), before.max(after));
                self.rule_on_return(ear, place, from, to)
            }
            (None, None) if ear.spans.is_empty() => Ruling::NotOwed,
            (before, after) => {
                let from = before.unwrap_or(0);
                let to = after.unwrap_or(ear.spans.len() - 1);
                let owing = (from..=to).rev().find(|&at| {
                    let span = &ear.spans[at];
                    let claimed = before.is_some_and(|before| before < at)
                        && span.recovered == Some(true)
                        && self.had_time(span, sent);
                    claimed || self.was_there(span, sent)
                });
                let Some(owing) = owing else { return Ruling::NotOwed };
                if owing == to {
                    let announced = ear.spans[to].ends_in_gap(place) && after.is_none();
                    return if announced {
                        Ruling::Announced(Promise::Acknowledged)
                    } else {
                        Ruling::Silent(Promise::Acknowledged)
                    };
                }
                match self.rule_on_return(ear, place, owing, to) {
                    Ruling::Announced(_) => Ruling::Announced(Promise::Acknowledged),
                    Ruling::Silent(Promise::Unbroken) => Ruling::Silent(Promise::Acknowledged),
                    ruling => ruling,
                }
            }
        }
    }

    /// What the resumes of the connections behind `from`, up to `to`, say of a message that was
    /// missed on the way.
    fn rule_on_return(&self, ear: &Ear, place: usize, from: usize, to: usize) -> Ruling {
        if ear.spans[from..to].iter().any(|span| span.ends_in_gap(place)) {
            return Ruling::Announced(Promise::Unbroken);
        }
        let mut claims = false;
        for (at, span) in ear.spans.iter().enumerate().take(to + 1).skip(from + 1) {
            // Who heard nothing comes back with the same last_id: the next answer counts.
            let superseded = span.heard == 0 && at < to;
            match span.recovered {
                Some(false) if !superseded => return Ruling::Announced(Promise::Unbroken),
                Some(true) => claims = true,
                None if span.asked && at == to && span.heard == 0 => return Ruling::NotOwed,
                _ => {}
            }
        }
        let unanswered = ear.spans[from + 1..=to].iter().any(|span| span.asked) && !claims;
        Ruling::Silent(match (claims, unanswered) {
            (true, _) => Promise::Recovered,
            (false, true) => Promise::Answered,
            (false, false) => Promise::Unbroken,
        })
    }

    /// Whether a message was sent and acknowledged while this connection stood, and long enough.
    fn was_there(&self, span: &Span, sent: &Sent) -> bool {
        sent.first >= span.opened && self.had_time(span, sent)
    }

    fn had_time(&self, span: &Span, sent: &Sent) -> bool {
        let due = sent.acked.max(span.opened).after(self.settle);
        sent.acked != Moment::NEVER && due <= span.ended
    }
}

impl Sent {
    /// What is known of it, in words.
    fn words(&self, before: Option<usize>, after: Option<usize>) -> String {
        let number = |place: Option<usize>| place.map_or("none".into(), |at| (at + 1).to_string());
        format!(
            "sent at {}{}, acknowledged at {}, connection before it {}, after it {}",
            seconds(self.first),
            if self.again { " and again" } else { "" },
            seconds(self.acked),
            number(before),
            number(after),
        )
    }
}
