//! A count, and the part of it that falls into the measured span.

#[cfg(test)]
mod tests;

/// Counts on from the beginning; knows what it had come to at the last two marks.
#[derive(Copy, Clone, Default, Debug)]
pub(crate) struct SpanCount {
    total: u64,
    /// The total at the last mark but one, and at the last.
    marks: [u64; 2],
}

impl SpanCount {
    /// Counts so many more.
    pub(crate) fn add(&mut self, more: u64) {
        self.total += more;
    }

    /// The measured span begins, or ends.
    pub(crate) fn mark(&mut self) {
        self.marks = [self.marks[1], self.total];
    }

    /// How many there were in all.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How many there were between the last two marks.
    pub(crate) fn measured(&self) -> u64 {
        self.marks[1] - self.marks[0]
    }
}
