//! Why a token is not believed.
//!
//! Holds nothing of the token, so that it may be logged.

use std::fmt;

/// The first thing that was wrong with a token. Told to the operator, at `debug` and by `stentor
/// token --check`; a client hears one sentence for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The request carries tokens that differ.
    Several,
    /// Longer than [`super::TOKEN_BYTES_MAX`]; not looked at.
    TooLong,
    /// No three parts, or a header that is no JSON object with an algorithm that we know.
    Malformed,
    /// The header names extensions that one must understand.
    Critical,
    /// No key is for this algorithm and this `kid`.
    NoKey,
    /// The signature is of none of the keys that it could be of.
    Signature,
    /// A claim is missing, there twice, or of the wrong type.
    Claims,
    /// `sub` is empty, too long, or has control characters.
    Subject,
    /// `rooms` has too many patterns, or one that matches no room's name.
    Rooms,
    /// `exp` has passed.
    Expired,
    /// `nbf` has not come.
    NotYet,
    /// `iss` is none of the issuers.
    Issuer,
    /// `aud` names none of the audiences.
    Audience,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Several => "the request carries different tokens",
            Refusal::TooLong => "the token is longer than 8 KiB",
            Refusal::Malformed => "it is no signed token with an algorithm that is known here",
            Refusal::Critical => "its header names extensions that must be understood (crit)",
            Refusal::NoKey => "no key is for its algorithm and kid",
            Refusal::Signature => "its signature is of none of the keys",
            Refusal::Claims => "a claim is missing, there twice or of the wrong type",
            Refusal::Subject => "sub is no text of 1 to 256 bytes without control characters",
            Refusal::Rooms => "rooms is no list of at most 128 patterns of 1 to 128 bytes",
            Refusal::Expired => "it has expired (exp)",
            Refusal::NotYet => "it is not valid yet (nbf)",
            Refusal::Issuer => "its issuer is none of JWT_ISSUER (iss)",
            Refusal::Audience => "its audience is none of JWT_AUDIENCE (aud)",
        })
    }
}

impl std::error::Error for Refusal {}
