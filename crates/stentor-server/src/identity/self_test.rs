//! Whether the cryptography works, asked before a client can find out.
//!
//! `jsonwebtoken` panics at the first token where it has no provider; a build without one, or with
//! a wrong one, must not get as far as a port.

use std::fmt;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;

use super::mint::{TokenDraft, mint};
use super::{Keys, Rules, Verifier, provider};

/// The examples of RFC 7515 sections A.1 to A.3 and RFC 8037 section A.4.
const KNOWN: &str = include_str!("self_test/known.json");

#[derive(Deserialize)]
struct Known {
    alg: Algorithm,
    key: Jwk,
    /// What is signed: header and claims.
    message: String,
    signature: String,
}

/// The cryptography does not work: the fault is the program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfTestFailure(&'static str);

impl fmt::Display for SelfTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the self-test of tokens failed: {}", self.0)
    }
}

impl std::error::Error for SelfTestFailure {}

/// Checks known signatures, a wrong one of each kind, and a token of its own.
///
/// # Errors
/// The first thing that did not come out as it must. A provider that panics counts as one.
pub fn self_test() -> Result<(), SelfTestFailure> {
    provider::install();
    let outcome = std::panic::catch_unwind(|| {
        let examples: Vec<Known> =
            serde_json::from_str(KNOWN).map_err(|_| SelfTestFailure("no examples"))?;
        examples.iter().try_for_each(check_known)?;
        check_round()
    });
    outcome.unwrap_or(Err(SelfTestFailure("it panicked")))
}

fn check_known(known: &Known) -> Result<(), SelfTestFailure> {
    let key = DecodingKey::from_jwk(&known.key).map_err(|_| SelfTestFailure("an example's key"))?;
    let verify =
        |message: &str| crypto::verify(&known.signature, message.as_bytes(), &key, known.alg);
    if !matches!(verify(&known.message), Ok(true)) {
        return Err(SelfTestFailure("a known signature was refused"));
    }
    if !matches!(verify(&format!("{}x", known.message)), Ok(false)) {
        return Err(SelfTestFailure("a signature of something else was taken"));
    }
    Ok(())
}

/// From a draft to a token to an identity, by the code that clients meet.
fn check_round() -> Result<(), SelfTestFailure> {
    const SECRET: &[u8] = b"a secret that is only good for itself";
    let draft = TokenDraft { subject: "self-test", expires_at: 2, ..TokenDraft::default() };
    let failed = |_| SelfTestFailure("a token of our own was refused");
    let token = mint(SECRET, &draft).map_err(|_| SelfTestFailure("no token could be made"))?;
    let keys = Keys::default().with_secret(SECRET).map_err(failed)?;
    let verifier = Verifier::new(keys, Rules::default());
    let identity = verifier
        .verify(token.as_bytes(), 1_000)
        .map_err(|_| SelfTestFailure("a token of our own was refused"))?;
    if &*identity.user != draft.subject {
        return Err(SelfTestFailure("a token of our own says something else"));
    }
    Ok(())
}
