//! The measuring: clocks, and what the machine and a process tell of themselves.

pub(crate) mod bins;
pub(crate) mod machine;
pub(crate) mod meter;
pub(crate) mod moment;
pub(crate) mod own_delay;
pub(crate) mod span_count;
pub(crate) mod stages;
pub(crate) mod timeline;
