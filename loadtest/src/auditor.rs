//! The judge: every delivery is checked against what was sent, for each receiver and talker.
//!
//! Knows numbers only: no socket, no clock, no JSON. What it promises: a message lost, doubled or
//! out of order is found and named, and a run in which nothing was found had none.

use std::collections::HashMap;
use std::ops::RangeInclusive;

#[cfg(test)]
mod tests;

/// How many faults are named one by one; further ones are counted.
const NAMED_MAX: usize = 20;
/// How many stretches of missing messages are kept to tell late ones from double ones. Past it,
/// a late message counts as doubled and its place as lost: still a fault, less well named.
const STRETCHES_MAX: usize = 1 << 20;

/// Who hears whom: rooms of equal size, the first members of each being its talkers.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seating {
    /// How many rooms there are.
    pub(crate) rooms: usize,
    /// How many members each room has; connections are numbered room after room.
    pub(crate) members: usize,
    /// How many of a room's members talk; talkers are numbered room after room.
    pub(crate) talkers: usize,
}

impl Seating {
    /// How many connections that makes.
    pub(crate) fn connections(self) -> usize {
        self.rooms * self.members
    }

    /// How many talkers that makes.
    pub(crate) fn talkers_total(self) -> usize {
        self.rooms * self.talkers
    }

    /// The room of a connection.
    pub(crate) fn room_of(self, connection: usize) -> usize {
        connection / self.members
    }

    /// The connection of a talker.
    pub(crate) fn connection_of(self, talker: usize) -> usize {
        talker / self.talkers * self.members + talker % self.talkers
    }
}

/// How many messages went wrong, and how many did not.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    /// Deliveries that were owed, each counted once.
    pub(crate) delivered: u64,
    /// Deliveries of what had been delivered before.
    pub(crate) duplicated: u64,
    /// Deliveries that came after a later message of the same talker; they are delivered too.
    pub(crate) reordered: u64,
    /// Deliveries to members of a room that the talker does not talk in.
    pub(crate) misrouted: u64,
}

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Auditor {
    seating: Seating,
    /// The highest sequence heard, at receiver × talkers + the talker's number in the room.
    heard: Box<[u32]>,
    /// The first talker of each connection's room.
    first_talker: Box<[u32]>,
    /// What a receiver did not hear of what came before its highest.
    missing: HashMap<usize, Vec<RangeInclusive<u32>>>,
    stretches: usize,
    tally: Tally,
    named: Vec<String>,
}

impl Auditor {
    /// A judge who has heard nothing yet.
    pub(crate) fn new(seating: Seating) -> Self {
        let first_talker = (0..seating.connections())
            .map(|connection| (seating.room_of(connection) * seating.talkers) as u32)
            .collect();
        Self {
            seating,
            heard: vec![0; seating.connections() * seating.talkers].into_boxed_slice(),
            first_talker,
            missing: HashMap::new(),
            stretches: 0,
            tally: Tally::default(),
            named: Vec::new(),
        }
    }

    /// Takes note that `connection` heard message `sequence` (from 1) of `talker`.
    #[inline]
    pub(crate) fn handle_delivery(&mut self, connection: usize, talker: u32, sequence: u32) {
        let place = talker.wrapping_sub(self.first_talker[connection]) as usize;
        if place >= self.seating.talkers {
            return self.handle_misrouted(connection, talker, sequence);
        }
        let pair = connection * self.seating.talkers + place;
        let heard = &mut self.heard[pair];
        if heard.wrapping_add(1) == sequence {
            *heard = sequence;
            self.tally.delivered += 1;
        } else {
            self.handle_out_of_line(pair, talker, sequence);
        }
    }

    /// The figures so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Faults found so far in words, at most 20 of them; losses are added by [`Auditor::close`].
    pub(crate) fn named(&self) -> &[String] {
        &self.named
    }

    /// Counts and names what never came: `sent` holds how many messages each talker sent.
    ///
    /// It may be called again: nothing is counted twice.
    pub(crate) fn close(&self, sent: &[u32]) -> Losses {
        let mut losses = Losses::default();
        for connection in 0..self.seating.connections() {
            let first = self.first_talker[connection] as usize;
            for place in 0..self.seating.talkers {
                let pair = connection * self.seating.talkers + place;
                let known = self.missing.get(&pair).into_iter().flatten().cloned();
                let (heard, sent) = (self.heard[pair], sent[first + place]);
                let behind = (heard < sent).then(|| heard + 1..=sent);
                for stretch in known.chain(behind) {
                    losses.add(&self.name(connection, first + place, &stretch), &stretch);
                }
            }
        }
        losses
    }

    #[cold]
    fn handle_misrouted(&mut self, connection: usize, talker: u32, sequence: u32) {
        self.tally.misrouted += 1;
        let fault = self.name(connection, talker as usize, &(sequence..=sequence));
        self.note(format!("{fault} belongs to another room"));
    }

    #[cold]
    fn handle_out_of_line(&mut self, pair: usize, talker: u32, sequence: u32) {
        let heard = self.heard[pair];
        let connection = pair / self.seating.talkers;
        if sequence > heard {
            self.heard[pair] = sequence;
            self.tally.delivered += 1;
            self.keep(pair, heard + 1..=sequence - 1);
            return;
        }
        let fault = self.name(connection, talker as usize, &(sequence..=sequence));
        if self.take_missing(pair, sequence) {
            self.tally.delivered += 1;
            self.tally.reordered += 1;
            self.note(format!("{fault} came after message {heard}"));
        } else {
            self.tally.duplicated += 1;
            self.note(format!("{fault} came twice"));
        }
    }

    fn keep(&mut self, pair: usize, stretch: RangeInclusive<u32>) {
        if self.stretches < STRETCHES_MAX {
            self.stretches += 1;
            self.missing.entry(pair).or_default().push(stretch);
        }
    }

    /// Takes `sequence` out of what the pair misses; false if it did not miss it.
    fn take_missing(&mut self, pair: usize, sequence: u32) -> bool {
        let Some(stretches) = self.missing.get_mut(&pair) else { return false };
        let Some(found) = stretches.iter().position(|stretch| stretch.contains(&sequence)) else {
            return false;
        };
        let stretch = stretches.swap_remove(found);
        self.stretches -= 1;
        for rest in [*stretch.start()..=sequence - 1, sequence + 1..=*stretch.end()] {
            if !rest.is_empty() {
                self.keep(pair, rest);
            }
        }
        true
    }

    fn name(&self, connection: usize, talker: usize, stretch: &RangeInclusive<u32>) -> String {
        let Seating { members, talkers, .. } = self.seating;
        let messages = match (stretch.start(), stretch.end()) {
            (first, last) if first == last => format!("message {first}"),
            (first, last) => format!("messages {first} to {last}"),
        };
        format!(
            "room r{} member {}: {messages} of talker {} in r{}",
            connection / members,
            connection % members,
            talker % talkers,
            talker / talkers,
        )
    }

    fn note(&mut self, fault: String) {
        if self.named.len() < NAMED_MAX {
            self.named.push(fault);
        }
    }
}

/// What never came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Losses {
    /// How many deliveries.
    pub(crate) count: u64,
    /// The first stretches in words, at most 20 of them.
    pub(crate) named: Vec<String>,
}

impl Losses {
    fn add(&mut self, name: &str, stretch: &RangeInclusive<u32>) {
        self.count += u64::from(stretch.end() - stretch.start()) + 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(format!("{name} never came"));
        }
    }
}
