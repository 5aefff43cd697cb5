//! A text that must not be shown.

use std::fmt;

use subtle::ConstantTimeEq;

/// A text that neither logs nor panics show, compared in constant time.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// Hides `text`.
    pub fn new(text: &str) -> Secret {
        Secret(text.into())
    }

    /// Whether `candidate` is the same text. The time it takes tells the length, nothing else.
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(candidate).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
