//! The name of one run of one pod.

use std::fmt;
use std::sync::Arc;

/// Names one process for its lifetime: `{name}-{16 hex digits}`, made of ASCII letters, digits
/// and `-._` alone, at most [`PodId::BYTES_MAX`] bytes.
///
/// A pod that starts again has a new id, because its sequences start again too: receivers then
/// see a new sender and not a step back. It stands in JSON without escapes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId(Arc<str>);

/// What of a pod's name is kept in its id, in bytes.
const NAME_BYTES_MAX: usize = 47;

impl PodId {
    /// The longest id, in bytes.
    pub const BYTES_MAX: usize = NAME_BYTES_MAX + 1 + 16;

    /// The id of the run that drew `random`; characters of `name` that an id cannot have become
    /// `_`, and what is too long is cut.
    pub fn new(name: &str, random: u64) -> PodId {
        let allowed = |c: char| if is_allowed(c) { c } else { '_' };
        let name: String = name.chars().map(allowed).take(NAME_BYTES_MAX).collect();
        PodId(format!("{name}-{random:016x}").into())
    }

    /// The text of a record as an id; `None` where it is none.
    pub(crate) fn check(text: &str) -> Option<&str> {
        let fits = !text.is_empty() && text.len() <= PodId::BYTES_MAX;
        (fits && text.chars().all(is_allowed)).then_some(text)
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')
}

impl fmt::Display for PodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests;
