//! What stands before the routes of the API.

use std::fmt;

/// A path such as `/api/chat-api`, or nothing where the API stands at the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasePath(Box<str>);

impl BasePath {
    /// Takes `text` as a base path: it begins with a slash, `/` alone is the root, and a slash at
    /// the end is dropped.
    ///
    /// # Errors
    /// The rule that `text` breaks, for a person.
    pub fn parse(text: &str) -> Result<BasePath, String> {
        if !text.starts_with('/') {
            return Err(format!("{text:?} does not begin with a slash"));
        }
        let path = text.trim_end_matches('/');
        let mut segments = path.split('/').skip(1);
        if segments.clone().any(|segment| !is_plain(segment)) {
            return Err(format!(
                "{text:?} has a segment that is not made of letters, digits and -._~"
            ));
        }
        if let Some(first @ ("ws" | "assets")) = segments.next() {
            return Err(format!("{text:?} collides with the routes below /{first}"));
        }
        Ok(BasePath(path.into()))
    }

    /// The path without a slash at its end; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What of `path` follows this base: `Some("/ws")` for `/api/chat-api/ws`.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(self.as_str()).filter(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && segment != "."
        && segment != ".."
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}
