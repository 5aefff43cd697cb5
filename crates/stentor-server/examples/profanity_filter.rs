//! A Stentor server that minds its language: every text in a message is washed before anyone
//! hears it, and only what was said is touched.
//!
//! `cargo run --package stentor-server --example profanity_filter`, then the page at
//! <http://127.0.0.1:8080/>. It takes the flags and variables of the server itself.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::Value;
use serde_json::value::RawValue;
use stentor_engine::hooks::{Client, Hooks, Verdict};
use stentor_engine::wire::draft::Draft;
use stentor_server::{Arguments, Settings};

const RUDE: [&str; 3] = ["darn", "heck", "blast"];

struct Filter;

impl Hooks for Filter {
    fn on_message(&self, _client: &Client<'_>, draft: &Draft<'_>) -> Verdict {
        let Ok(mut data) = serde_json::from_slice(draft.data) else { return Verdict::Pass };
        if !wash(&mut data) {
            return Verdict::Pass;
        }
        match RawValue::from_string(data.to_string()) {
            Ok(data) => Verdict::Change(data),
            Err(_) => Verdict::Suppress,
        }
    }
}

/// Washes every text in `value`; tells whether there was need to.
fn wash(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let washed = text.split(' ').map(mask).collect::<Vec<_>>().join(" ");
            let is_changed = washed != *text;
            *text = washed;
            is_changed
        }
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| wash(item) | changed),
        Value::Object(members) => {
            members.values_mut().fold(false, |changed, member| wash(member) | changed)
        }
        _ => false,
    }
}

/// Stars in place of a rude word, the word itself otherwise.
fn mask(word: &str) -> String {
    let letters = word.trim_matches(|c: char| !c.is_alphabetic());
    if RUDE.iter().any(|rude| letters.eq_ignore_ascii_case(rude)) {
        return word.replace(letters, &"*".repeat(letters.chars().count()));
    }
    word.to_owned()
}

fn main() -> ExitCode {
    let settings = match Settings::read(&Arguments::parse()) {
        Ok(settings) => settings,
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("{fault}"));
            return ExitCode::from(2);
        }
    };
    match stentor_server::serve(settings, Arc::new(Filter)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
