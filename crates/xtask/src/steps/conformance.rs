//! RFC 6455 as others test it: the Autobahn cases, driven by kosoku against the echo example.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::run::{self, Running};
use crate::steps::build::{Target, build};
use crate::tools;

const ECHO: Target = Target { kind: "example", name: "ws_echo" };
const LISTEN_DEADLINE: Duration = Duration::from_secs(10);
const CASES_DEADLINE: Duration = Duration::from_secs(900);
/// Verdicts of the suite that mean: behaved as the RFC allows.
const GOOD: [&str; 3] = ["OK", "NON-STRICT", "INFORMATIONAL"];

/// One server with its limit, and the cases that are run against it.
struct Round {
    name: &'static str,
    message_bytes_max: u32,
    cases: &'static [&'static str],
    /// Fewer results than this mean that the suite did not run as it should.
    cases_min: u64,
}

/// The whole suite takes messages of up to 16 MiB; the second round has the product's own limit.
/// Cases 12 and 13 are permessage-deflate, which the server does not offer.
const ROUNDS: [Round; 2] = [
    Round {
        name: "all",
        message_bytes_max: 17 << 20,
        cases: &["-x", "12.*", "-x", "13.*"],
        cases_min: 301,
    },
    Round {
        name: "64k",
        message_bytes_max: 65_536,
        cases: &[
            "-i", "1.*", "-i", "2.*", "-i", "3.*", "-i", "4.*", "-i", "5.*", "-i", "6.*", "-i",
            "7.*", "-i", "10.*",
        ],
        cases_min: 247,
    },
];

/// Builds the example and runs each round against a process of its own.
pub(crate) fn run(project: &Project) -> Outcome {
    let kosoku = match tools::kosoku(project) {
        Ok(kosoku) => kosoku,
        Err(fault) => return Outcome::failed(fault),
    };
    let echo = match build(project, &ECHO) {
        Ok(echo) => echo,
        Err(fault) => return Outcome::failed(fault),
    };
    let mut outcome = Outcome::default();
    for round in &ROUNDS {
        match play(project, round, &kosoku, &echo) {
            Ok(counts) => outcome.counts += counts,
            Err(fault) => {
                outcome.fault.get_or_insert(format!("round {}: {fault}", round.name));
            }
        }
    }
    outcome
}

fn play(project: &Project, round: &Round, kosoku: &Path, echo: &Path) -> Result<Counts, String> {
    let port = run::free_port()?;
    let mut server = project.command(echo);
    server.args(["--port", &port.to_string()]);
    server.args(["--message-bytes-max", &round.message_bytes_max.to_string()]);
    let _server = Running::server(server, port, LISTEN_DEADLINE)?;

    let reports = project.tools().join("reports").join(round.name);
    // An index of an earlier run must not be taken for the result of this one.
    let _ = std::fs::remove_dir_all(&reports);
    let mut suite = project.command(kosoku);
    suite.arg(format!("127.0.0.1:{port}")).args(round.cases).args(["-p", "4", "-o"]).arg(&reports);
    let result = run::run(suite, CASES_DEADLINE);

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
