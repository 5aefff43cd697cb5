//! RFC 6455 as others test it: the Autobahn cases of kosoku against the echo examples, the
//! engine's as a server and the client crate's as a client.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::run::{self, Running};
use crate::steps::build::{Target, build};
use crate::tools;

const ECHO: Target = Target { kind: "example", name: "ws_echo" };
const ECHO_CLIENT: Target = Target { kind: "example", name: "ws_echo_client" };
const LISTEN_DEADLINE: Duration = Duration::from_secs(10);
const CASES_DEADLINE: Duration = Duration::from_secs(900);
/// What the suite may take to write its reports, once the last case is over.
const REPORTS_DEADLINE: Duration = Duration::from_secs(60);
/// Verdicts of the suite that mean: behaved as the RFC allows.
const GOOD: [&str; 3] = ["OK", "NON-STRICT", "INFORMATIONAL"];

/// Which half of the protocol is tested; the suite is the other.
enum Half {
    Server,
    Client,
}

/// One half with its limit, and the cases that are run against it.
struct Round {
    name: &'static str,
    half: Half,
    message_bytes_max: u32,
    cases: &'static [&'static str],
    /// Fewer results than this mean that the suite did not run as it should.
    cases_min: u64,
}

/// The whole suite takes messages of up to 16 MiB.
const WHOLE_BYTES_MAX: u32 = 17 << 20;
/// Cases 12 and 13 are permessage-deflate, which neither half offers.
const WHOLE: &[&str] = &["-x", "12.*", "-x", "13.*"];

/// The second round has the product's own limit.
const ROUNDS: [Round; 3] = [
    Round {
        name: "all",
        half: Half::Server,
        message_bytes_max: WHOLE_BYTES_MAX,
        cases: WHOLE,
        cases_min: 301,
    },
    Round {
        name: "64k",
        half: Half::Server,
        message_bytes_max: 65_536,
        cases: &[
            "-i", "1.*", "-i", "2.*", "-i", "3.*", "-i", "4.*", "-i", "5.*", "-i", "6.*", "-i",
            "7.*", "-i", "10.*",
        ],
        cases_min: 247,
    },
    Round {
        name: "client",
        half: Half::Client,
        message_bytes_max: WHOLE_BYTES_MAX,
        cases: WHOLE,
        cases_min: 301,
    },
];

/// The programs that a round needs.
struct Programs {
    kosoku: PathBuf,
    echo: PathBuf,
    echo_client: PathBuf,
}

/// Builds the examples and runs each round against a process of its own.
pub(crate) fn run(project: &Project) -> Outcome {
    let programs = match programs(project) {
        Ok(programs) => programs,
        Err(fault) => return Outcome::failed(fault),
    };
    let mut outcome = Outcome::default();
    for round in &ROUNDS {
        match play(project, round, &programs) {
            Ok(counts) => outcome.counts += counts,
            Err(fault) => {
                outcome.fault.get_or_insert(format!("round {}: {fault}", round.name));
            }
        }
    }
    outcome
}

fn programs(project: &Project) -> Result<Programs, String> {
    Ok(Programs {
        kosoku: tools::kosoku(project)?,
        echo: build(project, &ECHO)?,
        echo_client: build(project, &ECHO_CLIENT)?,
    })
}

fn play(project: &Project, round: &Round, programs: &Programs) -> Result<Counts, String> {
    let port = run::free_port()?;
    let reports = project.tools().join("reports").join(round.name);
    // An index of an earlier run must not be taken for the result of this one.
    let _ = std::fs::remove_dir_all(&reports);
    let mut suite = project.command(&programs.kosoku);
    suite.args(round.cases).arg("-o").arg(&reports).arg(format!("127.0.0.1:{port}"));
    let result = match round.half {
        Half::Server => {
            let mut server = project.command(&programs.echo);
            server.args(["--port", &port.to_string()]).args(limit(round));
            let _server = Running::server(server, port, LISTEN_DEADLINE)?;
            suite.args(["-p", "4"]);
            run::run(suite, CASES_DEADLINE)
        }
        Half::Client => {
            suite.args(["-m", "fuzzingserver"]);
            let suite = Running::server(suite, port, LISTEN_DEADLINE)?;
            let mut client = project.command(&programs.echo_client);
            client.args(limit(round)).arg(format!("ws://127.0.0.1:{port}"));
            run::run(client, CASES_DEADLINE)
                .and_then(|()| suite.end(REPORTS_DEADLINE).map_err(|e| format!("kosoku: {e}")))
        }
    };
    judge(round, &reports, result)
}

fn limit(round: &Round) -> [String; 2] {
    ["--message-bytes-max".to_owned(), round.message_bytes_max.to_string()]
}

/// Holds what the suite wrote against what the round asks for; `result` is the programs' own say.
fn judge(round: &Round, reports: &Path, result: Result<(), String>) -> Result<Counts, String> {
    let index = std::fs::read(reports.join("index.json"))
        .map_err(|e| format!("no report: {e}; {}", result.clone().err().unwrap_or_default()))?;
    let (counts, bad) = verdicts(&index)?;
    println!("{}: {} cases passed, {} failed", round.name, counts.passed, counts.failed);
    for case in bad {
        println!("  {case}");
    }
    let cases = counts.passed + counts.failed;
    if cases < round.cases_min {
        return Err(format!("only {cases} of at least {} cases were run", round.cases_min));
    }
    // The suite's own verdict counts too; a failed case is told by its count already.
    if counts.failed == 0 {
        result?;
    }
    Ok(counts)
}

/// Reads the suite's index: `{agent: {case: {behavior, behaviorClose, …}}}`.
fn verdicts(index: &[u8]) -> Result<(Counts, Vec<String>), String> {
    let index: Value = serde_json::from_slice(index).map_err(|e| format!("bad report: {e}"))?;
    let agents = index.as_object().ok_or("the report is no object")?;
    let mut counts = Counts::default();
    let mut bad = Vec::new();
    for (case, verdict) in agents.values().filter_map(Value::as_object).flatten() {
        let fields = ["behavior", "behaviorClose"].map(|field| verdict[field].as_str());
        if fields.iter().all(|field| field.is_some_and(|word| GOOD.contains(&word))) {
            counts.passed += 1;
        } else {
            counts.failed += 1;
            bad.push(format!("case {case}: {fields:?}"));
        }
    }
    Ok((counts, bad))
}
