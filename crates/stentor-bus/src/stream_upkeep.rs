//! Upkeep of streams: when a room's stream is told to live on, and where something is lacking.
//!
//! A stream dies by itself a while after its room has fallen silent. It is told to live on with
//! the first message, and again after a quarter of the time that messages are kept, if something
//! was said meanwhile: so it never dies while it holds a message that is young enough, and a stream
//! that was thrown away and began again without an end gets one. What was said to a room and is
//! in no stream is written down as a *lack*, once a second for a room, and again until Redis has it.
//!
//! Does nothing itself, and knows no Redis.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::stream_history::LACK_COVERS;

/// The most streams whose next word of life is known by heart. What is said in others brings
/// that word with it, each time.
pub const STREAMS_MAX: usize = 65_536;

/// The most rooms that something is lacking in and Redis does not know it yet. Past it a lack is
/// forgotten, which only a Redis that takes nothing for long can bring about.
pub const LACKS_MAX: usize = 65_536;

/// Something to be done beside the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// Tell the room's stream to live on.
    Renew(Audience),
    /// Write down that the room's stream lacks something.
    Lack(Audience),
}

/// What is to be done for the streams of one pod.
#[derive(Debug)]
pub struct StreamUpkeep {
    ttl: Duration,
    streams: HashMap<Audience, Stream>,
    renewals: VecDeque<(Instant, Audience)>,
    lacks: HashMap<Audience, Lack>,
    /// In the order of their times; what was done meanwhile is skipped.
    due: VecDeque<(Instant, Audience)>,
}

#[derive(Debug)]
struct Stream {
    /// Whether something was said since it was told to live on.
    spoke: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    /// To be written down.
    Due,
    /// On its way to Redis; whether more was lacking meanwhile.
    UnderWay { again: bool },
    /// Redis has it; whether more was lacking since.
    Written { again: bool },
}

impl StreamUpkeep {
    /// Nothing is written yet; messages are kept for `ttl`.
    pub fn new(ttl: Duration) -> StreamUpkeep {
        StreamUpkeep {
            ttl,
            streams: HashMap::new(),
            renewals: VecDeque::new(),
            lacks: HashMap::new(),
            due: VecDeque::new(),
        }
    }

    /// For how long a stream is told to live on.
    pub fn lifetime(&self) -> Duration {
        self.ttl + self.ttl / 4
    }

    /// A message goes into the room's stream now; whether the stream is to be told to live on with
    /// it.
    pub fn handle_message(&mut self, now: Instant, audience: &Audience) -> bool {
        if let Some(stream) = self.streams.get_mut(audience) {
            stream.spoke = true;
            return false;
        }
        if self.streams.len() < STREAMS_MAX {
            self.streams.insert(audience.clone(), Stream { spoke: false });
            self.renewals.push_back((now + self.ttl / 4, audience.clone()));
        }
        true
    }

    /// The stream may not have been told to live on: it is told when its turn comes again.
    pub fn handle_not_renewed(&mut self, audience: &Audience) {
        if let Some(stream) = self.streams.get_mut(audience) {
            stream.spoke = true;
        }
    }

    /// Something was said to the room that is not in its stream.
    pub fn handle_lack(&mut self, now: Instant, audience: &Audience) {
        let is_full = self.lacks.len() >= LACKS_MAX;
        match self.lacks.get_mut(audience) {
            Some(Lack::Due) => {}
            Some(Lack::UnderWay { again } | Lack::Written { again }) => *again = true,
            None if is_full => {}
            None => {
                self.lacks.insert(audience.clone(), Lack::Due);
                self.due.push_back((now, audience.clone()));
            }
        }
    }

    /// Redis has written a lack down.
    pub fn handle_lack_written(&mut self, now: Instant, audience: &Audience) {
        self.end_lack(now, audience, |again| Lack::Written { again });
    }

    /// Redis has not written a lack down: it is tried again.
    pub fn handle_lack_not_written(&mut self, now: Instant, audience: &Audience) {
        self.end_lack(now, audience, |_| Lack::Due);
    }

    /// Whether something is lacking in the room that Redis may not know of.
    pub fn is_lacking(&self, audience: &Audience) -> bool {
        let lack = self.lacks.get(audience);
        lack.is_some_and(|lack| matches!(lack, Lack::Due | Lack::UnderWay { .. }))
    }

    /// The link is down: no stream is sure to have been told to live on, no lack to be written.
    pub fn handle_link_down(&mut self, now: Instant) {
        self.streams.clear();
        self.renewals.clear();
        for (audience, lack) in &mut self.lacks {
            if let Lack::UnderWay { .. } = lack {
                *lack = Lack::Due;
                self.due.push_back((now, audience.clone()));
            }
        }
    }

    /// The next thing to be done now, while the link is up.
    pub fn poll_upkeep(&mut self, now: Instant) -> Option<Upkeep> {
        self.poll_lack(now).map(Upkeep::Lack).or_else(|| self.poll_renewal(now).map(Upkeep::Renew))
    }

    /// When [`StreamUpkeep::poll_upkeep`] may have something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let fronts = [self.due.front(), self.renewals.front()];
        fronts.into_iter().flatten().map(|(due, _)| *due).min()
    }

    fn end_lack(&mut self, now: Instant, audience: &Audience, ended: impl Fn(bool) -> Lack) {
        let Some(lack) = self.lacks.get_mut(audience) else { return };
        let Lack::UnderWay { again } = *lack else { return };
        *lack = ended(again);
        self.due.push_back((now + LACK_COVERS, audience.clone()));
    }

    fn poll_lack(&mut self, now: Instant) -> Option<Audience> {
        while self.due.front().is_some_and(|(due, _)| *due <= now) {
            let (_, audience) = self.due.pop_front()?;
            match self.lacks.get_mut(&audience) {
                Some(Lack::Written { again: false }) => drop(self.lacks.remove(&audience)),
                Some(lack @ (Lack::Due | Lack::Written { again: true })) => {
                    *lack = Lack::UnderWay { again: false };
                    return Some(audience);
                }
                Some(Lack::UnderWay { .. }) | None => {}
            }
        }
        None
    }

    fn poll_renewal(&mut self, now: Instant) -> Option<Audience> {
        while self.renewals.front().is_some_and(|(due, _)| *due <= now) {
            let (_, audience) = self.renewals.pop_front()?;
            let Some(stream) = self.streams.get_mut(&audience) else { continue };
            if std::mem::take(&mut stream.spoke) {
                self.renewals.push_back((now + self.ttl / 4, audience.clone()));
                return Some(audience);
            }
            self.streams.remove(&audience);
        }
        None
    }
}

#[cfg(test)]
mod tests;
