//! The files of `deploy/`, judged by the tools of those who read them: Docker's, Kubernetes', Helm's,
//! Prometheus' and systemd's. The proxies' files are run by the server's tests.
//!
//! Envoy's and Grafana's files are read as YAML and JSON only: their programs are not to be had here.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::checks;
use crate::project::Project;
use crate::report::Outcome;
use crate::steps::pod::Pod;
use crate::{run, tools};

const JUDGE_DEADLINE: Duration = Duration::from_secs(120);

/// Files in YAML; the chart's templates are none before they are rendered.
const YAML: [&str; 10] = [
    "deploy/docker/compose.yaml",
    "deploy/grafana/provisioning/dashboards/stentor.yaml",
    "deploy/grafana/provisioning/datasources/prometheus.yaml",
    "deploy/kubernetes/chart/Chart.yaml",
    "deploy/kubernetes/chart/values.yaml",
    "deploy/kubernetes/stentor.yaml",
    "deploy/prometheus/prometheus.yaml",
    "deploy/prometheus/rules.yaml",
    "deploy/prometheus/rules_test.yaml",
    "deploy/proxies/envoy.yaml",
];

/// Lines may be long: expressions of Prometheus are.
const YAML_RULES: &str = "{extends: relaxed, rules: {line-length: disable}}";

/// Names that the contract fixes and Prometheus would have otherwise.
const FIXED_NAMES: [&str; 5] = [
    "realtime_connections_total",
    "realtime_messages_received",
    "realtime_messages_sent",
    "realtime_redis_publish_errors",
    "realtime_rooms_total",
];

/// Every file by its judge, each a check.
pub(crate) fn run(project: &Project) -> Outcome {
    match attempt(project) {
        Ok(outcome) => outcome,
        Err(fault) => Outcome::failed(fault),
    }
}

fn attempt(project: &Project) -> Result<Outcome, String> {
    let linters = tools::linters(project)?;
    let promtool = tools::promtool(project)?;
    let systemd_analyze = tools::systemd_analyze(project)?;
    let linter = |name: &str| project.command(linters.join(name));
    let of_prometheus = |arguments: [&str; 2], file: &str| {
        let mut command = project.command(&promtool);
        command.args(arguments).arg(project.path(file));
        command
    };
    let mut dockerfile = linter("hadolint");
    dockerfile.arg(project.path("deploy/docker/Dockerfile"));
    let mut compose = linter("check-jsonschema");
    compose.args(["--builtin-schema", "vendor.compose-spec"]).arg(project.path(YAML[0]));
    let mut yaml = linter("yamllint");
    yaml.args(["--strict", "-d", YAML_RULES]).args(YAML.map(|file| project.path(file)));
    let mut chart = linter("python");
    chart.arg(project.path("deploy/kubernetes/render.py")).arg("check");
    chart.env("PATH", with_folder_first(&linters)?);
    let judged = [
        ("Dockerfile", passes(dockerfile)),
        ("compose.yaml", passes(compose)),
        ("YAML", passes(yaml)),
        ("the chart and what it renders", passes(chart)),
        ("alerts", passes(of_prometheus(["check", "rules"], "deploy/prometheus/rules.yaml"))),
        (
            "tests of the alerts",
            passes(of_prometheus(["test", "rules"], "deploy/prometheus/rules_test.yaml")),
        ),
        (
            "prometheus.yaml",
            passes(of_prometheus(["check", "config"], "deploy/prometheus/prometheus.yaml")),
        ),
        ("/metrics", metrics(project, project.command(&promtool))),
        ("the unit of systemd", unit(project, project.command(&systemd_analyze))),
        ("Grafana's dashboard", dashboard(project)),
    ];
    Ok(checks::outcome(judged))
}

fn passes(command: Command) -> Result<(), String> {
    match run::exit_code(command, JUDGE_DEADLINE)? {
        0 => Ok(()),
        code => Err(format!("exit code {code}")),
    }
}

/// What a pod exports, but for the names that are fixed.
fn metrics(project: &Project, promtool: Command) -> Result<(), String> {
    let page = Pod::start(project)?.get("/metrics")?;
    let file = project.tools().join("metrics.txt");
    std::fs::write(&file, page).map_err(|e| format!("{}: {e}", file.display()))?;
    let told = said_of(promtool, &["check", "metrics"], Some(&file))?;
    let is_fixed =
        |line: &&str| FIXED_NAMES.iter().any(|name| line.starts_with(&format!("{name} ")));
    match told.lines().find(|line| !is_fixed(line)) {
        None if told.lines().count() == FIXED_NAMES.len() => Ok(()),
        None => Err(format!("promtool read something else: {told}")),
        Some(line) => Err(line.to_owned()),
    }
}

/// `systemd-analyze verify` says what it does not know, and ends with 0: any word is a fault. The
/// binary of the unit is not installed here.
fn unit(project: &Project, analyze: Command) -> Result<(), String> {
    let text = std::fs::read_to_string(project.path("deploy/systemd/stentor.service"))
        .map_err(|e| format!("stentor.service: {e}"))?;
    let file = project.tools().join("stentor.service");
    let text = text.replace("ExecStart=/usr/local/bin/stentor", "ExecStart=/bin/true");
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    let path = file.display().to_string();
    let told = said_of(analyze, &["verify", "--man=no", &path], None)?;
    let of_ours = told.lines().find(|line| line.contains("stentor.service"));
    of_ours.map_or(Ok(()), |line| Err(line.to_owned()))
}

fn dashboard(project: &Project) -> Result<(), String> {
    let path = project.path("deploy/grafana/stentor.json");
    let text = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let dashboard: serde_json::Value =
        serde_json::from_slice(&text).map_err(|e| format!("no JSON: {e}"))?;
    let panels = dashboard["panels"].as_array().ok_or("no panels")?;
    let mut ids: Vec<_> = panels.iter().filter_map(|panel| panel["id"].as_u64()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == panels.len() { Ok(()) } else { Err("panels without ids of their own".into()) }
}

/// All that a program says, whatever its exit code.
fn said_of(
    mut command: Command,
    arguments: &[&str],
    input: Option<&Path>,
) -> Result<String, String> {
    command.args(arguments);
    if let Some(path) = input {
        let file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        command.stdin(file);
    }
    let said = command.output().map_err(|e| format!("cannot run it: {e}"))?;
    Ok(String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned())
}

fn with_folder_first(folder: &Path) -> Result<OsString, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).map_err(|e| format!("PATH: {e}"))
}
