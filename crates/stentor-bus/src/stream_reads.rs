//! Reads of streams: who waits for which, and how many are under way.
//!
//! After an outage thousands of clients resume in one room at once. One read of a room is under
//! way at a time, and all who asked before it began share its result. Who asks later is owed what
//! was said meanwhile, and waits for the next. Knows no Redis.

use std::collections::{HashMap, VecDeque};

use crate::channel::Audience;

/// The most reads under way; a room whose turn has not come waits.
pub const READS_MAX: usize = 16;

/// The most askers that wait, over all rooms; one more is turned away.
pub const WAITING_MAX: usize = 65_536;

/// Who waits for which read; a `W` is whatever the result is brought to.
#[derive(Debug)]
pub struct StreamReads<W> {
    /// Who waits for a read that has not begun.
    waiting: HashMap<Audience, Vec<W>>,
    /// Rooms whose read has not begun, nor an earlier one of them: in their turn.
    queue: VecDeque<Audience>,
    under_way: HashMap<Audience, Vec<W>>,
    count: usize,
}

impl<W> Default for StreamReads<W> {
    fn default() -> StreamReads<W> {
        StreamReads {
            waiting: HashMap::new(),
            queue: VecDeque::new(),
            under_way: HashMap::new(),
            count: 0,
        }
    }
}

impl<W> StreamReads<W> {
    /// Somebody asks.
    ///
    /// # Errors
    /// Who asks is given back where [`WAITING_MAX`] others wait.
    pub fn handle_asked(&mut self, audience: Audience, waiter: W) -> Result<(), W> {
        if self.count >= WAITING_MAX {
            return Err(waiter);
        }
        self.count += 1;
        let waiting = self.waiting.entry(audience.clone()).or_default();
        waiting.push(waiter);
        if waiting.len() == 1 && !self.under_way.contains_key(&audience) {
            self.queue.push_back(audience);
        }
        Ok(())
    }

    /// The next read to begin, if one may.
    pub fn poll_read(&mut self) -> Option<Audience> {
        if self.under_way.len() >= READS_MAX {
            return None;
        }
        let audience = self.queue.pop_front()?;
        let waiting = self.waiting.remove(&audience).unwrap_or_default();
        self.under_way.insert(audience.clone(), waiting);
        Some(audience)
    }

    /// The read of a room has ended; returns who waited for it.
    pub fn handle_read(&mut self, audience: &Audience) -> Vec<W> {
        let done = self.under_way.remove(audience).unwrap_or_default();
        self.count -= done.len();
        if self.waiting.contains_key(audience) {
            self.queue.push_back(audience.clone());
        }
        done
    }

    /// Nothing can be read: returns everybody who waited.
    pub fn handle_link_down(&mut self) -> Vec<W> {
        self.queue.clear();
        self.count = 0;
        let under_way = self.under_way.drain().flat_map(|(_, waiters)| waiters);
        under_way.chain(self.waiting.drain().flat_map(|(_, waiters)| waiters)).collect()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests;
