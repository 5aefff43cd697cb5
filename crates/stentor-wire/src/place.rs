//! Places: where a message stands among those that one pod has published in its room.
//!
//! Two copies of what a room was told, each with parts that the other lacks, are brought into one
//! order by them. Small, because one is kept with every message that came from another pod.

use std::num::NonZeroU32;

/// The place of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Tells pods apart, though not for certain.
    pod: NonZeroU32,
    seq: u64,
}

impl Place {
    /// The place `seq` of this pod.
    pub fn new(pod: &str, seq: u64) -> Place {
        // Its end is what chance has made of it.
        let end = pod.as_bytes().iter().rev().take(8);
        let pod = end.fold(0, |pod: u32, byte| pod.rotate_left(5) ^ u32::from(*byte));
        Place { pod: NonZeroU32::new(pod).unwrap_or(NonZeroU32::MIN), seq }
    }

    /// That of a message whose number is not known: behind all that have one.
    pub fn behind_all(pod: &str) -> Place {
        Place::new(pod, u64::MAX)
    }

    /// Whether its number is not known.
    pub const fn is_behind_all(self) -> bool {
        self.seq == u64::MAX
    }

    /// What it is made of.
    pub const fn parts(self) -> (NonZeroU32, u64) {
        (self.pod, self.seq)
    }

    /// What was made of one.
    pub const fn of_parts(pod: NonZeroU32, seq: u64) -> Place {
        Place { pod, seq }
    }

    /// Whether the one was said before the other; `None` where they are of two pods.
    pub fn is_before(self, other: Place) -> Option<bool> {
        (self.pod == other.pod).then_some(self.seq < other.seq)
    }
}

#[cfg(test)]
mod tests;
