//! Numbering: which sequence number the next message on a channel has, as its pod gives it out.
//!
//! A number for each channel and not one for the whole pod, because a receiver subscribes to some
//! channels only and must see from those alone that something is missing. Numbers are given out
//! before anything can be lost, so whatever does not arrive leaves a hole, wherever it was lost.
//!
//! A hole shows only when something follows it. So a channel that has gone quiet is closed by a
//! *mark* that repeats its last number: after 2 to 4 seconds, and once more 15 seconds later for
//! receivers that were away. What a receiver never heard anything of it cannot miss: where the
//! first message ever of a pod in a room is lost and its marks too, nobody is told.
//!
//! What was dropped here, before Redis had it, is a *hole*, and a receiver that has heard nothing
//! of this channel yet would take the number behind it for its base and see none. So before the
//! next number, be it of a message or of a mark, goes the *base*: a mark of the number before the
//! hole. Whoever hears nothing else of it can count from there, and to all others it says nothing.
//! Base and number go out on one connection one after the other, so whoever hears the second on a
//! channel that it heard before has heard the first. Both go out again until Redis has taken the
//! second.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::seq::Seq;

/// The most channels whose numbers are remembered. Past it the quarter that was quiet for longest
/// is forgotten and goes on in a new epoch: a loss around that moment is not seen there.
pub const CHANNELS_MAX: usize = 65_536;

/// A channel is forgotten after so long without a message, unless a hole of it is still to be told.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// A channel that is quiet for so long is closed by a mark.
const FIRST_MARK_AFTER: Duration = Duration::from_secs(2);

/// The time from the first mark to the second and last.
const SECOND_MARK_AFTER: Duration = Duration::from_secs(15);

/// The least time between two marks, whatever their channels: at most 250 a second, while none is
/// late.
const MARK_INTERVAL: Duration = Duration::from_millis(4);

/// A mark that is due for so long is late, and late ones follow each other without a pause: so the
/// second mark of a channel comes within 20 s of its last message, however many channels go quiet
/// at once. Two marks a message are the most there can be.
const LATE_AFTER: Duration = Duration::from_millis(250);

/// How often quiet channels are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The numbers of one pod's channels.
#[derive(Debug, Default)]
pub struct Numbering {
    channels: HashMap<Audience, Voice>,
    first_marks: VecDeque<(Instant, Audience)>,
    second_marks: VecDeque<(Instant, Audience)>,
    next_mark_at: Instant,
    /// How many channels have a hole.
    holes: usize,
    epoch: u32,
    swept_at: Instant,
}

#[derive(Debug)]
struct Voice {
    last: Seq,
    spoke_at: Instant,
    marking: Marking,
    hole: Option<Hole>,
}

/// Numbers that were given out and that Redis never had.
#[derive(Clone, Copy, Debug)]
struct Hole {
    /// The number before the first of them.
    base: Seq,
    /// The number that went out behind the base; `None` where the base is still to go out.
    told_before: Option<Seq>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marking {
    /// Both marks are out.
    Done,
    /// Stands in the queue of the first marks.
    First,
    /// Stands in the queue of the second marks, due then.
    Second(Instant),
}

impl Numbering {
    /// The number of the message that is said now.
    pub fn next(&mut self, now: Instant, audience: &Audience) -> Seq {
        self.give_out(now, audience, 1)
    }

    /// Gives out `count` numbers and returns the last: for messages that were lost before they
    /// came here, so that receivers see the hole.
    pub fn skip(&mut self, now: Instant, audience: &Audience, count: u64) -> Seq {
        let last = self.give_out(now, audience, count);
        self.handle_dropped(now, audience, last.minus(count.saturating_sub(1)));
        last
    }

    fn give_out(&mut self, now: Instant, audience: &Audience, count: u64) -> Seq {
        let last = match self.channels.get_mut(audience) {
            Some(voice) => {
                voice.last = voice.last.plus(count);
                voice.spoke_at = now;
                voice.last
            }
            None => self.begin(now, audience, count),
        };
        self.schedule(now, audience);
        last
    }

    /// The message `seq` was dropped and every one behind it that is not published: the channel
    /// is to be marked anew, and to get its base.
    pub fn handle_dropped(&mut self, now: Instant, audience: &Audience, seq: Seq) {
        self.schedule(now, audience);
        let Some(voice) = self.channels.get_mut(audience) else { return };
        self.holes += usize::from(voice.hole.is_none());
        let base = voice.hole.map_or(seq.minus(1), |hole| hole.base.min(seq.minus(1)));
        voice.hole = Some(Hole { base, told_before: None });
    }

    /// Redis has taken the number `seq`, and so the base that went before it.
    pub fn handle_published(&mut self, audience: &Audience, seq: Seq) {
        let Some(voice) = self.voice_with_hole(audience) else { return };
        let is_told = |hole: Hole| hole.told_before.is_some_and(|first| first <= seq);
        if voice.hole.is_some_and(is_told) {
            voice.hole = None;
            self.holes -= 1;
        }
    }

    /// A number of the channel may not have come to Redis: nor may the base before it.
    pub fn handle_unsure(&mut self, audience: &Audience) {
        if let Some(hole) = self.voice_with_hole(audience).and_then(|voice| voice.hole.as_mut()) {
            hole.told_before = None;
        }
    }

