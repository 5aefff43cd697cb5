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
//! awaited: no task is spawned, and no lock is taken.
//!
//! `wss://` is TLS 1.3 or 1.2 by rustls with ring, and believes the authorities that the platform
//! trusts, or those of a [`Trust`] of one's own. A server that cannot prove who it is gets nothing
//! to hear, no token above all, and no second chance: [`ConnectError::Tls`] says what is wrong, and
//! [`Client`] stops. A TLS handshake is the one place where a lock is taken: for the session that
//! the next one takes up. Without the feature `tls`, which is on by default, `wss://` is no
//! [`Address`].
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
mod stream;
mod tls_fault;
mod token_source;
mod trust;
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
pub use stream::Stream;
pub use tls_fault::{BadCertificate, TlsFault};
pub use token_source::{TokenSource, WhyToken};
pub use trust::{BadTrust, Trust};
pub use unacked::{PublishError, UNACKED_BYTES_MAX, UNACKED_MAX};
