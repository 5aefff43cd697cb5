//! A token in words, and what this server would say to it: `stentor token --check`.
//!
//! For whoever holds the token and the settings; a client is never told this much.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use jsonwebtoken::dangerous::insecure_decode_claims;
use serde_json::{Map, Value};
use stentor_engine::Identity;

use super::claims::{Claims, SECONDS_MAX};
use super::object::Object;
use super::{Refusal, TOKEN_BYTES_MAX, Verifier};

/// What there is to say of a token.
#[derive(Debug)]
pub struct Explanation {
    /// Lines for a person, with everything that a terminal could take for a command escaped.
    pub text: String,
    /// Whether the server would let its bearer in.
    pub is_accepted: bool,
}

/// Explains a token as of `now_unix_millis`. Nothing of the keys is shown but which one it is of.
pub fn explain(verifier: &Verifier, token: &str, now_unix_millis: u64) -> Explanation {
    let mut text = String::new();
    let mut parts = token.split('.');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if token.len() <= TOKEN_BYTES_MAX {
        put_part(&mut text, "header", header, now_unix_millis);
        put_part(&mut text, "claims", claims, now_unix_millis);
    }
    let verdict = verifier.proven(token.as_bytes()).and_then(|(claims, source)| {
        Ok((verifier.rules().judge(claims, now_unix_millis)?, source))
    });
    match &verdict {
        Ok((identity, source)) => {
            put(&mut text, format_args!("accepted: {source} says it is of {:?}\n", identity.user));
            put(&mut text, format_args!("  {}\n", rooms(identity)));
        }
        Err(refusal) => {
            put(&mut text, format_args!("refused: {refusal}\n"));
            if let Some(hint) = hint(*refusal, claims) {
                put(&mut text, format_args!("  {hint}\n"));
            }
        }
    }
    Explanation { text, is_accepted: verdict.is_ok() }
}

fn rooms(identity: &Identity) -> String {
    match &identity.rooms {
        None => "it may use every room, and speak to everybody".to_owned(),
        Some(patterns) => {
            let patterns: Vec<String> = patterns.iter().map(|one| format!("{one:?}")).collect();
            match patterns.as_slice() {
                [] => "it may use no room".to_owned(),
                some => format!("it may use the rooms {}", some.join(", ")),
            }
        }
    }
}

/// What serde says of claims of the wrong type, which quotes them.
fn hint(refusal: Refusal, claims: &str) -> Option<String> {
    if refusal != Refusal::Claims {
        return None;
    }
    let error = object::<Object<Claims>>(claims).err()?;
    Some(error.escape_debug().to_string())
}

fn put_part(text: &mut String, title: &str, part: &str, now_unix_millis: u64) {
    put(text, format_args!("{title}\n"));
    match object::<Map<String, Value>>(part) {
        Ok(members) => {
            for (name, value) in &members {
                let shown = shown(value);
                put(text, format_args!("  {}  {shown}", name.escape_debug()));
                if let ("exp" | "nbf" | "iat", Some(seconds)) = (name.as_str(), value.as_f64()) {
                    put(text, format_args!("  {}", in_words(seconds, now_unix_millis)));
                }
                text.push('\n');
            }
        }
        Err(_) => put(text, format_args!("  no JSON object in base64url\n")),
    }
}

/// Any part of a token as JSON: `jsonwebtoken` reads the middle one of three.
fn object<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, String> {
    insecure_decode_claims(format!("a.{part}.a")).map_err(|error| error.to_string())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string().escape_debug().to_string().replace("\\\"", "\""),
    }
}

/// `2026-11-27T05:00:00Z, 3 minutes ago`.
fn in_words(seconds: f64, now_unix_millis: u64) -> String {
    if !(0.0..=SECONDS_MAX as f64).contains(&seconds) {
        return "no time between the years 1970 and 9999: seconds are wanted".to_owned();
    }
    let then = Duration::from_secs(seconds as u64);
    let now = Duration::from_secs(now_unix_millis / 1_000);
    let date = humantime::format_rfc3339_seconds(UNIX_EPOCH + then);
    match (then.checked_sub(now), now.checked_sub(then)) {
        (Some(Duration::ZERO), _) => format!("{date}, now"),
        (Some(left), _) => format!("{date}, in {}", humantime::format_duration(left)),
        (_, past) => {
            format!("{date}, {} ago", humantime::format_duration(past.unwrap_or_default()))
        }
    }
}

fn put(text: &mut String, part: std::fmt::Arguments<'_>) {
    text.write_fmt(part).expect("a String takes everything");
}

#[cfg(test)]
mod tests;
