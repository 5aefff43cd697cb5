//! One connection of a client, from its 101 to its end, and the gaps announced on it.

use std::ops::Range;

use super::{GAPPED, Opening, Sent};
use crate::measure::moment::Moment;
use crate::verdict::message_id::MessageId;

/// What happened on one connection.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) opened: Moment,
    /// [`Moment::NEVER`] as long as it stands.
    pub(super) ended: Moment,
    pub(super) home: u64,
    /// Whether it came with a `last_id`.
    pub(super) asked: bool,
    /// What the answer to that was.
    pub(super) recovered: Option<bool>,
    /// How many messages of the replay are still to come.
    pub(super) replay_left: u64,
    /// How many messages it brought, of all talkers.
    pub(super) heard: u64,
    pub(super) gaps: Vec<GapNote>,
    /// The highest sequence heard of each talker.
    pub(super) highest: Vec<u32>,
    /// How many gaps had been announced when each talker was last heard.
    seen: Vec<usize>,
}

/// A `gap`, and the holes that were found in its place.
#[derive(Debug)]
pub(super) struct GapNote {
    /// How many, where the server could count them.
    pub(super) missed: Option<u64>,
    /// The first message missed and the last, as announced.
    pub(super) ends: [Option<MessageId>; 2],
    pub(super) at: Moment,
    /// By talker's place: sequences that did not come.
    pub(super) holes: Vec<(usize, Range<u32>)>,
    /// Whether holes of the next gap cannot be told from this one's.
    pub(super) joined: bool,
    /// Whether a talker's hole in its place has no known beginning or end.
    pub(super) open: bool,
}

impl GapNote {
    pub(super) fn new(missed: Option<u64>, ends: [Option<MessageId>; 2], at: Moment) -> Self {
        Self { missed, ends, at, holes: Vec::new(), joined: false, open: false }
    }
}

impl Span {
    pub(super) fn new(opening: Opening, talkers: usize, now: Moment) -> Self {
        Self {
            opened: now,
            ended: Moment::NEVER,
            home: opening.home,
            asked: opening.asked,
            recovered: None,
            replay_left: 0,
            heard: 0,
            gaps: Vec::new(),
            highest: vec![0; talkers],
            seen: vec![0; talkers],
        }
    }

    /// A talker's next message came: what is missing in front of it lies in the place of the gaps
    /// that were announced since its last one.
    pub(super) fn advance(
        &mut self,
        place: usize,
        sequence: u32,
        cells: &mut [u32],
        speech: &[Sent],
    ) {
        let former = std::mem::replace(&mut self.highest[place], sequence);
        let seen = std::mem::replace(&mut self.seen[place], self.gaps.len());
        let Some((last, others)) = self.gaps[seen..].split_last_mut() else { return };
        for gap in others {
            gap.joined = true;
            gap.open |= former == 0;
        }
        last.open |= former == 0;
        for missing in former + 1..sequence {
            // Without a message before it on this connection, what was sent before may be owed by
            // another one.
            let here = former > 0 || speech[missing as usize - 1].first >= self.opened;
            let cell = &mut cells[missing as usize - 1];
            if here && *cell == 0 {
                *cell = GAPPED;
            }
        }
        if former > 0 && former + 1 < sequence {
            last.holes.push((place, former + 1..sequence));
        }
    }

    /// Whether it goes on where the former connections ended: all that came back have recovered
    /// everything, and no gap was told.
    pub(super) fn continues(&self, former: &[Span]) -> bool {
        let is_whole = |span: &Span| span.gaps.is_empty() && span.recovered != Some(false);
        self.recovered == Some(true) && is_whole(self) && former.iter().all(is_whole)
    }

    /// The connection is over: what was missed at its end has no known end.
    pub(super) fn end(&mut self, now: Moment) {
        if self.ended != Moment::NEVER {
            return;
        }
        self.ended = now;
        let unseen = self.seen.iter().copied().min().unwrap_or(0);
        for gap in &mut self.gaps[unseen..] {
            gap.open = true;
        }
    }

    /// Whether a gap was announced after the talker was last heard.
    pub(super) fn ends_in_gap(&self, place: usize) -> bool {
        self.seen[place] < self.gaps.len()
    }
}
