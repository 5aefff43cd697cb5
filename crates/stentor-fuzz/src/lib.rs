//! What Stentor promises of any bytes that reach it: one file a promise, one body a file.
//!
//! A body takes bytes and panics where a promise is broken. The tests of this crate run each over
//! its seeds and over mutations of them that are the same every time; the targets in `fuzz/` hand
//! the same bodies to libFuzzer, which `cargo xtask fuzz SECONDS` runs. Inputs that once broke a
//! promise stand among the seeds.
//!
//! Knows no socket and no shard, and is never shipped.

pub mod frames;
pub mod heads;
pub mod messages;
pub mod relay;
pub mod rooms;
pub mod tokens;

mod cuts;
mod door;
mod json;

/// What libFuzzer and the tests call.
pub type Body = fn(&[u8]);

/// Every body, by the name of its file, its target in `fuzz/` and its folder in `seeds/`.
pub const BODIES: [(&str, Body); 6] = [
    ("frames", frames::body),
    ("heads", heads::body),
    ("messages", messages::body),
    ("relay", relay::body),
    ("rooms", rooms::body),
    ("tokens", tokens::body),
];
