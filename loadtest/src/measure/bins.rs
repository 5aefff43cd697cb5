//! Latencies counted in the bins of a histogram, and turned into one when they are looked at.
//!
//! The counting is all that happens for each of millions of deliveries a second: a bin's number is
//! a shift and an addition. The bins are those of hdrhistogram, so nothing of its precision is
//! lost: its smallest and largest values are told by the bin too.

use hdrhistogram::Histogram;

use crate::failure::Failure;

#[cfg(test)]
mod tests;

/// The longest latency that is told apart, in nanoseconds; what takes longer counts as this.
pub(crate) const LATENCY_MAX: u64 = 120_000_000_000;

/// True to a thousandth.
pub(crate) type FineBins = Bins<11>;
/// True to a hundredth.
pub(crate) type CoarseBins = Bins<8>;

/// How many latencies fell into each bin; each power of two has 2^(`BITS` - 1) of them.
#[derive(Clone, Debug)]
pub(crate) struct Bins<const BITS: u32> {
    counts: Box<[u64]>,
}

impl<const BITS: u32> Bins<BITS> {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; Self::bin_of(LATENCY_MAX) + 1].into_boxed_slice() }
    }

    /// Counts a latency, in nanoseconds.
    #[inline]
    pub(crate) fn record(&mut self, latency: u64) {
        self.counts[Self::bin_of(latency.min(LATENCY_MAX))] += 1;
    }

    /// Begins anew.
    pub(crate) fn reset(&mut self) {
        self.counts.fill(0);
    }

    /// Adds what the other has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        let both = self.counts.iter_mut().zip(&other.counts);
        both.for_each(|(sum, count)| *sum += count);
    }

    /// How many were counted.
    pub(crate) fn len(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The histogram that has counted the same.
    ///
    /// # Errors
    /// None with these bounds.
    pub(crate) fn histogram(&self) -> Result<Histogram<u64>, Failure> {
        let digits = const { if BITS > 8 { 3 } else { 2 } };
        let trouble = || Failure::while_doing("a histogram");
        let mut histogram = Histogram::new_with_bounds(1, LATENCY_MAX, digits).map_err(trouble())?;
        for (bin, &count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            histogram
                .record_n(Self::least_of(bin), count)
                .map_err(Failure::while_doing("a bin"))?;
        }
        Ok(histogram)
    }

    /// The bin of a latency: its leading bits, behind those of all shorter powers of two.
    #[inline]
    fn bin_of(latency: u64) -> usize {
        let shift = (latency | ((1 << BITS) - 1)).ilog2() + 1 - BITS;
        ((u64::from(shift) << (BITS - 1)) + (latency >> shift)) as usize
    }

    /// The shortest latency in a bin.
    fn least_of(bin: usize) -> u64 {
        let (bin, half) = (bin as u64, 1_u64 << (BITS - 1));
        if bin < 2 * half {
            return bin;
        }
        let shift = bin / half - 1;
        (bin - shift * half) << shift
    }
}
