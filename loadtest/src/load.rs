//! The load: rooms, an open-loop schedule, connections and their event loop.

pub(crate) mod client_frame;
pub(crate) mod connection;
pub(crate) mod crew;
pub(crate) mod dialect;
mod doors;
pub(crate) mod frames;
pub(crate) mod guests;
pub(crate) mod handshake;
pub(crate) mod order;
pub(crate) mod part;
pub(crate) mod part_process;
pub(crate) mod schedule;
pub(crate) mod seating;
pub(crate) mod share;
pub(crate) mod source_addresses;
pub(crate) mod step;
pub(crate) mod stream;
pub(crate) mod swarm;
pub(crate) mod talkers;
pub(crate) mod target;
pub(crate) mod tls;
pub(crate) mod turns;
pub(crate) mod wake_timer;
pub(crate) mod world;
