//! The plan of an audit: who is there, which processes, and what happens to them when.
//!
//! Read and checked whole before anything starts; a fault in it is told with its line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::failure::Failure;

#[cfg(test)]
mod tests;

/// How many processes a plan may have.
const PROCESSES_MAX: usize = 64;
/// How many faults a plan may have.
const FAULTS_MAX: usize = 1_000;
/// How long an audit may take.
const DURATION_MAX: Duration = Duration::from_hours(24);
/// How large the file may be, in bytes.
const PLAN_BYTES_MAX: u64 = 1 << 20;

/// What is to be done, checked.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Who is there; what the command line says goes before it.
    pub(crate) load: Load,
    /// The servers and what they need, in the order in which they are started.
    pub(crate) processes: Vec<ProcessPlan>,
    /// What goes wrong, in order.
    pub(crate) faults: Vec<Fault>,
}

/// Who is there; what is not said has a default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    /// WebSocket routes beside those of the processes.
    #[serde(default)]
    pub(crate) urls: Vec<String>,
    /// Whose clients they are.
    pub(crate) clients: Option<Kind>,
    /// Whether nothing may be missing that was acknowledged, not even what was told of.
    pub(crate) nothing_lost: Option<bool>,
    /// How many rooms.
    pub(crate) rooms: Option<u32>,
    /// How many listeners each has, beside those who talk.
    pub(crate) listeners: Option<u32>,
    /// How many talk in each.
    pub(crate) talkers: Option<u32>,
    /// Messages a second, of all talkers together.
    pub(crate) rate: Option<f64>,
    /// How long they talk.
    #[serde(default, deserialize_with = "some_duration")]
    pub(crate) duration: Option<Duration>,
    /// Within which time a delivery is not late.
    #[serde(default, deserialize_with = "some_duration")]
    pub(crate) settle: Option<Duration>,
}

/// Whose clients an audit has.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// The harness's own: they judge every frame, repeats and all
    #[default]
    Raw,
    /// Those of the Rust SDK: what a program is told is judged
    Sdk,
}

/// A process that a fault may happen to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcessPlan {
    /// What the faults call it.
    pub(crate) name: String,
    /// The program and its arguments; the audit starts and ends it.
    pub(crate) command: Option<Vec<String>>,
    /// Added to the environment.
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
    /// Where its output goes; nowhere by default.
    pub(crate) log: Option<PathBuf>,
    /// Its WebSocket route, where it is a pod.
    pub(crate) url: Option<String>,
    /// `tcp:host:port` or `http://host:port/path`: what answers as soon as it is ready.
    pub(crate) ready: Option<String>,
    /// A process that stands already.
    pub(crate) pid: Option<u32>,
    /// The file that holds the pid of one, read anew at each fault.
    pub(crate) pid_file: Option<PathBuf>,
}

/// What goes wrong, once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// When, from the first message on.
    pub(crate) at: Duration,
    /// What is done.
    pub(crate) deed: Deed,
    /// After how long it is undone: a pause by resuming, an end by starting.
    pub(crate) undone_after: Option<Duration>,
}

/// What is done, and to whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Deed {
    /// To the process with this place in the plan.
    Process(usize, Act),
    /// A command of the plan's author, which does whatever it does.
    Run(Vec<String>),
}

/// What can be done to a process.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Act {
    /// SIGKILL.
    Kill,
    /// SIGTERM.
    Terminate,
    /// SIGSTOP.
    Pause,
    /// SIGCONT.
    Resume,
    /// It is started; where it still runs, as soon as it has ended.
    Start,
    /// SIGTERM, and a start as soon as it has ended.
    Restart,
}

impl Act {
    /// What undoes it.
    pub(crate) fn undone_by(self) -> Option<Self> {
        match self {
            Self::Kill | Self::Terminate => Some(Self::Start),
            Self::Pause => Some(Self::Resume),
            Self::Resume | Self::Start | Self::Restart => None,
        }
    }

    /// The word in a plan.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Terminate => "terminate",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Start => "start",
            Self::Restart => "restart",
        }
    }
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    load: Load,
    #[serde(default)]
    process: Vec<Spanned<ProcessPlan>>,
    #[serde(default)]
    fault: Vec<Spanned<FaultEntry>>,
}

/// A fault as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultEntry {
    #[serde(deserialize_with = "duration")]
    at: Duration,
    process: Option<String>,
    #[serde(rename = "do")]
    act: Option<Act>,
    #[serde(default, rename = "for", deserialize_with = "some_duration")]
    undone_after: Option<Duration>,
    run: Option<Vec<String>>,
}

