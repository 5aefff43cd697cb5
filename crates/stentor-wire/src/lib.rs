//! What is said: bytes ↔ message ↔ envelope ↔ frame.
//!
//! Everything here is a pure function or a plain value. This crate knows no socket, no clock, no
//! randomness, no runtime and no logger; time and ids are handed in.
//!
//! The way in: [`assemble`] turns a peer's bytes into whole messages, [`parse`] a message into a
//! [`Draft`](draft::Draft). The way out: an [`Envelope`](envelope::Envelope) is a stamped draft,
//! [`encode`] writes it once as the frame that every member shares.

pub mod assemble;
pub mod close;
pub mod draft;
pub mod encode;
pub mod envelope;
pub mod error_code;
pub mod event;
pub mod frame;
pub mod mask;
pub mod message_type;
pub mod parse;
pub mod place;
pub mod presence;
pub mod resend;
pub mod room_name;
pub mod room_patterns;
pub mod testimony;
pub mod time;
pub mod timestamp;
pub mod uuid_v7;

/// What a message may weigh by default, in bytes, after reassembly.
pub const MESSAGE_BYTES_MAX_DEFAULT: usize = 65_536;

/// How deep the JSON of a message may nest.
pub const JSON_DEPTH_MAX: usize = 64;
