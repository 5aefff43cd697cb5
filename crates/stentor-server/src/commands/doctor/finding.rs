//! One line of what was found.

use std::fmt::Write;

use super::super::printable::printable;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and something will suffer.
    Warn,
    /// It will not work as the settings say.
    Fail,
}

/// What was looked at, what it is, and why that is so or what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) advice: String,
}

impl Finding {
    pub(super) fn new(
        verdict: Verdict,
        name: &'static str,
        value: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding { verdict, name, value: value.into(), advice: advice.into() }
    }

    pub(super) fn ok(
        name: &'static str,
        value: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding::new(Verdict::Ok, name, value, advice)
    }

    pub(super) fn warn(
        name: &'static str,
        value: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding::new(Verdict::Warn, name, value, advice)
    }

    /// A figure that the system keeps to itself.
    pub(super) fn unknown(name: &'static str, file: &str) -> Finding {
        Finding::warn(name, "unknown", format!("{file} cannot be read, so that nothing is judged"))
    }
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// The findings, a line each, in columns; two spaces or more stand between these.
pub(super) fn table(findings: &[Finding]) -> String {
    let width = |text: fn(&Finding) -> &str| {
        findings.iter().map(|finding| text(finding).chars().count()).max().unwrap_or_default()
    };
    let (name_width, value_width) = (width(|of| of.name), width(|of| &of.value));
    let mut table = String::new();
    for Finding { verdict, name, value, advice } in findings {
        let (verdict, value, advice) = (verdict.as_str(), printable(value), printable(advice));
        // A string takes all that is written to it.
        let _ =
            writeln!(table, "{verdict:<4}  {name:<name_width$}  {value:<value_width$}  {advice}");
    }
    table
}
