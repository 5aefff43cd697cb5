//! Why a command did not do what it was told, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::settings::SettingFault;

/// The exit code of a bad command line or setting.
const EXIT_BAD_SETTING: u8 = 2;

/// Why a command ended early. Everything that it shows is one line each, on standard error.
#[derive(Debug)]
pub(super) enum Failure {
    /// The words are none that the command line knows, or ask for its help.
    Words(Box<clap::Error>),
    /// Settings that are bad.
    Settings(Vec<SettingFault>),
    /// A value of the command line is bad.
    Usage(String),
    /// It was all well said and did not work.
    Failed(String),
    /// Whoever read the output has had enough, which is no fault.
    NobodyReads,
}

impl Failure {
    /// Something on the command line that is bad.
    pub(super) fn usage(text: impl fmt::Display) -> Failure {
        Failure::Usage(text.to_string())
    }

    /// Something that did not work.
    pub(super) fn failed(text: impl fmt::Display) -> Failure {
        Failure::Failed(text.to_string())
    }

    /// Says it, and gives the exit code.
    pub(super) fn end(self) -> ExitCode {
        match self {
            Failure::Words(error) => refuse_words(&error),
            Failure::Settings(faults) => {
                faults.iter().for_each(complain);
                ExitCode::from(EXIT_BAD_SETTING)
            }
            Failure::Usage(text) => {
                complain(text);
                ExitCode::from(EXIT_BAD_SETTING)
            }
            Failure::Failed(text) => {
                complain(text);
                ExitCode::FAILURE
            }
            Failure::NobodyReads => ExitCode::SUCCESS,
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Failure {
        Failure::Words(Box::new(error))
    }
}

impl From<Vec<SettingFault>> for Failure {
    fn from(faults: Vec<SettingFault>) -> Failure {
        Failure::Settings(faults)
    }
}

/// One line for the person at the terminal. Nobody is told where standard error is closed.
pub(super) fn complain(text: impl fmt::Display) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "stentor: {text}");
}

/// Help and version are no faults; anything else is told in one line.
fn refuse_words(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Whoever reads only the first lines closes the pipe early, which is no fault.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    complain(one_line(&error.to_string()));
    ExitCode::from(EXIT_BAD_SETTING)
}

/// clap's first paragraph: the fault, and below it what is missing, without its advice.
fn one_line(text: &str) -> String {
    let paragraph = text.lines().take_while(|line| !line.trim().is_empty());
    let line = paragraph.map(str::trim).collect::<Vec<_>>().join(" ");
    line.trim_start_matches("error: ").to_owned()
}
