//! Those beside the steady members: who comes and goes, stalls, or listens from elsewhere.
//!
//! A world asks its guests to act whenever it has sent what was due, and tells them what they
//! hear. They sit behind the steady connections of the swarm, are numbered from 0, and are judged
//! by records of their own: the audit of the steady ones knows nothing of them.

use std::time::Duration;

use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::load::swarm::{Call, Swarm};
use crate::measure::moment::{Clock, Moment};
use crate::verdict::hall::Hall;

/// What guests see of the world when something happens.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Scene<'a> {
    /// The moment.
    pub(crate) now: Moment,
    /// The last message that each talker has said.
    pub(crate) said: &'a [u32],
}

/// A group of guests.
pub(crate) trait Guests {
    /// Does what is due while the talkers talk.
    ///
    /// # Errors
    /// If the system refuses a connection, or a process that is measured is gone.
    fn act(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<(), Failure>;

    /// Brings it to an end when all is said; whether nothing is outstanding any more.
    ///
    /// # Errors
    /// As [`Guests::act`].
    fn finish(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<bool, Failure>;

    /// When there is something to do again.
    fn next_due(&self) -> Moment {
        Moment::NEVER
    }

    /// A step begins: messages due within this span will count for its latencies.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    fn handle_span(&mut self, _from: Moment, _to: Moment) -> Result<(), Failure> {
        Ok(())
    }

    /// The measured span begins, or ends.
    ///
    /// # Errors
    /// If a process that is measured is gone.
    fn handle_mark(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// A stage of the run that has begun, and when: latencies are told apart by it.
    fn poll_stage(&mut self) -> Option<(Moment, usize)> {
        None
    }

    /// A guest's handshake is done; it took so long from the call to connect.
    fn handle_open(&mut self, guest: usize, took: Duration, scene: Scene<'_>);

    /// A message came to a guest.
    fn handle_text(&mut self, guest: usize, payload: &[u8], scene: Scene<'_>);

    /// A guest's connection is over.
    fn handle_end(&mut self, guest: usize, end: End, scene: Scene<'_>);
}

/// The guests' part of the swarm.
#[derive(Debug)]
pub(crate) struct Slots<'a> {
    /// All connections.
    pub(crate) swarm: &'a mut Swarm,
    /// The connection of guest 0.
    pub(crate) base: usize,
}

impl Slots<'_> {
    /// Begins a guest's connection, which must not be open.
    ///
    /// # Errors
    /// If the system refuses it.
    pub(crate) fn call(&mut self, guest: usize, call: Call) -> Result<(), Failure> {
        self.swarm.call(self.base + guest, call)
    }

    /// Sends frames; false if the connection is gone, or its server has long taken nothing.
    pub(crate) fn send(&mut self, guest: usize, frames: &[u8]) -> bool {
        self.swarm.send(self.base + guest, frames)
    }

    /// Says goodbye; the end comes as an event.
    pub(crate) fn leave(&mut self, guest: usize) {
        self.swarm.leave(self.base + guest);
    }

    /// Ends it without a word; no event tells of it.
    pub(crate) fn cut(&mut self, guest: usize) {
        self.swarm.cut(self.base + guest);
    }

    /// Lets it read so many bytes more, and no further ones.
    pub(crate) fn allow(&mut self, guest: usize, bytes: usize) {
        self.swarm.allow(self.base + guest, bytes);
    }
}

/// Nobody but the steady members.
#[derive(Debug)]
pub(crate) struct NoGuests;

impl Guests for NoGuests {
    fn act(&mut self, _: Scene<'_>, _: &mut Slots<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn finish(&mut self, _: Scene<'_>, _: &mut Slots<'_>) -> Result<bool, Failure> {
        Ok(true)
    }

    fn handle_open(&mut self, _: usize, _: Duration, _: Scene<'_>) {}

    fn handle_text(&mut self, _: usize, _: &[u8], _: Scene<'_>) {}

    fn handle_end(&mut self, _: usize, _: End, _: Scene<'_>) {}
}

/// The ears of a world: the steady members' hall, and behind them the guests'.
#[derive(Debug)]
pub(crate) struct Ears<'a, G> {
    /// Who hears for the steady members.
    pub(crate) hall: &'a mut Hall,
    /// Who hears for the others.
    pub(crate) guests: &'a mut G,
    /// The connection of guest 0.
    pub(crate) base: usize,
    /// The last message that each talker has said.
    pub(crate) said: &'a [u32],
    /// Tells when a connection opened or ended.
    pub(crate) clock: Clock,
}

impl<G: Guests> Audience for Ears<'_, G> {
    fn handle_open(&mut self, connection: usize, took: Duration) {
        if let Some(guest) = connection.checked_sub(self.base) {
            let scene = Scene { now: self.clock.now(), said: self.said };
            self.guests.handle_open(guest, took, scene);
        }
    }

    #[inline]
    fn handle_text(&mut self, connection: usize, payload: &[u8], now: Moment) {
        if connection < self.base {
            self.hall.handle_text(connection, payload, now);
        } else {
            let scene = Scene { now, said: self.said };
            self.guests.handle_text(connection - self.base, payload, scene);
        }
    }

    #[inline]
    fn handle_frames(&mut self, connection: usize, bytes: &[u8], now: Moment) -> usize {
        if connection < self.base { self.hall.handle_frames(connection, bytes, now) } else { 0 }
    }

    fn handle_end(&mut self, connection: usize, end: End) {
        if let Some(guest) = connection.checked_sub(self.base) {
            let scene = Scene { now: self.clock.now(), said: self.said };
            self.guests.handle_end(guest, end, scene);
        } else {
            self.hall.handle_end(connection, end);
        }
    }
}
