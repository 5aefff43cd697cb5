//! New message ids: UUIDv7, ascending within a shard.

use uuid::Uuid;

/// Makes UUIDv7 from the time handed in and a seeded generator (RFC 9562, section 5.7).
///
/// Within one millisecond the 74 bits behind the time count upwards by a random step, so ids of
/// one shard ascend (section 6.2, method 2).
#[derive(Debug)]
pub struct IdSource {
    random: fastrand::Rng,
    millis: u64,
    tail: u128,
}

/// The bits behind the time: 12 beside the version, 62 beside the variant.
const TAIL_BITS: u32 = 74;

impl IdSource {
    /// A source whose ids the seed and the times handed in decide.
    pub fn new(seed: u64) -> IdSource {
        IdSource { random: fastrand::Rng::with_seed(seed), millis: 0, tail: 0 }
    }

    /// The next id: above all before it, and of this millisecond or of the last one handed in.
    pub fn next(&mut self, unix_millis: u64) -> Uuid {
        if unix_millis > self.millis {
            self.millis = unix_millis;
            // The top bit stays clear, so that a millisecond's count does not run over.
            self.tail = self.random.u128(..) >> (128 - TAIL_BITS + 1);
        } else {
            self.tail += 1 + u128::from(self.random.u32(..));
        }
        id(self.millis, self.tail)
    }

    /// An id that tells of an earlier time than now. Ids of the same time are in no order.
    pub(crate) fn of_time(&mut self, unix_millis: u64) -> Uuid {
        id(unix_millis, self.random.u128(..) >> (128 - TAIL_BITS))
    }

    /// A random number from 0 up to `bound`, which is not zero and not reached.
    pub(crate) fn random_below(&mut self, bound: u64) -> u64 {
        self.random.u64(0..bound)
    }
}

fn id(millis: u64, tail: u128) -> Uuid {
    let high = (tail >> 62) as u16 & 0x0fff;
    let low = tail as u64 & (u64::MAX >> 2);
    let bits = u128::from(millis & 0xffff_ffff_ffff) << 80
        | 7 << 76
        | u128::from(high) << 64
        | 2 << 62
        | u128::from(low);
    Uuid::from_u128(bits)
}

#[cfg(test)]
mod tests;
