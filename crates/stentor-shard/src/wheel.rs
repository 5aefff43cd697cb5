//! The timing wheel: who is to be looked at, and about when.

use std::time::Duration;

use crate::time::Instant;

/// How exact the wheel is: an entry comes out at most this much late.
pub const TICK: Duration = Duration::from_millis(64);

const TICK_MICROS: u64 = TICK.as_micros() as u64;

/// A power of two; times [`TICK`] it is the horizon, about 65 s.
const SLOTS: usize = 1024;

/// A hashed timing wheel over small integers: one entry an index, 8 bytes each, O(1) in and out.
///
/// An entry due beyond the horizon comes out early, at the horizon; whoever takes it looks at the
/// real deadline and schedules it again. Nothing else is promised, so nothing else is stored.
#[derive(Debug)]
pub struct Wheel {
    /// Circular doubly linked lists: the first [`SLOTS`] links are the slots' heads.
    links: Vec<Link>,
    /// A bit for each slot that has entries.
    occupied: [u64; SLOTS / 64],
    /// The tick whose slot is being emptied.
    tick: u64,
    scheduled: usize,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    next: u32,
    previous: u32,
}

impl Default for Wheel {
    fn default() -> Wheel {
        let links = (0..SLOTS as u32).map(|slot| Link { next: slot, previous: slot }).collect();
        Wheel { links, occupied: [0; SLOTS / 64], tick: 0, scheduled: 0 }
    }
}

impl Wheel {
    /// Enters `index`, to come out of [`Wheel::poll`] at `due` or up to one tick later. An entry
    /// that is there already is moved.
    pub fn schedule(&mut self, index: u32, now: Instant, due: Instant) {
        self.cancel(index);
        // Nobody polls an empty wheel while nothing happens, so it may stand far back.
        if self.scheduled == 0 {
            self.tick = self.tick.max(now.micros() / TICK_MICROS);
        }
        let ticks = due.micros().div_ceil(TICK_MICROS);
        let tick = ticks.clamp(self.tick, self.tick + SLOTS as u64 - 1);
        self.insert_before_head(index, (tick % SLOTS as u64) as u32);
        self.scheduled += 1;
    }

    /// Takes `index` out, where it is in.
    pub fn cancel(&mut self, index: u32) {
        let at = SLOTS as u32 + index;
        let Some(link) = self.links.get(at as usize).copied() else { return };
        if link.next == at {
            return;
        }
        self.links[link.previous as usize].next = link.next;
        self.links[link.next as usize].previous = link.previous;
        self.links[at as usize] = Link { next: at, previous: at };
        self.scheduled -= 1;
        if link.next == link.previous && (link.next as usize) < SLOTS {
            self.occupied[link.next as usize / 64] &= !(1 << (link.next % 64));
        }
    }

    /// The next entry whose time has come.
    pub fn poll(&mut self, now: Instant) -> Option<u32> {
        let now_tick = now.micros() / TICK_MICROS;
        loop {
            let head = (self.tick % SLOTS as u64) as u32;
            let first = self.links[head as usize].next;
            if first != head && self.tick <= now_tick {
                let index = first - SLOTS as u32;
                self.cancel(index);
                return Some(index);
            }
            if self.tick >= now_tick {
                return None;
            }
            self.tick = if self.scheduled == 0 {
                now_tick
            } else {
                now_tick.min(self.tick + self.empty_slots_ahead().max(1))
            };
        }
    }

    /// When [`Wheel::poll`] will next have something, at the earliest; `None` while it is empty.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.scheduled == 0 {
            return None;
        }
        let tick = self.tick + self.empty_slots_ahead();
        Some(Instant::from_micros(tick * TICK_MICROS))
    }

    /// Gives back the memory of a past crowd, where nothing is in.
    pub fn shrink(&mut self) {
        if self.scheduled == 0 {
            self.links.truncate(SLOTS);
            self.links.shrink_to_fit();
        }
    }

    /// How many entries are in.
    pub fn len(&self) -> usize {
        self.scheduled
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.scheduled == 0
    }

    /// From the current slot to the first that has entries; there is one.
    fn empty_slots_ahead(&self) -> u64 {
        let start = (self.tick % SLOTS as u64) as usize;
        let (word, bit) = (start / 64, start % 64);
        let words = self.occupied.len();
        // The word that the current slot is in comes twice: its upper part first, the lower last.
        let upper = self.occupied[word] & (u64::MAX << bit);
        let lower = self.occupied[word] & !(u64::MAX << bit);
        let between = (1..words).map(|step| self.occupied[(word + step) % words]);
        let mut ahead = 0;
        for bits in std::iter::once(upper).chain(between).chain(std::iter::once(lower)) {
            if bits != 0 {
                ahead += u64::from(bits.trailing_zeros());
                break;
            }
            ahead += 64;
        }
        ahead - bit as u64
    }

    fn insert_before_head(&mut self, index: u32, head: u32) {
        let at = SLOTS as u32 + index;
        while self.links.len() <= at as usize {
            let own = self.links.len() as u32;
            self.links.push(Link { next: own, previous: own });
        }
        let last = self.links[head as usize].previous;
        self.links[at as usize] = Link { next: head, previous: last };
        self.links[last as usize].next = at;
        self.links[head as usize].previous = at;
        self.occupied[head as usize / 64] |= 1 << (head % 64);
    }
}

#[cfg(test)]
mod tests;