    /// The same for every channel.
    pub fn handle_all_unsure(&mut self) {
        if self.holes > 0 {
            let holes = self.channels.values_mut().filter_map(|voice| voice.hole.as_mut());
            holes.for_each(|hole| hole.told_before = None);
        }
    }

    /// A mark of the channel may not have come to Redis: it is to be marked anew.
    pub fn handle_mark_lost(&mut self, now: Instant, audience: &Audience) {
        self.handle_unsure(audience);
        self.schedule(now, audience);
    }

    /// The base that is to go out before the number `seq`, if one is.
    pub fn poll_base(&mut self, audience: &Audience, seq: Seq) -> Option<Seq> {
        let hole = self.voice_with_hole(audience)?.hole.as_mut()?;
        if hole.told_before.is_some() || hole.base >= seq {
            return None;
        }
        hole.told_before = Some(seq);
        Some(hole.base)
    }

    /// A message that was said a while ago goes out now: for the marks it is said now.
    pub fn handle_published_late(&mut self, now: Instant, audience: &Audience) {
        if let Some(voice) = self.channels.get_mut(audience) {
            voice.spoke_at = now;
        }
        self.schedule(now, audience);
    }

    /// The next mark that is due, if there is one.
    pub fn poll_mark(&mut self, now: Instant) -> Option<(Audience, Seq)> {
        if now < self.next_mark_at {
            return None;
        }
        let (audience, seq) = self.poll_first(now).or_else(|| self.poll_second(now))?;
        let is_late = self.oldest_due().is_some_and(|due| due + LATE_AFTER <= now);
        self.next_mark_at = if is_late { now } else { now + MARK_INTERVAL };
        Some((audience, seq))
    }

    /// When [`Numbering::poll_mark`] may have something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.oldest_due().map(|due| due.max(self.next_mark_at))
    }

    /// Forgets channels that were quiet for [`REMEMBERED_FOR`].
    pub fn sweep(&mut self, now: Instant) {
        if now < self.swept_at + SWEEP_INTERVAL {
            return;
        }
        self.swept_at = now;
        let before = self.channels.len();
        self.channels.retain(|_, voice| {
            // A mark that is still to go out tells of the hole.
            let is_owed = voice.hole.is_some() && voice.marking != Marking::Done;
            is_owed || voice.spoke_at + REMEMBERED_FOR >= now
        });
        if self.channels.len() < before {
            self.epoch += 1;
            self.channels.shrink_to(self.channels.len() * 2);
            self.count_holes();
        }
    }

    /// How many channels are remembered.
    pub fn len(&self) -> usize {
        self.channels.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }

    fn begin(&mut self, now: Instant, audience: &Audience, count: u64) -> Seq {
        if self.channels.len() >= CHANNELS_MAX {
            self.forget_quietest();
        }
        let last = Seq::first_of(self.epoch).plus(count - 1);
        let voice = Voice { last, spoke_at: now, marking: Marking::Done, hole: None };
        self.channels.insert(audience.clone(), voice);
        last
    }

    fn forget_quietest(&mut self) {
        let mut quietest: Vec<(Instant, Audience)> = self
            .channels
            .iter()
            .map(|(audience, voice)| (voice.spoke_at, audience.clone()))
            .collect();
        quietest.sort_unstable();
        for (_, audience) in quietest.into_iter().take(CHANNELS_MAX / 4) {
            self.channels.remove(&audience);
        }
        self.epoch += 1;
        self.count_holes();
    }

    fn count_holes(&mut self) {
        self.holes = self.channels.values().filter(|voice| voice.hole.is_some()).count();
    }

    /// Nearly always there is no hole anywhere, and nothing to look for.
    fn voice_with_hole(&mut self, audience: &Audience) -> Option<&mut Voice> {
        if self.holes == 0 { None } else { self.channels.get_mut(audience) }
    }

    fn oldest_due(&self) -> Option<Instant> {
        let fronts = [self.first_marks.front(), self.second_marks.front()];
        fronts.into_iter().flatten().map(|(due, _)| *due).min()
    }

    fn schedule(&mut self, now: Instant, audience: &Audience) {
        let Some(voice) = self.channels.get_mut(audience) else { return };
        if voice.marking != Marking::First {
            voice.marking = Marking::First;
            self.first_marks.push_back((now + FIRST_MARK_AFTER, audience.clone()));
        }
    }

    fn poll_first(&mut self, now: Instant) -> Option<(Audience, Seq)> {
        while self.first_marks.front().is_some_and(|(due, _)| *due <= now) {
            let (_, audience) = self.first_marks.pop_front()?;
            let Some(voice) = self.channels.get_mut(&audience) else { continue };
            if voice.marking != Marking::First {
                continue;
            }
            if now < voice.spoke_at + FIRST_MARK_AFTER {
                self.first_marks.push_back((now + FIRST_MARK_AFTER, audience));
                continue;
            }
            let due = now + SECOND_MARK_AFTER;
            voice.marking = Marking::Second(due);
            let last = voice.last;
            self.second_marks.push_back((due, audience.clone()));
            return Some((audience, last));
        }
        None
    }

    fn poll_second(&mut self, now: Instant) -> Option<(Audience, Seq)> {
        while self.second_marks.front().is_some_and(|(due, _)| *due <= now) {
            let (due, audience) = self.second_marks.pop_front()?;
            let Some(voice) = self.channels.get_mut(&audience) else { continue };
            if voice.marking == Marking::Second(due) {
                voice.marking = Marking::Done;
                return Some((audience, voice.last));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
