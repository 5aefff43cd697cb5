//! The stored counts, what they were taken with, and the verdict on new ones.

use std::fmt::Write;

use toml::{Table, Value};

use super::{ASK_DEADLINE, Instructions};
use crate::counts::Counts;
use crate::project::Project;
use crate::run;

/// A count may move by so many percent; above is a failure, below wants to be stored.
const CHANGE_PERCENT_MAX: u64 = 1;

const HEAD: &str = "\
# How many instructions each case of instructions.rs takes. `cargo xtask instructions` compares, and
# the gate fails above 1 % more. Written by `cargo xtask instructions --store`: after a change that
# is worth its cost, after one that saves something, and with every new compiler.
";

const STORE_ANEW: &str = "\
Counts of one toolchain prove nothing about another. Go back to a commit that is known to be good, \
store there with `cargo xtask instructions --store`, and compare yours with that";

/// All that decides what instructions a program is made of, beside its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toolchain {
    rustc: String,
    target: String,
    /// Its `memcpy` and `malloc` are counted too.
    libc: String,
    /// The program sees the processor that valgrind imitates, and chooses its code for it.
    valgrind: String,
}

impl Toolchain {
    const KEYS: [&str; 4] = ["rustc", "target", "libc", "valgrind"];

    /// What this machine has.
    ///
    /// # Errors
    /// In words, where one of them does not say what it is.
    pub(super) fn here(project: &Project) -> Result<Self, String> {
        let ask = |program: &str, arguments: &[&str]| {
            let mut command = project.command(program);
            command.args(arguments);
            run::output(command, ASK_DEADLINE)
        };
        let rustc = ask("rustc", &["--version", "--verbose"])?;
        let of_rustc = |key: &str| {
            let value = rustc.lines().find_map(|line| line.strip_prefix(key));
            value.map(str::to_owned).ok_or_else(|| format!("rustc does not tell its {key}"))
        };
        Ok(Self {
            rustc: of_rustc("rustc ")?,
            target: of_rustc("host: ")?,
            libc: ask("getconf", &["GNU_LIBC_VERSION"])?.trim().to_owned(),
            valgrind: ask("valgrind", &["--version"])?.trim().to_owned(),
        })
    }

    /// # Errors
    /// Names each difference, and what to do about it.
    pub(super) fn check(&self, here: &Self) -> Result<(), String> {
        let pairs = Self::KEYS.into_iter().zip(self.values().into_iter().zip(here.values()));
        let differences: Vec<String> = pairs
            .filter(|(_, (stored, here))| stored != here)
            .map(|(key, (stored, here))| format!("{key} is `{here}`, stored is `{stored}`"))
            .collect();
        if differences.is_empty() {
            return Ok(());
        }
        Err(format!("{}. {STORE_ANEW}", differences.join("; ")))
    }

    fn values(&self) -> [&str; 4] {
        [&self.rustc, &self.target, &self.libc, &self.valgrind]
    }
}

/// The content of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Baseline {
    pub(super) toolchain: Toolchain,
    pub(super) instructions: Instructions,
}

impl Baseline {
    /// # Errors
    /// In words, with the key that is missing or no count.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let table: Table = text.parse().map_err(|e| format!("{e}"))?;
        let word = |key: &str| {
            let value = table.get(key).and_then(Value::as_str);
            value.map(str::to_owned).ok_or_else(|| format!("`{key}` is missing"))
        };
        let [rustc, target, libc, valgrind] = Toolchain::KEYS.map(word);
        let toolchain =
            Toolchain { rustc: rustc?, target: target?, libc: libc?, valgrind: valgrind? };
        let cases = table.get("instructions").and_then(Value::as_table);
        let cases = cases.ok_or("`[instructions]` is missing")?;
        let count = |(name, value): (&String, &Value)| match value.as_integer() {
            Some(count @ 1..) => Ok((name.clone(), count.unsigned_abs())),
            _ => Err(format!("`{name}` is no count")),
        };
        let instructions = cases.iter().map(count).collect::<Result<_, _>>()?;
        Ok(Self { toolchain, instructions })
    }

    pub(super) fn to_toml(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for (key, value) in Toolchain::KEYS.into_iter().zip(self.toolchain.values()) {
            text += &format!("{key} = \"{value}\"\n");
        }
        text += "\n[instructions]\n";
        for (name, count) in &self.instructions {
            text += &format!("\"{name}\" = {count}\n");
        }
        text
    }

    /// Compares counts with the stored ones: a check a case, and a table for people.
    pub(super) fn judge(&self, now: &Instructions) -> (Counts, String) {
        let mut counts = Counts::default();
        let mut table = format!("{:<28} {:>12} {:>12} {:>9}\n", "name", "stored", "now", "change");
        let mut cheaper = 0;
        for (name, &stored) in &self.instructions {
            let Some(&now) = now.get(name) else {
                counts.failed += 1;
                let _ = writeln!(table, "{name:<28} {stored:>12}  FAILED: it is not counted");
                continue;
            };
            let percent = (now as f64 / stored as f64 - 1.0) * 100.0;
            let verdict = if now * 100 > stored * (100 + CHANGE_PERCENT_MAX) {
                counts.failed += 1;
                "  FAILED: it costs more"
            } else {
                counts.passed += 1;
                let is_cheaper = now * 100 < stored * (100 - CHANGE_PERCENT_MAX);
                cheaper += usize::from(is_cheaper);
                if is_cheaper { "  cheaper" } else { "" }
            };
            let _ = writeln!(table, "{name:<28} {stored:>12} {now:>12} {percent:>+8.2}%{verdict}");
        }
        for (name, count) in now.iter().filter(|(name, _)| !self.instructions.contains_key(*name)) {
            counts.failed += 1;
            let _ = writeln!(table, "{name:<28} {:>12} {count:>12}  FAILED: it is not stored", "");
        }
        if cheaper > 0 {
            table += "Some are cheaper by more than 1 %: keep that with \
                      `cargo xtask instructions --store`.\n";
        }
        (counts, table)
    }
}
