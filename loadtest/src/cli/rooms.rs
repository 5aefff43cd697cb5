//! The options that say which rooms there are, and who is in them.

use clap::Args;

use crate::failure::Failure;
use crate::load::seating::Seating;
use crate::measure::machine;

/// The rooms and who is in them.
#[derive(Clone, Debug, Args)]
pub(crate) struct RoomArgs {
    /// How many rooms
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rooms: u32,
    /// How many members each room has
    #[arg(
        long,
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) members: u32,
    /// How many of a room's members talk
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) talkers: u32,
    /// How many rooms each connection is in, joined as `?room=…&room=…` where the path names them
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=128))]
    pub(crate) rooms_per_connection: u32,
    /// Bytes of content in a message
    #[arg(long, default_value_t = 128)]
    pub(crate) content_bytes: usize,
}

impl RoomArgs {
    /// The seats, checked against each other and, shared out over so many processes, against the
    /// descriptor limit.
    ///
    /// # Errors
    /// If the rooms do not come out even, or there are too many connections, or no place for a
    /// stamp.
    pub(crate) fn seating_for(&self, processes: usize) -> Result<Seating, Failure> {
        let Self { rooms, members, talkers, rooms_per_connection, content_bytes } = *self;
        super::require_content_bytes(content_bytes)?;
        let seating = Seating {
            rooms: rooms as usize,
            members: members as usize,
            talkers: talkers as usize,
            rooms_per_connection: rooms_per_connection as usize,
        }
        .check()?;
        machine::require_descriptors(seating.connections().div_ceil(processes.max(1)))?;
        Ok(seating)
    }
}
