//! The k6 scripts of `loadtest/k6`, against the server that users get.

#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::steps::pod::Pod;
use crate::{run, tools};

const SCRIPTS: &str = "loadtest/k6";
/// Longer than any soak that somebody would wait for.
const SINGLE_DEADLINE: Duration = Duration::from_secs(7 * 24 * 3600);
/// Each of the short runs takes some ten seconds.
const SHORT_DEADLINE: Duration = Duration::from_secs(120);

/// The scripts, each with what makes its run short.
const SHORT_RUNS: [(&str, &[&str]); 5] = [
    ("chat", &["VUS=6", "ROOMS=2", "RATE=1", "DURATION=3s"]),
    ("fanout", &["VUS=20", "RATE=5", "DURATION=2s"]),
    ("spike", &["VUS=20", "ROOMS=4", "RATE=2", "DURATION=4s", "VISIT=1s"]),
    ("soak", &["VUS=6", "ROOMS=2", "RATE=1", "DURATION=3s", "PING_EVERY=1s", "PONG_WITHIN=8s"]),
    ("resume", &["VUS=6", "ROOMS=1", "DURATION=4s", "STAY=1s", "AWAY=500ms"]),
];

/// A test shares its machine with anything: here loss is judged, and speed only roughly. What is
/// late is waited for, and nobody talks before the slowest is connected.
const SHORT_LIMITS: [&str; 4] =
    ["LATENCY_P95_MAX_MS=5000", "CONNECT_P95_MAX_MS=10000", "WARM_UP=3s", "SETTLE=8s"];

/// `cargo xtask k6 <script> [KEY=VALUE...]`: one run at full length, and k6's exit code.
pub(crate) fn single(project: &Project, arguments: &[String]) -> ExitCode {
    let order = match Order::parse(arguments) {
        Ok(order) => order,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            return ExitCode::from(2);
        }
    };
    match attempt(project, &order) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// Every script for a few seconds against one server; one check each.
pub(crate) fn short_runs(project: &Project) -> Outcome {
    let prepared = tools::k6(project).and_then(|k6| Ok((k6, Pod::start(project)?)));
    let (k6, pod) = match prepared {
        Ok(prepared) => prepared,
        Err(fault) => return Outcome::failed(fault),
    };
    let reports = project.tools().join("reports");
    if let Err(e) = std::fs::create_dir_all(&reports) {
        return Outcome::failed(format!("cannot make {}: {e}", reports.display()));
    }
    let mut outcome = Outcome::default();
    for (script, settings) in SHORT_RUNS {
        let mut command = k6_run(project, &k6, script);
        pass_on(&mut command, &url_of(&pod));
        settings.iter().chain(&SHORT_LIMITS).for_each(|setting| pass_on(&mut command, setting));
        // What a person measured before is not to be overwritten by a test.
        let summary = reports.join(format!("k6-{script}.json"));
        pass_on(&mut command, &format!("SUMMARY={}", summary.display()));
        // A setting in the caller's environment must not change what is tested.
        command.args(["--quiet", "--include-system-env-vars=false"]);
        match run::exit_code(command, SHORT_DEADLINE) {
            Ok(0) => outcome.counts += Counts::ONE_PASSED,
            Ok(code) => fail(&mut outcome, format!("{script}.js ended with {code}")),
            Err(fault) => fail(&mut outcome, fault),
        }
    }
    outcome
}

fn fail(outcome: &mut Outcome, fault: String) {
    println!("failed: {fault}");
    outcome.counts.failed += 1;
    outcome.fault.get_or_insert(fault);
}

fn attempt(project: &Project, order: &Order<'_>) -> Result<i32, String> {
    let k6 = tools::k6(project)?;
    let has_server = order.has_server || std::env::var_os("WS_URL").is_some();
    let pod = if has_server { None } else { Some(Pod::start(project)?) };
    let mut command = k6_run(project, &k6, order.script);
    if let Some(pod) = &pod {
        pass_on(&mut command, &url_of(pod));
    }
    order.settings.iter().for_each(|setting| pass_on(&mut command, setting));
    if !std::io::stdout().is_terminal() {
        command.arg("--quiet");
    }
    run::exit_code(command, SINGLE_DEADLINE)
}

fn k6_run(project: &Project, k6: &Path, script: &str) -> Command {
    let mut command = project.command(k6);
    command.args(["run", "--no-usage-report"]);
    command.arg(project.path(SCRIPTS).join(format!("{script}.js")));
    command
}

/// The setting that tells a script where the server is.
fn url_of(pod: &Pod) -> String {
    format!("WS_URL=ws://{}/ws", pod.address())
}

fn pass_on(command: &mut Command, setting: &str) {
    command.args(["-e", setting]);
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Order<'a> {
    script: &'a str,
    settings: &'a [String],
    /// The caller names a server, so none is started.
    has_server: bool,
}

impl<'a> Order<'a> {
    fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let names = || SHORT_RUNS.map(|(name, _)| name).join(", ");
        let Some((script, settings)) = arguments.split_first() else {
            return Err(format!("`k6` needs a script: {}", names()));
        };
        if !SHORT_RUNS.iter().any(|(name, _)| name == script) {
            return Err(format!("there is no k6 script `{script}`, but {}", names()));
        }
        if let Some(bad) = settings.iter().find(|setting| !is_setting(setting)) {
            return Err(format!("`{bad}` is no setting; write KEY=VALUE, as in DURATION=10s"));
        }
        let has_server = settings.iter().any(|setting| setting.starts_with("WS_URL="));
        Ok(Self { script, settings, has_server })
    }
}

fn is_setting(word: &str) -> bool {
    let Some((key, _value)) = word.split_once('=') else { return false };
    key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
