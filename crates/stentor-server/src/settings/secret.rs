//! A text that must not be shown.

use std::fmt;

use ring::digest::{Digest, SHA256, digest};
use subtle::ConstantTimeEq;

/// A text that others must know, and that neither logs nor panics show. Only its SHA-256 is kept.
#[derive(Clone)]
pub struct Secret(Digest);

impl Secret {
    /// Hides `text`.
    pub fn new(text: &str) -> Secret {
        Secret(hash(text.as_bytes()))
    }

    /// Whether `candidate` is the same text. The time it takes tells the candidate's own length,
    /// nothing of the secret's.
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.0.as_ref().ct_eq(hash(candidate).as_ref()).into()
    }
}

fn hash(text: &[u8]) -> Digest {
    digest(&SHA256, text)
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests;
