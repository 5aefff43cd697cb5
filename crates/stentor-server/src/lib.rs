//! Where the world comes in: the stentor server, its routes, settings and metrics.
//!
//! [`Settings`] are read first and whole. [`Server::start`] then binds the engine's listener with
//! a [`door`] that speaks HTTP: an upgrade is answered right there, on the shard that accepted the
//! socket; whatever else comes is handed to [`http`], which serves it on a thread of its own.
//! [`serve()`] is both, with signals and logs, as the binary runs it; [`commands`] is all that the
//! binary does.
//!
//! This crate knows no rooms, rings or frames: who hears what is the engine's.

pub mod client_address;
pub mod commands;
pub mod diverted;
pub mod door;
pub mod health;
pub mod http;
pub mod identity;
pub mod origins;
pub mod policy;
pub mod problem;
pub mod serve;
pub mod settings;
pub mod tls;

mod attempts;
mod bounded_file;
mod closing;
mod exchange;
mod live;
mod logging;
mod refusals;
mod reload;
mod reloads;
mod request_head;
mod room_text;
mod traces;
mod watched_file;

pub use serve::{ServeError, Server, serve};
pub use settings::{Arguments, HistoryMode, LogFormat, SettingFault, Settings, TraceSettings};

/// The vocabulary of the engine, for programs that embed the server.
pub use stentor_engine as engine;
