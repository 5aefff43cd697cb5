//! `stentor token`: makes a token for development, or explains one.
//!
//! Works on the settings that the server would start with, and starts nothing.

use std::io::{self, Read};
use std::process::ExitCode;
use std::time::Duration;

use super::failure::{Failure, complain};
use super::output::print;
use crate::identity::{TokenDraft, Verifier, explain, mint, now_unix_millis, self_test};
use crate::settings::{Arguments, IdentitySettings};

/// The longest life of a token that is made here.
const TTL_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The most that is read from standard input, in bytes.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

/// What `stentor token` is told beside the settings of identity.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct TokenArguments {
    /// Who bears it
    #[arg(long, value_name = "TEXT")]
    sub: Option<String>,
    /// Pattern of rooms that it may use, such as 'team-*'; may be repeated [default: all rooms]
    #[arg(long = "room", value_name = "PATTERN")]
    rooms: Vec<String>,
    /// How long it is good for, a duration of at most a year
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    ttl: String,
    /// Who makes it [default: the first of JWT_ISSUER]
    #[arg(long, value_name = "TEXT")]
    issuer: Option<String>,
    /// Whom it is for [default: the first of JWT_AUDIENCE]
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// Explain a token instead; without one, or for -, it is read from standard input
    #[arg(long, value_name = "TOKEN", num_args = 0..=1, default_missing_value = "-")]
    #[arg(conflicts_with_all = ["sub", "rooms", "ttl", "issuer", "audience"])]
    check: Option<String>,
}

/// Makes or explains.
pub(super) fn run(token: &TokenArguments, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (identity, warnings) = IdentitySettings::read(arguments)?;
    warnings.iter().for_each(complain);
    self_test().map_err(Failure::failed)?;
    match &token.check {
        Some(text) => check(text, identity),
        None => make(token, identity),
    }
}

fn make(token: &TokenArguments, identity: Option<IdentitySettings>) -> Result<ExitCode, Failure> {
    let Some(identity) = identity else {
        return Err(Failure::usage("JWT_SECRET: is needed to make a token, and is not set"));
    };
    let Some(secret) = identity.keys.secret() else {
        let fault = "JWT_SECRET: is needed to make a token; a public key cannot sign one";
        return Err(Failure::usage(fault));
    };
    let Some(subject) = token.sub.as_deref() else {
        return Err(Failure::usage("--sub: is needed, it says who bears the token"));
    };
    let ttl = ttl(&token.ttl).map_err(|fault| Failure::usage(format_args!("--ttl: {fault}")))?;
    let now_unix_millis = now_unix_millis();
    let issued_at = now_unix_millis / 1_000;
    let draft = TokenDraft {
        subject,
        rooms: Some(token.rooms.as_slice()).filter(|rooms| !rooms.is_empty()),
        issuer: token.issuer.as_ref().or(identity.rules.issuers.first()).map(String::as_str),
        audience: token.audience.as_ref().or(identity.rules.audiences.first()).map(String::as_str),
        issued_at,
        expires_at: issued_at + ttl.as_secs(),
    };
    let made = mint(secret, &draft)
        .map_err(|error| Failure::usage(format_args!("no token could be made: {error}")))?;
    let verdict = Verifier::new(identity.keys.clone(), identity.rules.clone())
        .verify(made.as_bytes(), now_unix_millis);
    if let Err(refusal) = verdict {
        let fault = format!("this server would refuse such a token: {refusal}");
        return Err(Failure::usage(fault));
    }
    print(&format!("{made}\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn check(text: &str, identity: Option<IdentitySettings>) -> Result<ExitCode, Failure> {
    let Some(identity) = identity else {
        let fault = "JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_FILE is needed to check a token";
        return Err(Failure::usage(fault));
    };
    let from_input;
    let token = match text {
        "-" => {
            from_input = read_input()
                .map_err(|error| Failure::usage(format_args!("no token on input: {error}")))?;
            from_input.trim()
        }
        text => text.trim(),
    };
    let verifier = Verifier::new(identity.keys, identity.rules);
    let explanation = explain(&verifier, token, now_unix_millis());
    print(&explanation.text)?;
    Ok(if explanation.is_accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_input() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().take(INPUT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Whole seconds at least, a year at most: longer than any setting's duration.
fn ttl(text: &str) -> Result<Duration, String> {
    let ttl = humantime::parse_duration(text)
        .map_err(|_| format!("{text:?} is no duration (such as 15m, 1h or 30d)"))?;
    if ttl < Duration::from_secs(1) || ttl > TTL_MAX {
        return Err(format!("{text:?} is not between a second and a year"));
    }
    Ok(ttl)
}
