//! The words of the command line, read.
//!
//! A command that starts from the server's settings takes them as flags, before its own word and
//! behind it; those that talk to a running pod have flags of their own. Judging what the flags say
//! is the commands' business.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::completions::CompletionsArguments;
use super::failure::Failure;
use super::help;
use super::publish::PublishArguments;
use super::tail::TailArguments;
use super::token::TokenArguments;
use super::top::TopArguments;
use crate::settings::{Arguments, IDENTITY};

/// What is to be done, and with which settings.
pub(super) struct CommandLine {
    pub(super) command: Command,
    /// Those of the server; the defaults for a command that does not take them.
    pub(super) settings: Arguments,
}

const ABOUT: &str = "A sharded WebSocket broadcast server, and what helps to run one";

const LONG_ABOUT: &str = "\
A sharded WebSocket broadcast server, and what helps to run one

Every setting is a flag, an environment variable and a line of SETTINGS_FILE: flag over environment \
over file over default. An empty value counts as unset. Durations are written 250ms, 25s, 2m.";

/// As clap reads it.
#[derive(Parser)]
#[command(name = "stentor", version, about = ABOUT, long_about = LONG_ABOUT)]
#[command(after_long_help = help::STENTOR, disable_help_subcommand = true)]
#[command(hide_possible_values = true)]
struct Words {
    #[command(subcommand)]
    command: Option<Command>,
    /// Tell what is wrong with the settings, or "ok", and exit
    #[arg(long)]
    check_config: bool,
    #[command(flatten)]
    _settings: Arguments,
}

/// What the binary does.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Command {
    /// Serve until a signal ends it; what is done without a word
    #[command(after_long_help = help::SERVE)]
    Serve {
        /// Tell what is wrong with the settings, or "ok", and exit
        #[arg(long)]
        check_config: bool,
    },
    /// Tell what is wrong with the settings, or "ok"
    #[command(after_long_help = help::CHECK_CONFIG)]
    CheckConfig,
    /// Tell whether this machine and its Redis hold what the settings ask for
    #[command(after_long_help = help::DOCTOR)]
    Doctor,
    /// Make a token for development, or explain one
    ///
    /// It is signed with JWT_SECRET, HS256, and is all that is written to standard output.
    /// With --check the exit code is 0 where this server's settings would accept the token, 1 where
    /// not, and 2 where a setting is bad.
    #[command(after_long_help = help::TOKEN)]
    Token(TokenArguments),
    /// Say something in a room of a running pod
    #[command(after_long_help = help::PUBLISH)]
    Publish(PublishArguments),
    /// Print what is said in a room of a running pod
    #[command(after_long_help = help::TAIL)]
    Tail(TailArguments),
    /// Show what a running pod does, once a second
    #[command(after_long_help = help::TOP)]
    Top(TopArguments),
    /// Print what a shell needs to complete commands and flags
    #[command(after_long_help = help::COMPLETIONS)]
    Completions(CompletionsArguments),
}

impl CommandLine {
    /// Reads the words, the program's own name first.
    ///
    /// # Errors
    /// What is wrong with them; that they ask for help is one.
    pub(super) fn read(words: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Failure> {
        let matches = tree().try_get_matches_from(words)?;
        let Words { command, check_config, .. } = Words::from_arg_matches(&matches)?;
        let command = match command.unwrap_or(Command::Serve { check_config }) {
            Command::Serve { check_config: is_said_behind } if check_config || is_said_behind => {
                Command::CheckConfig
            }
            Command::CheckConfig => Command::CheckConfig,
            _ if check_config => {
                return Err(Failure::usage("--check-config is for serve, and for no other word"));
            }
            command => command,
        };
        let settings = settings(&command, &matches)?;
        Ok(CommandLine { command, settings })
    }
}

/// All commands with all of their flags.
pub(super) fn tree() -> clap::Command {
    let settings: Vec<Arg> = Arguments::command().get_arguments().cloned().collect();
    let of_identity: Vec<Arg> = settings
        .iter()
        .filter(|setting| {
            setting.get_help_heading() == Some(IDENTITY) || setting.get_id() == "settings_file"
        })
        .cloned()
        .collect();
    let mut tree = Words::command();
    for word in ["serve", "check-config", "doctor"] {
        tree = tree.mut_subcommand(word, |command| command.args(&settings));
    }
    tree.mut_subcommand("token", |command| command.args(&of_identity))
}

impl Command {
    /// Whether it starts from the settings of the server.
    fn takes_settings(&self) -> bool {
        match self {
            Command::Serve { .. } | Command::CheckConfig | Command::Doctor | Command::Token(_) => {
                true
            }
            Command::Publish(_) | Command::Tail(_) | Command::Top(_) | Command::Completions(_) => {
                false
            }
        }
    }
}

/// The settings that were said before the word and behind it; what was said last counts.
fn settings(command: &Command, matches: &ArgMatches) -> Result<Arguments, Failure> {
    let before = said(matches);
    let Some((word, behind)) = matches.subcommand() else {
        return Ok(Arguments::from_arg_matches(matches)?);
    };
    if command.takes_settings() {
        let words = [vec!["stentor".into()], before, said(behind)].concat();
        let matches = Arguments::command().args_override_self(true).try_get_matches_from(words)?;
        return Ok(Arguments::from_arg_matches(&matches)?);
    }
    match before.first() {
        None => Ok(Arguments::default()),
        Some(flag) => {
            let flag = flag.to_string_lossy();
            let flag = flag.split('=').next().unwrap_or_default();
            Err(Failure::usage(format_args!(
                "{flag} is for the server: {word} has flags of its own, behind it"
            )))
        }
    }
}

/// The settings that the command line itself says, written as flags.
fn said(matches: &ArgMatches) -> Vec<OsString> {
    let settings = Arguments::command();
    let is_said = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut flags = Vec::new();
    for setting in settings.get_arguments() {
        let id = setting.get_id().as_str();
        let is_known = matches.ids().any(|known| known.as_str() == id);
        let Some(flag) = setting.get_long().filter(|_| is_known && is_said(id)) else { continue };
        for value in matches.get_raw(id).into_iter().flatten() {
            let mut word = OsString::from(format!("--{flag}="));
            word.push(value);
            flags.push(word);
        }
    }
    flags
}
