//! Who hears it: one shard as a value.
//!
//! A shard owns members, rooms, rings and heartbeats, and decides everything about them: who hears
//! a message, in which order, what a slow reader loses, who is dead. It is plain single-threaded
//! Rust. Inputs are `handle_*` calls that take the time as an argument; outputs are
//! [`Shard::poll_event`] and [`Shard::flush`], which writes to an [`Outlet`].
//!
//! It knows no socket, no clock, no thread and no other shard. Randomness is a seed.

pub mod config;
pub mod counters;
pub mod event;
pub mod identity;
pub mod ids;
pub mod outlet;
pub mod wheel;

mod history;
mod member;
mod numbers;
mod pace;
mod presence;
mod rate;
mod recent;
mod recollection;
mod replay;
mod ring;
mod room;
mod shard;
mod standing;
mod traffic;
mod turn;

pub use config::{HistoryConfig, MemberOptions, PresenceConfig, ShardConfig, SlowConsumer};
pub use event::Event;
pub use history::LastHeard;
pub use identity::Identity;
pub use numbers::MemberId;
pub use outlet::Outlet;
pub use rate::UserRate;
pub use recollection::{OfRoom, Recollection, Remembered};
pub use ring::RING_SLOTS_MAX;
pub use shard::standouts::{Backlog, BusyRoom, Laggard};
pub use shard::{Connect, Delivery, Shard};
pub use stentor_wire::time;
pub use traffic::{Passage, Traffic};

/// The most rooms that one connection may be in.
pub const ROOMS_PER_MEMBER_MAX: usize = 128;
