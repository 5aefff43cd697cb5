//! A token: one that can stand in a header, a query and a subprotocol, or it does not exist.

use std::error::Error;
use std::fmt;

/// Where a token is shown.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum TokenPlace {
    /// `Authorization: Bearer …`; it reaches no log of a proxy.
    #[default]
    Header,
    /// `?token=…`; proxies commonly log it.
    Query,
    /// `bearer.…` among the offered subprotocols, as browsers must.
    Subprotocol,
}

/// A JSON Web Token, not judged. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The longest token, in bytes; a server takes no request head past 16 KiB.
    pub const BYTES_MAX: usize = 8 * 1024;

    /// Takes a text as a token.
    ///
    /// # Errors
    /// It is empty, too long, or holds what no JSON Web Token does.
    pub fn parse(text: &str) -> Result<Token, BadToken> {
        if text.is_empty() {
            return Err(BadToken::Empty);
        }
        if text.len() > Token::BYTES_MAX {
            return Err(BadToken::TooLong);
        }
        // Base64url and dots (RFC 7515 section 3): the same text in each place, unescaped.
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
            return Err(BadToken::BadByte);
        }
        Ok(Token(text.to_owned()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Why a text is no token; the caller's fault. It does not tell the text.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum BadToken {
    /// No byte at all.
    Empty,
    /// More than [`Token::BYTES_MAX`] bytes.
    TooLong,
    /// Something else than letters, digits, `-`, `_` and `.`.
    BadByte,
}

impl fmt::Display for BadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the token is empty",
            Self::TooLong => "the token has more than 8192 bytes",
            Self::BadByte => "the token may hold letters, digits, - _ and . only",
        })
    }
}

impl Error for BadToken {}
