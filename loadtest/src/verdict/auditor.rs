//! The judge: every delivery is checked against what was sent, for each receiver and talker.
//!
//! Knows numbers only: no socket, no clock, no JSON. What it promises: a message lost, doubled or
//! out of order is found and named, and a run in which nothing was found had none.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::load::seating::SeatMap;
use crate::load::share::Share;

#[cfg(test)]
mod tests;

/// How many faults are named one by one; further ones are counted.
pub(crate) const NAMED_MAX: usize = 20;
/// How many stretches of missing messages are kept to tell late ones from double ones. Past it,
/// a late message counts as doubled and its place as lost: still a fault, less well named.
const STRETCHES_MAX: usize = 1 << 20;

/// How many messages went wrong, and how many did not.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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

impl Tally {
    /// Adds what other receivers heard.
    pub(crate) fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
        self.misrouted += other.misrouted;
    }
}

/// A receiver and a talker whom it hears.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pair(usize);

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Auditor {
    seats: SeatMap,
    /// The numbers, among all, of the connections that are judged.
    numbers: Box<[u32]>,
    connections: usize,
    /// Talkers in a room, and in all rooms of a round: a talker's number tells the round.
    talkers: usize,
    talkers_per_round: u32,
    /// The highest sequence heard, at chair × talkers + the talker's number in the room. A chair
    /// is round × connections + connection: one of a receiver's memberships.
    heard: Box<[u32]>,
    /// The first talker of each chair's room.
    first_talker: Box<[u32]>,
    /// What a receiver did not hear of what came before its highest.
    missing: HashMap<usize, Vec<RangeInclusive<u32>>>,
    stretches: usize,
    tally: Tally,
    named: Vec<String>,
}

impl Auditor {
    /// A judge who has heard nothing yet, of the connections in `share`, by their places there.
    pub(crate) fn new(seats: SeatMap, share: &Share) -> Self {
        let seating = seats.seating();
        let (all, numbers) = (seats.rooms_by_chair(), share.numbers());
        let rounds = all.chunks(seating.connections());
        let rooms = rounds.flat_map(|round| numbers.iter().map(|&number| round[number as usize]));
        let first_talker: Box<[u32]> = rooms.map(|room| room * seating.talkers as u32).collect();
        Self {
            seats,
            numbers: numbers.into(),
            connections: share.len(),
            talkers: seating.talkers,
            talkers_per_round: seating.talkers_per_round().max(1) as u32,
            heard: vec![0; first_talker.len() * seating.talkers].into_boxed_slice(),
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
        match self.pair_of(connection, talker) {
            Some(pair) => self.handle_in_pair(pair, sequence),
            None => self.handle_misrouted(connection, talker, sequence),
        }
    }

    /// Who hears whom; none where `talker` talks in no room of `connection`.
    #[inline]
    pub(crate) fn pair_of(&self, connection: usize, talker: u32) -> Option<Pair> {
        let round = (talker / self.talkers_per_round) as usize;
        let chair = round * self.connections + connection;
        let place = talker.wrapping_sub(*self.first_talker.get(chair)?) as usize;
        (place < self.talkers).then(|| Pair(chair * self.talkers + place))
    }

    /// The same as [`Auditor::handle_delivery`] where it is known who hears whom.
    #[inline]
    pub(crate) fn handle_in_pair(&mut self, Pair(pair): Pair, sequence: u32) {
        let heard = &mut self.heard[pair];
        if heard.wrapping_add(1) == sequence {
            *heard = sequence;
            self.tally.delivered += 1;
        } else {
            self.handle_out_of_line(pair, sequence);
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
        for (chair, &first) in self.first_talker.iter().enumerate() {
            for place in 0..self.talkers {
                let pair = chair * self.talkers + place;
                let known = self.missing.get(&pair).into_iter().flatten().cloned();
                let (heard, sent) = (self.heard[pair], sent[first as usize + place]);
                let behind = (heard < sent).then(|| heard + 1..=sent);
                for stretch in known.chain(behind) {
                    losses.add(|| self.name(pair, &stretch), &stretch);
                }
            }
        }
        losses
    }

    #[cold]
    fn handle_misrouted(&mut self, connection: usize, talker: u32, sequence: u32) {
        self.tally.misrouted += 1;
        let room = talker as usize / self.talkers;
        self.note(format!(
            "connection {}: message {sequence} of talker {} in r{room}, a room that it is not in",
            self.numbers[connection],
            talker as usize % self.talkers,
        ));
    }

    #[cold]
    fn handle_out_of_line(&mut self, pair: usize, sequence: u32) {
        let heard = self.heard[pair];
        if sequence > heard {
            self.heard[pair] = sequence;
            self.tally.delivered += 1;
            self.keep(pair, heard + 1..=sequence - 1);
            return;
        }
        let fault = self.name(pair, &(sequence..=sequence));
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

    fn name(&self, pair: usize, stretch: &RangeInclusive<u32>) -> String {
        let (chair, place) = (pair / self.talkers, pair % self.talkers);
        let room = self.first_talker[chair] as usize / self.talkers;
        let connection = self.numbers[chair % self.connections];
        let mut members = self.seats.members_of(room).iter();
        let member = members.position(|&member| member == connection).unwrap_or_default();
        let messages = match (stretch.start(), stretch.end()) {
            (first, last) if first == last => format!("message {first}"),
            (first, last) => format!("messages {first} to {last}"),
        };
        format!("room r{room} member {member}: {messages} of talker {place} in r{room}")
    }

    fn note(&mut self, fault: String) {
        if self.named.len() < NAMED_MAX {
            self.named.push(fault);
        }
    }
}

/// What never came.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Losses {
    /// How many deliveries.
    pub(crate) count: u64,
    /// The first stretches in words, at most 20 of them.
    pub(crate) named: Vec<String>,
}

impl Losses {
    /// Adds what never came to other receivers.
    pub(crate) fn join(&mut self, other: Self) {
        self.count += other.count;
        self.named.extend(other.named);
        self.named.truncate(NAMED_MAX);
    }

    fn add(&mut self, name: impl FnOnce() -> String, stretch: &RangeInclusive<u32>) {
        self.count += u64::from(stretch.end() - stretch.start()) + 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(format!("{} never came", name()));
        }
    }
}
