//! The other half: a client of Stentor on tokio.
//!
//! ```no_run
//! use stentor_client::{Address, Backoff, Client, Draft, Happening, Heard, Options};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let address = Address::parse("ws://localhost:8080/api/chat-api")?;
//! let options = Options::new(address).room("general")?.events();
//! let mut client = Client::new(options, Backoff::default());
//! loop {
//!     match client.next().await? {
//!         Happening::Connected => client.send(&Draft::chat(&"hello")?).await?,
//!         Happening::Heard(Heard::Message(message)) => {
//!             println!("{}: {}", message.from, message.data)
//!         }
//!         Happening::Disconnected { failure, retry_in } => {
//!             eprintln!("{failure}; again in {retry_in:?}")
//!         }
//!         Happening::Heard(_) | Happening::Acked { .. } | Happening::Refused { .. } => {}
//!     }
//! }
//! # }
//! ```
//!
//! [`Client`] comes back by itself, [`Connection`] is one connection, [`WebSocket`] speaks to any
//! server. Each is owned by one task and does all that it does inside of the methods that are
//! awaited: no task is spawned, and no lock is taken. TLS is not offered: `wss://` is an error.
//!
//! Knows the wire and nothing else of Stentor: what a server is made of is not its business.

mod address;
mod backoff;
mod chance;
mod client;
mod connection;
mod draft;
mod end;
mod had;
mod handshake;
mod message;
mod options;
mod protocol;
mod server_clock;
mod socket;
mod token_source;
mod unacked;

pub use address::{Address, BadAddress};
pub use backoff::{Backoff, Failure};
pub use client::{Client, Happening};
pub use connection::Connection;
pub use draft::Draft;
pub use end::{End, PeerClosed};
pub use handshake::{BadResponse, HEAD_BYTES_MAX, Refusal};
pub use message::{ErrorReply, Event, Heard, Message, Presence, Status};
pub use options::{BadToken, Options, Token, TokenPlace};
pub use protocol::Payload;
pub use socket::{ConnectError, Limits, SendError, WebSocket};
pub use stentor_wire as wire;
pub use token_source::{TokenSource, WhyToken};
pub use unacked::{PublishError, UNACKED_BYTES_MAX, UNACKED_MAX};
