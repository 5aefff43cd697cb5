//! Options of `intake` and of its second process.

use clap::{Args, ValueEnum};

/// Options of `intake`.
#[derive(Debug, Args)]
pub(crate) struct IntakeArgs {
    /// Keep the feeder on this core
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// What is fed, and how.
    #[command(flatten)]
    pub(crate) feeding: Feeding,
}

/// Options of the feeder.
#[derive(Debug, Args)]
pub(crate) struct IntakeFeederArgs {
    /// The core to be on
    #[arg(long)]
    pub(crate) core: Option<usize>,
    /// The run that the messages belong to
    #[arg(long)]
    pub(crate) run: u32,
    /// When the first of them is due, in nanoseconds of CLOCK_MONOTONIC
    #[arg(long)]
    pub(crate) begin: u64,
    /// What is fed, and how.
    #[command(flatten)]
    pub(crate) feeding: Feeding,
}

/// What the feeder feeds; the swarm hands it on.
#[derive(Clone, Debug, Args)]
pub(crate) struct Feeding {
    /// How many members hear it, a connection each
    #[arg(
        long,
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) members: u32,
    /// How many of the members talk, in turn
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) talkers: u32,
    /// How many messages each member hears
    #[arg(
        long,
        default_value_t = 50_000,
        value_parser = clap::value_parser!(u32).range(1..=100_000_000)
    )]
    pub(crate) messages: u32,
    /// Bytes of content in a message
    #[arg(long, default_value_t = 128)]
    pub(crate) content_bytes: usize,
    /// How many frames one call carries
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) frames_per_send: u32,
    /// How they are sent
    #[arg(long, value_enum, default_value_t)]
    pub(crate) by: FeedingBy,
    /// Leave this message out, counted from 1: the audit must find it
    #[arg(long, value_name = "MESSAGE")]
    pub(crate) leave_out: Option<u32>,
}

/// How the feeder sends.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum FeedingBy {
    /// By sendfile(2) out of memory: the sender copies nothing, and all members read one copy
    #[default]
    Sendfile,
    /// By write(2), as a server does: each member reads a copy of its own
    Write,
}

impl Feeding {
    /// The options that say the same to the second process.
    pub(crate) fn options(&self) -> Vec<String> {
        let by = self.by.to_possible_value();
        let mut options = vec![
            format!("--members={}", self.members),
            format!("--talkers={}", self.talkers),
            format!("--messages={}", self.messages),
            format!("--content-bytes={}", self.content_bytes),
            format!("--frames-per-send={}", self.frames_per_send),
        ];
        options.extend(by.map(|by| format!("--by={}", by.get_name())));
        options.extend(self.leave_out.map(|message| format!("--leave-out={message}")));
        options
    }
}
