//! What a crowd is told of presence, and how many members each of it believes there are.
//!
//! Knows no socket. A number is told, and then follows the names that come behind it.

use serde::Deserialize;

use crate::measure::moment::Moment;
use crate::scenario::presence::words::Told;

#[cfg(test)]
mod tests;

/// What stands in a frame that is one of presence, however it is spaced.
const KIND: &[u8] = b"\"type\":\"presence\"";

/// A frame about presence.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Word {
    /// How many there are.
    Count(i64),
    /// Somebody came, or went, or neither.
    Name(i64),
}

/// The ears of all, the bystanders' first.
#[derive(Debug)]
pub(super) struct Ears {
    bystanders: usize,
    /// The number of members that each one believes in.
    believed: Vec<Option<i64>>,
    counts: u64,
    names: u64,
    bytes: u64,
    unasked: u64,
    last: Moment,
}

impl Ears {
    /// Nobody has heard anything; the first `bystanders` did not ask.
    pub(super) fn new(count: usize, bystanders: usize) -> Self {
        let (believed, last) = (vec![None; count], Moment::default());
        Self { bystanders, believed, counts: 0, names: 0, bytes: 0, unasked: 0, last }
    }

    /// A message came. Nobody talks in the room: to who did not ask it is one too many.
    pub(super) fn hear(&mut self, index: usize, payload: &[u8], now: Moment) {
        if index < self.bystanders {
            self.unasked += 1;
            return;
        }
        let Some(word) = read(payload) else { return };
        self.bytes += payload.len() as u64;
        self.last = now;
        match word {
            Word::Count(count) => {
                self.counts += 1;
                self.believed[index] = Some(count);
            }
            Word::Name(change) => {
                self.names += 1;
                self.believed[index] = self.believed[index].map(|count| count + change);
            }
        }
    }

    /// What was told since this was last asked; `is_in` says who is there, and all of them together
    /// are `members`. The last frame counts from `settled`.
    pub(super) fn take(
        &mut self,
        members: i64,
        settled: Moment,
        is_in: impl Fn(usize) -> bool,
    ) -> Told {
        let asked = (self.bystanders..self.believed.len()).filter(|index| is_in(*index));
        let (mut untold, mut wrong) = (0, 0);
        for believed in asked.map(|index| self.believed[index]) {
            untold += u64::from(believed.is_none());
            wrong += u64::from(believed.is_some_and(|count| count != members));
        }
        Told {
            counts: std::mem::take(&mut self.counts),
            names: std::mem::take(&mut self.names),
            bytes: std::mem::take(&mut self.bytes),
            unasked: std::mem::take(&mut self.unasked),
            untold,
            wrong,
            last_after: self.last.since(settled),
            ..Told::default()
        }
    }
}

/// Reads a frame; none if it is not about presence.
fn read(payload: &[u8]) -> Option<Word> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        data: Data<'a>,
    }
    #[derive(Deserialize)]
    struct Data<'a> {
        members: Option<i64>,
        status: Option<&'a str>,
    }
    if !payload.windows(KIND.len()).any(|window| window == KIND) {
        return None;
    }
    let Message { data } = serde_json::from_slice(payload).ok()?;
    Some(match (data.members, data.status) {
        (Some(count), _) => Word::Count(count),
        (None, Some("online")) => Word::Name(1),
        (None, Some("offline")) => Word::Name(-1),
        (None, _) => Word::Name(0),
    })
}
