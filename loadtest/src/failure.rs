//! Why a measurement could not be made: one clear line, and exit code 2.
//!
//! A server that loses messages is no failure of this kind: it is a verdict, exit code 1.

use std::fmt;

/// One line that says what is wrong and, where there is one, what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with this line.
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }

    /// Wraps whatever went wrong while doing `what`.
    pub(crate) fn while_doing<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self(format!("{what}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
