//! Mutations of seeds, drawn from a number: the same number is the same input.

use fastrand::Rng;

use super::seeds::Seed;

/// The most changes to one seed.
const CHANGES_MAX: usize = 4;

/// The longest stretch that is copied, in bytes.
const STRETCH_MAX: usize = 64;

/// No input grows beyond this, in bytes: larger ones are seeds of their own.
const INPUT_BYTES_MAX: usize = 96 * 1024;

/// Bytes at which decoders turn.
const TELLING: &[u8] = b"\x00\x01\x7d\x7e\x7f\x80\x81\x88\x89\xc0\xed\xff\r\n \"\\{}[]:,%&=+/?0";

/// Draws mutations.
pub(crate) struct Mutator {
    random: Rng,
}

impl Mutator {
    pub(crate) fn new(number: u64) -> Mutator {
        Mutator { random: Rng::with_seed(number) }
    }

    /// One of the seeds, changed a few times.
    pub(crate) fn mutation_of(&mut self, seeds: &[Seed]) -> Vec<u8> {
        let mut input = self.pick(seeds).to_vec();
        for _ in 0..self.random.usize(1..=CHANGES_MAX) {
            self.change(&mut input, seeds);
        }
        input.truncate(INPUT_BYTES_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Seed]) {
        if input.is_empty() {
            return input.push(self.random.u8(..));
        }
        let at = self.random.usize(..input.len());
        match self.random.u8(..8) {
            0 => input[at] ^= 1 << self.random.u8(..8),
            1 => input[at] = self.random.u8(..),
            2 => input[at] = *self.random.choice(TELLING).expect("there are some"),
            3 => input.insert(at, *self.random.choice(TELLING).expect("there are some")),
            4 => input.truncate(at),
            5 => drop(input.drain(at..self.end_of_stretch(at, input.len()))),
            6 => {
                let stretch = input[at..self.end_of_stretch(at, input.len())].to_vec();
                input.splice(at..at, stretch);
            }
            _ => self.splice(input, at, seeds),
        }
    }

    /// Goes on with the end of another seed.
    fn splice(&mut self, input: &mut Vec<u8>, at: usize, seeds: &[Seed]) {
        let other = self.pick(seeds);
        let from = self.random.usize(..=other.len());
        input.truncate(at);
        input.extend_from_slice(&other[from..]);
    }

    fn pick<'a>(&mut self, seeds: &'a [Seed]) -> &'a [u8] {
        &self.random.choice(seeds).expect("there are seeds").bytes
    }

    fn end_of_stretch(&mut self, at: usize, end: usize) -> usize {
        self.random.usize(at..=end.min(at + STRETCH_MAX))
    }
}

#[test]
fn the_same_number_is_the_same_input() {
    let seeds = super::seeds::of("messages");
    for number in 0..100 {
        let draw = || Mutator::new(number).mutation_of(&seeds);
        assert_eq!(draw(), draw());
    }
}
