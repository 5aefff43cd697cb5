//! What runs it: threads, mailboxes and sockets around the shards, as an engine that any program
//! can embed.
//!
//! The engine knows no HTTP, no tokens and no environment. Sockets reach it in two ways: its own
//! listener, where a [`Door`] reads the first bytes and decides, or [`Engine::attach`], where the
//! embedding program has done the upgrade itself. From then on a socket speaks WebSocket.
//!
//! Where a message passes: `driver/reading` (bytes → message), [`hooks`], `stentor-shard` (who
//! hears it), `fan_out` (which other shards hear of it, and the bus), `flush` (turn buffers →
//! sockets; below them [`tls`], where it is wanted). What other pods say comes in by `driver/arrivals`; `driver/joining` keeps a response
//! back until they are heard.

pub mod address_block;
pub mod config;
pub mod door;
pub mod figures;
pub mod hooks;
pub mod publication;
pub mod tls;

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;

mod cells;
mod clock;
mod connection;
mod driver;
mod engine;
mod fan_out;
mod flush;
mod gates;
mod interest;
mod interrupted;
mod legs;
mod limits;
mod listener;
mod mailbox;
mod pod;
mod pod_bus;
mod socket;
mod stream;
mod user_rates;
mod wake;

pub use address_block::AddressBlock;
pub use config::{EngineConfig, History, Presence, SlowConsumer};
pub use door::{Admission, Answer, Door, Gate, Identity, Knock, MemberOptions};
pub use engine::{AttachError, Engine, NotAttached, StartError};
pub use figures::{
    BusyRoom, Dropped, Figures, People, RoomOccupancy, RoomsReport, ShardFigures, Times,
};
pub use hooks::{Client, Handling, Hooks, NoHooks, Payload, Verdict};
pub use limits::Limits;
pub use publication::{Overloaded, Publication, Receipt};
pub use stream::Stream;

pub use stentor_bus::follow::TRACE_TARGET;
pub use stentor_shard::{Backlog, Laggard, ROOMS_PER_MEMBER_MAX};

/// How other pods are heard, for [`EngineConfig::bus`].
pub use stentor_bus as bus;

/// What [`EngineConfig::tls`] is made of.
pub use rustls;

/// The vocabulary of messages, for programs that embed the engine.
pub use stentor_wire as wire;
