//! Which machine, kernel and commit the figures belong to. The host's name is nobody's business.

#[cfg(test)]
mod tests;

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::project::Project;
use crate::run;

const GIT_DEADLINE: Duration = Duration::from_secs(30);
/// Words of a processor's name that tell it from no other.
const EMPTY_WORDS: [&str; 7] = ["amd", "intel", "arm", "cpu", "core", "processor", "virtual"];
/// How many of the other words are kept.
const WORDS_MAX: usize = 4;

/// What the figures belong to.
#[derive(Debug)]
pub(super) struct Machine {
    /// The day in UTC, as 2026-02-05.
    pub(super) date: String,
    processor: String,
    cores: usize,
    kernel: String,
    congestion_control: String,
    /// The load of the minute before: a busy machine has no figures to give.
    load: String,
    /// The commit, with `-changed` behind it where the work tree is not that.
    pub(super) commit: String,
}

impl Machine {
    /// Looks at this machine, now.
    ///
    /// # Errors
    /// In words, if the clock shows no day.
    pub(super) fn look(project: &Project) -> Result<Self, String> {
        let read = |path| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let cpus = read("/proc/cpuinfo");
        Ok(Self {
            date: day(seconds).ok_or("the clock shows no day")?,
            processor: processor(&cpus),
            cores: cpus.lines().filter(|line| line.starts_with("processor")).count().max(1),
            kernel: read("/proc/sys/kernel/osrelease"),
            congestion_control: read("/proc/sys/net/ipv4/tcp_congestion_control"),
            load: read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned(),
            commit: commit(project),
        })
    }

    /// A machine that tests can expect.
    #[cfg(test)]
    pub(super) fn of_a_test() -> Self {
        Self {
            date: "2026-11-21".to_owned(),
            processor: "AMD EPYC".to_owned(),
            cores: 2,
            kernel: "6.18".to_owned(),
            congestion_control: "bbr".to_owned(),
            load: "0.10".to_owned(),
            commit: "abc".to_owned(),
        }
    }

    /// The folder of its results: `2026-02-05-epyc-2-cores`.
    pub(super) fn folder_name(&self) -> String {
        let Self { date, processor, cores, .. } = self;
        let plural = if *cores == 1 { "" } else { "s" };
        format!("{date}-{}-{cores}-core{plural}", short_name(processor))
    }

    /// One line for people.
    pub(super) fn in_words(&self) -> String {
        let Self { processor, cores, kernel, congestion_control, load, commit, .. } = self;
        format!(
            "{processor}, {cores} cores, Linux {kernel}, congestion control {congestion_control}, \
             load {load} in the minute before, commit {commit}"
        )
    }
}

/// The day of so many seconds after 1970, in UTC.
fn day(seconds: u64) -> Option<String> {
    let moment = chrono::DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    Some(moment.format("%Y-%m-%d").to_string())
}

/// The processor's name out of `/proc/cpuinfo`; the architecture where it has none.
fn processor(cpus: &str) -> String {
    let line = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let name = line.and_then(|rest| rest.split_once(':')).map_or("", |(_, name)| name.trim());
    if name.is_empty() { std::env::consts::ARCH.to_owned() } else { name.to_owned() }
}

/// The words of a processor's name that tell it from others, fit for a folder.
fn short_name(processor: &str) -> String {
    let name = processor.to_lowercase().replace("(r)", " ").replace("(tm)", " ");
    let words: Vec<String> = name
        .split_whitespace()
        // A frequency, or what it has built in.
        .take_while(|word| !["@", "with", "w/"].contains(word))
        .filter(|word| !EMPTY_WORDS.contains(word) && !word.ends_with("-core"))
        .map(|word| word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect())
        .filter(|word: &String| !word.is_empty())
        .take(WORDS_MAX)
        .collect();
    if words.is_empty() { "unknown".to_owned() } else { words.join("-") }
}

fn commit(project: &Project) -> String {
    let ask = |arguments: &[&str]| {
        let mut command = project.command("git");
        command.args(arguments);
        run::output(command, GIT_DEADLINE)
    };
    let Ok(head) = ask(&["rev-parse", "--short=9", "HEAD"]) else { return "unknown".to_owned() };
    // Results of an earlier run are no change to what is measured.
    let status = ["status", "--porcelain", "--untracked-files=no", "--", ".", ":!loadtest/results"];
    let changes = ask(&status).unwrap_or_default();
    let changed = if changes.trim().is_empty() { "" } else { "-changed" };
    format!("{}{changed}", head.trim())
}
