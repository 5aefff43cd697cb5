//! Who a client is: tokens, and the keys that they are held against.
//!
//! A token is a JSON Web Token (RFC 7519) that somebody else has signed. [`Keys`] come from the
//! settings, [`Rules`] say what else must be so, a [`Verifier`] makes an identity of a token or
//! refuses it, and the [`Guard`] does that for requests and for `auth` messages. Whoever is refused
//! hears the same words whatever the reason was: [`Refusal`] is for the operator.
//!
//! Only `credentials` and `guard` know HTTP. Nothing here knows rooms' members or connections:
//! what an identity may do while it is connected is the engine's business.

mod claims;
mod credentials;
mod explain;
mod guard;
mod jwks;
mod keys;
mod mint;
mod object;
mod provider;
mod public_key;
mod refusal;
mod self_test;
#[cfg(test)]
mod tests;
mod verifier;
mod watch;

pub use claims::Rules;
pub use explain::{Explanation, explain};
pub use guard::Guard;
pub use jwks::{JwksFile, KeySet};
pub use keys::Keys;
pub use mint::{TokenDraft, mint};
pub use refusal::Refusal;
pub use self_test::{SelfTestFailure, self_test};
pub use verifier::{TOKEN_BYTES_MAX, Verifier};
pub use watch::JwksWatch;

pub(crate) use credentials::{bearer, select_protocol};
pub(crate) use keys::SECRET_BYTES_ENOUGH;

use std::time::{SystemTime, UNIX_EPOCH};

use stentor_wire::time::millis;

/// The system's time, in milliseconds since 1970; 0 where its clock stands before that.
pub fn now_unix_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}
