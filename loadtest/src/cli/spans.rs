//! The options that say how long a load lasts.

use std::time::Duration;

use clap::Args;

use crate::load::step::{Hopeless, Step};

/// How long a load warms up, counts, and is waited for.
#[derive(Copy, Clone, Debug, Args)]
pub(crate) struct SpanArgs {
    /// How long to send before it counts
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long to send and count
    #[arg(long, default_value = "10s", value_parser = super::parse_span)]
    pub(crate) duration: Duration,
    /// How long to wait for what is outstanding at the end
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) wait: Duration,
}

impl SpanArgs {
    /// A step at this rate that goes on to its end: every fault is wanted.
    pub(crate) fn step(self, rate: f64) -> Step {
        let Self { warmup, duration, wait } = self;
        Step { rate, warmup, duration, wait, hopeless: Hopeless::GoOn }
    }
}
