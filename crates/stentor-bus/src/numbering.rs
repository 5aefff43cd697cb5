//! Numbering: which sequence number the next message on a channel has, as its pod gives it out.
//!
//! A number for each channel and not one for the whole pod, because a receiver subscribes to some
//! channels only and must see from those alone that something is missing. Numbers are given out
//! before anything can be lost, so whatever does not arrive leaves a hole, wherever it was lost.
//!
//! A hole shows only when something follows it. So a channel that has gone quiet is closed by a
//! *mark* that repeats its last number: after 2 to 4 seconds, and once more 15 seconds later for
//! receivers that were away. What a receiver never heard anything of it cannot miss: where the
//! first message ever of a pod in a room is lost and its marks too, nobody is told. Nor where its
//! own outbox dropped the first and receivers heard the channel all the time.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::seq::Seq;

/// The most channels whose numbers are remembered. Past it the quarter that was quiet for longest
/// is forgotten and goes on in a new epoch: a loss around that moment is not seen there.
pub const CHANNELS_MAX: usize = 65_536;

/// A channel is forgotten after so long without a message.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// A channel that is quiet for so long is closed by a mark.
const FIRST_MARK_AFTER: Duration = Duration::from_secs(2);

/// The time from the first mark to the second and last.
const SECOND_MARK_AFTER: Duration = Duration::from_secs(15);

/// The least time between two marks, whatever their channels: at most 250 a second.
const MARK_INTERVAL: Duration = Duration::from_millis(4);

/// How often quiet channels are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The numbers of one pod's channels.
#[derive(Debug, Default)]
pub struct Numbering {
    channels: HashMap<Audience, Voice>,
    first_marks: VecDeque<(Instant, Audience)>,
    second_marks: VecDeque<(Instant, Audience)>,
    next_mark_at: Instant,
    epoch: u32,
    swept_at: Instant,
}

#[derive(Debug)]
struct Voice {
    last: Seq,
    spoke_at: Instant,
    marking: Marking,
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
        self.skip(now, audience, 1)
    }

    /// Gives out `count` numbers and returns the last: for messages that were lost before they
    /// came here, so that receivers see the hole.
    pub fn skip(&mut self, now: Instant, audience: &Audience, count: u64) -> Seq {
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

    /// A message that had its number was dropped: the channel is to be marked anew.
    pub fn handle_dropped(&mut self, now: Instant, audience: &Audience) {
        self.schedule(now, audience);
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
        self.next_mark_at = now + MARK_INTERVAL;
        Some((audience, seq))
    }

    /// When [`Numbering::poll_mark`] may have something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let fronts = [self.first_marks.front(), self.second_marks.front()];
        fronts.into_iter().flatten().map(|(due, _)| (*due).max(self.next_mark_at)).min()
    }

    /// Forgets channels that were quiet for [`REMEMBERED_FOR`].
    pub fn sweep(&mut self, now: Instant) {
        if now < self.swept_at + SWEEP_INTERVAL {
            return;
        }
        self.swept_at = now;
        let before = self.channels.len();
        self.channels.retain(|_, voice| voice.spoke_at + REMEMBERED_FOR >= now);
        if self.channels.len() < before {
            self.epoch += 1;
            self.channels.shrink_to(self.channels.len() * 2);
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
        let voice = Voice { last, spoke_at: now, marking: Marking::Done };
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
