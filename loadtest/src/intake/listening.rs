//! Who hears the tape: the hall of every other scenario, or somebody who does not listen.

use crate::load::connection::{Audience, End};
use crate::load::seating::{SeatMap, Seating};
use crate::load::share::Share;
use crate::measure::moment::Moment;
use crate::verdict::hall::Hall;
use crate::verdict::stamp::RunId;

/// An audience that knows how far it is.
pub(super) trait Listening: Audience {
    /// How many connections are over.
    fn ended(&self) -> usize;
    /// When something was read last.
    fn heard_last(&self) -> Moment;
}

/// The hall, and how often something was read for it.
#[derive(Debug)]
pub(super) struct Ears {
    /// Who judges.
    pub(super) hall: Hall,
    /// How many reads brought something.
    pub(super) reads: u64,
    read_last: Moment,
}

impl Ears {
    /// Ears for the messages of this run; every latency counts.
    pub(super) fn new(seating: Seating, run: u32) -> Self {
        let share = Share::whole(seating.connections());
        let mut hall = Hall::of_share(SeatMap::deal(seating), &share, RunId::new(run));
        hall.window_from = Moment::default();
        Self { hall, reads: 0, read_last: Moment::default() }
    }
}

impl Audience for Ears {
    fn handle_text(&mut self, connection: usize, payload: &[u8], now: Moment) {
        self.hall.handle_text(connection, payload, now);
    }

    fn handle_frames(&mut self, connection: usize, bytes: &[u8], now: Moment) -> usize {
        self.reads += u64::from(now != self.read_last);
        self.read_last = now;
        self.hall.handle_frames(connection, bytes, now)
    }

    fn handle_end(&mut self, connection: usize, end: End) {
        self.hall.handle_end(connection, end);
    }
}

impl Listening for Ears {
    fn ended(&self) -> usize {
        self.hall.ends.len()
    }

    fn heard_last(&self) -> Moment {
        self.read_last
    }
}

/// One who takes all bytes for granted: what is left is the kernel's part, and the loop's.
#[derive(Debug, Default)]
pub(super) struct Deaf {
    /// How many bytes came.
    pub(super) bytes: u64,
    ended: usize,
    read_last: Moment,
}

impl Audience for Deaf {
    fn handle_text(&mut self, _: usize, _: &[u8], _: Moment) {}

    fn handle_frames(&mut self, _: usize, bytes: &[u8], now: Moment) -> usize {
        self.bytes += bytes.len() as u64;
        self.read_last = now;
        bytes.len()
    }

    fn handle_end(&mut self, _: usize, _: End) {
        self.ended += 1;
    }
}

impl Listening for Deaf {
    fn ended(&self) -> usize {
        self.ended
    }

    fn heard_last(&self) -> Moment {
        self.read_last
    }
}
