//! A place in what one pod says on one channel.
//!
//! A number of 53 bits, so that every JSON reader takes it whole: an *epoch* of 21 bits and a
//! *count* of 32 that starts at 1 in each epoch. A pod that had to forget where it was in a channel
//! goes on there in a later epoch: receivers see that it is further on than before, and do not
//! take the step for lost messages.

/// One pod's numbering of one channel; larger is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

const COUNT_BITS: u32 = 32;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

impl Seq {
    /// The last that there is.
    pub const MAX: Seq = Seq((1 << 53) - 1);

    /// The most digits.
    pub const DIGITS_MAX: usize = 16;

    /// The first of an epoch. Epochs beyond the last, 2,097,151, are held there.
    pub const fn first_of(epoch: u32) -> Seq {
        let last = (Seq::MAX.0 >> COUNT_BITS) as u32;
        let epoch = if epoch > last { last } else { epoch };
        Seq((epoch as u64) << COUNT_BITS | 1)
    }

    /// Whether it is the first of its epoch: nothing was said before it there.
    pub const fn is_first(self) -> bool {
        self.0 & COUNT_MASK == 1
    }

    /// The number `value`; `None` beyond [`Seq::MAX`].
    pub fn new(value: u64) -> Option<Seq> {
        (value <= Seq::MAX.0).then_some(Seq(value))
    }

    /// The number itself.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The one that is `steps` further; held at [`Seq::MAX`].
    pub fn plus(self, steps: u64) -> Seq {
        Seq(self.0.saturating_add(steps).min(Seq::MAX.0))
    }

    /// The one that is `steps` earlier; held before the first of its epoch.
    pub fn minus(self, steps: u64) -> Seq {
        Seq(self.0 - steps.min(self.0 & COUNT_MASK))
    }

    /// Whether it stands before the first of its epoch: no message has it, only a mark.
    pub const fn is_before_first(self) -> bool {
        self.0 & COUNT_MASK == 0
    }

    /// Which epoch it lies in.
    pub const fn epoch(self) -> u32 {
        (self.0 >> COUNT_BITS) as u32
    }

    /// How many numbers were given out behind `earlier` up to this one, itself included; 0 where
    /// `earlier` is not earlier. Over a change of epoch: those of the new epoch.
    pub const fn steps_since(self, earlier: Seq) -> u64 {
        if self.epoch() > earlier.epoch() {
            self.0 & COUNT_MASK
        } else {
            self.0.saturating_sub(earlier.0)
        }
    }

    /// Its decimal digits, written into `digits`.
    pub(crate) fn digits(self, digits: &mut [u8; Seq::DIGITS_MAX]) -> &[u8] {
        let mut left = self.0;
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                return &digits[start..];
            }
        }
    }

    /// Reads the digits that `text` begins with, and what stands behind them; `None` where there
    /// are none, or more than a sequence number has, or a needless zero in front.
    pub(crate) fn read(text: &[u8]) -> Option<(Seq, &[u8])> {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || count > Seq::DIGITS_MAX || (count > 1 && text[0] == b'0') {
            return None;
        }
        let (digits, behind) = text.split_at(count);
        let value = digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        Some((Seq::new(value)?, behind))
    }
}

#[cfg(test)]
mod tests;