impl Plan {
    /// Reads and checks the plan in a file.
    ///
    /// # Errors
    /// If it cannot be read, is no plan, or has a fault; the line is told.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let trouble = || Failure::while_doing(format!("the plan {shown} cannot be read"));
        if fs::metadata(path).map_err(trouble())?.len() > PLAN_BYTES_MAX {
            return Err(Failure::new(format!("the plan {shown} is larger than 1 MiB")));
        }
        let text = fs::read_to_string(path).map_err(trouble())?;
        Self::parse(&text).map_err(|complaint| {
            let Complaint { at, what } = complaint;
            Failure::new(format!("{shown}:{}: {what}", line_of(&text, at)))
        })
    }

    fn parse(text: &str) -> Result<Self, Complaint> {
        let file: File = toml::from_str(text).map_err(|error| Complaint {
            at: error.span().map_or(0, |span| span.start),
            what: error.message().replace('\n', " "),
        })?;
        let mut processes: Vec<ProcessPlan> = Vec::new();
        for (place, entry) in file.process.into_iter().enumerate() {
            let at = entry.span().start;
            let process = entry.into_inner();
            let known = processes.iter().any(|other| other.name == process.name);
            let what = if place >= PROCESSES_MAX {
                Some(format!("more than {PROCESSES_MAX} processes"))
            } else if known {
                Some(format!("two processes are called {}", process.name))
            } else {
                process.fault()
            };
            complain(at, what)?;
            processes.push(process);
        }
        let mut faults = Vec::new();
        for (place, entry) in file.fault.into_iter().enumerate() {
            let at = entry.span().start;
            let many = place >= FAULTS_MAX;
            complain(at, many.then(|| format!("more than {FAULTS_MAX} faults")))?;
            let fault = entry.into_inner().check(&processes);
            faults.push(fault.map_err(|what| Complaint { at, what })?);
        }
        faults.sort_by_key(|fault| fault.at);
        Ok(Self { load: file.load, processes, faults })
    }
}

impl ProcessPlan {
    /// What is wrong with it, if anything is.
    fn fault(&self) -> Option<String> {
        let Self { name, command, pid, pid_file, ready, .. } = self;
        let ways = [command.is_some(), pid.is_some(), pid_file.is_some()];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Some(format!("process {name} needs one of command, pid and pid_file"));
        }
        if command.as_ref().is_some_and(Vec::is_empty) {
            return Some(format!("the command of process {name} is empty"));
        }
        let known = |ready: &String| ready.starts_with("tcp:") || ready.starts_with("http://");
        if ready.as_ref().is_some_and(|ready| !known(ready)) {
            return Some(format!("ready of process {name} begins with neither tcp: nor http://"));
        }
        None
    }
}

impl FaultEntry {
    fn check(self, processes: &[ProcessPlan]) -> Result<Fault, String> {
        let Self { at, process, act, undone_after, run } = self;
        let deed = match (process, act, run) {
            (None, None, Some(run)) if !run.is_empty() => Deed::Run(run),
            (Some(name), Some(act), None) => {
                let place = processes.iter().position(|process| process.name == name);
                let place = place.ok_or_else(|| format!("no process is called {name}"))?;
                let starts = matches!(act, Act::Start | Act::Restart)
                    || undone_after.is_some() && act.undone_by() == Some(Act::Start);
                if starts && processes[place].command.is_none() {
                    return Err(format!("process {name} has no command to start it with"));
                }
                Deed::Process(place, act)
            }
            _ => return Err("a fault needs process and do, or run".to_owned()),
        };
        let undoable = matches!(deed, Deed::Process(_, act) if act.undone_by().is_some());
        if undone_after.is_some() && !undoable {
            return Err("only kill, terminate and pause can be undone with for".to_owned());
        }
        if at > DURATION_MAX || undone_after.is_some_and(|span| span > DURATION_MAX) {
            return Err("a fault beyond 24 hours".to_owned());
        }
        Ok(Fault { at, deed, undone_after })
    }
}

/// What is wrong, and at which byte of the file.
#[derive(Debug)]
struct Complaint {
    at: usize,
    what: String,
}

fn complain(at: usize, what: Option<String>) -> Result<(), Complaint> {
    what.map_or(Ok(()), |what| Err(Complaint { at, what }))
}

/// The line of a byte, counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn duration<'de, D: Deserializer<'de>>(source: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(source)?;
    humantime::parse_duration(&text).map_err(serde::de::Error::custom)
}

fn some_duration<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Duration>, D::Error> {
    duration(source).map(Some)
}
