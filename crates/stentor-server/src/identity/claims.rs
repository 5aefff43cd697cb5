//! What a token says, and whether that is good enough.
//!
//! Knows no signature: whoever calls has checked it. Knows no clock either.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::Value;
use stentor_engine::Identity;
use stentor_wire::room_patterns::RoomPatterns;
use stentor_wire::time::millis;

use super::Refusal;

/// The longest subject, in bytes of UTF-8: it is in every message of its connection.
const SUBJECT_BYTES_MAX: usize = 256;

/// The last second of the year 9999. A later time is a mistake, mostly milliseconds taken for
/// seconds, and would mean a token that never ends.
pub(super) const SECONDS_MAX: u64 = 253_402_300_799;

/// The claims that count here; others are nobody's business.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    sub: String,
    exp: NumericDate,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "present")]
    rooms: Option<Vec<String>>,
    #[serde(default)]
    iss: Value,
    #[serde(default)]
    aud: Value,
}

/// `null` is a value of the wrong type, not an absent claim: for `rooms` the two are far apart.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// What must be so beside the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whose tokens are taken; empty = anybody's.
    pub issuers: Vec<String>,
    /// Whom tokens must be for, one of them at least; empty = anybody.
    pub audiences: Vec<String>,
    /// By how much the clocks of the token's maker and of this server may differ.
    pub leeway: Duration,
}

impl Default for Rules {
    /// Any issuer, any audience, 30 s.
    fn default() -> Rules {
        Rules { issuers: Vec::new(), audiences: Vec::new(), leeway: Duration::from_secs(30) }
    }
}

impl Rules {
    /// The identity that these claims make. One that is taken within the leeway lasts until the
    /// leeway ends, so that a connection is not closed the moment it is let in.
    pub(super) fn judge(&self, claims: Claims, now_unix_millis: u64) -> Result<Identity, Refusal> {
        let leeway = millis(self.leeway);
        let expires = claims.exp.unix_millis;
        if expires.saturating_add(leeway) <= now_unix_millis {
            return Err(Refusal::Expired);
        }
        if claims.nbf.is_some_and(|nbf| nbf.unix_millis > now_unix_millis.saturating_add(leeway)) {
            return Err(Refusal::NotYet);
        }
        if !self.issuers.is_empty() && !names_one(&claims.iss, &self.issuers) {
            return Err(Refusal::Issuer);
        }
        let audiences: &[Value] = match &claims.aud {
            Value::Array(audiences) => audiences,
            one => std::slice::from_ref(one),
        };
        if !self.audiences.is_empty()
            && !audiences.iter().any(|audience| names_one(audience, &self.audiences))
        {
            return Err(Refusal::Audience);
        }
        let subject = claims.sub;
        if subject.is_empty()
            || subject.len() > SUBJECT_BYTES_MAX
            || subject.chars().any(char::is_control)
        {
            return Err(Refusal::Subject);
        }
        let rooms = claims
            .rooms
            .map(|rooms| RoomPatterns::parse(rooms.iter().map(String::as_str)))
            .transpose()
            .map_err(|_| Refusal::Rooms)?;
        let expires_at =
            if expires > now_unix_millis { expires } else { expires.saturating_add(leeway) };
        Ok(Identity { user: subject.into(), rooms, expires_at_unix_millis: Some(expires_at) })
    }
}

/// Whether a claim is one of these texts.
fn names_one(claim: &Value, allowed: &[String]) -> bool {
    claim.as_str().is_some_and(|claim| allowed.iter().any(|one| one == claim))
}

/// A time of RFC 7519 section 2: seconds since 1970, whole or not.
#[derive(Clone, Copy, Debug)]
struct NumericDate {
    unix_millis: u64,
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<NumericDate, D::Error> {
        from.deserialize_any(Seconds)
    }
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = NumericDate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds between the years 1970 and 9999")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
        if seconds > SECONDS_MAX {
            return Err(E::custom("is no time before the year 10000 (seconds are wanted)"));
        }
        Ok(NumericDate { unix_millis: seconds * 1_000 })
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
        // No NaN is in JSON, and none would be in the range.
        if !(0.0..=SECONDS_MAX as f64).contains(&seconds) {
            return Err(E::custom("is no time between the years 1970 and 9999"));
        }
        Ok(NumericDate { unix_millis: (seconds * 1_000.0) as u64 })
    }
}
