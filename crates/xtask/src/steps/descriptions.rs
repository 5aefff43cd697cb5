//! What the server says of itself, judged by others: `/asyncapi.json` by the parser of AsyncAPI,
//! `/openapi.json` by a validator of OpenAPI 3.1, each with its official schema.
//!
//! Each judge is also shown a document with a fault, which it has to refuse: a judge that lets
//! everything pass proves nothing.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::steps::pod::Pod;
use crate::{run, tools};

const ASYNCAPI_JUDGE: &str = "crates/stentor-server/tests/descriptions/asyncapi.mjs";
const JUDGE_DEADLINE: Duration = Duration::from_secs(60);

/// Fetches both documents from a server and has them judged; four checks.
pub(crate) fn run(project: &Project) -> Outcome {
    match attempt(project) {
        Ok((counts, fault)) => Outcome { counts, fault },
        Err(fault) => Outcome::failed(fault),
    }
}

fn attempt(project: &Project) -> Result<(Counts, Option<String>), String> {
    let modules = tools::asyncapi_parser(project)?;
    let openapi_judge = tools::openapi_validator(project)?;
    let pod = Pod::start(project)?;
    let asyncapi = fetched(project, &pod, "asyncapi.json")?;
    let openapi = fetched(project, &pod, "openapi.json")?;

    let judge_asyncapi = |file: &Path| {
        let mut command = project.command("node");
        command.arg(project.path(ASYNCAPI_JUDGE)).arg(file).env("TOOLS", &modules);
        command
    };
    let judge_openapi = |file: &Path| {
        let mut command = project.command(&openapi_judge);
        command.arg(file);
        command
    };
    let mut counts = Counts::default();
    let mut fault = None;
    for (what, judged) in [
        ("asyncapi.json", judged(&judge_asyncapi, &asyncapi, "/operations/say/action")),
        ("openapi.json", judged(&judge_openapi, &openapi, "/info/title")),
    ] {
        for (is_good, wanted) in judged? {
            if is_good == wanted {
                counts += Counts::ONE_PASSED;
            } else {
                counts += Counts { passed: 0, failed: 1 };
                let verdict = if wanted { "is refused" } else { "passes with a fault in it" };
                fault.get_or_insert(format!("{what} {verdict}"));
            }
        }
    }
    Ok((counts, fault))
}

/// What a judge says of a document and of the same with a fault, each with what it should say.
fn judged(
    judge: &dyn Fn(&Path) -> Command,
    file: &Path,
    member: &str,
) -> Result<[(bool, bool); 2], String> {
    let spoilt = file.with_extension("spoilt.json");
    let text = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    std::fs::write(&spoilt, spoil(&text, member)?)
        .map_err(|e| format!("{}: {e}", spoilt.display()))?;
    let passes = |file: &Path| Ok::<_, String>(run::exit_code(judge(file), JUDGE_DEADLINE)? == 0);
    println!("{}", file.display());
    let whole = passes(file)?;
    println!("{} (it has a fault and must be refused)", spoilt.display());
    Ok([(whole, true), (passes(&spoilt)?, false)])
}

/// The document with a number where a text has to be.
fn spoil(text: &[u8], member: &str) -> Result<String, String> {
    let mut document: Value = serde_json::from_slice(text).map_err(|e| format!("no JSON: {e}"))?;
    match document.pointer_mut(member) {
        Some(value) => *value = 7.into(),
        None => return Err(format!("the document has no {member}")),
    }
    Ok(document.to_string())
}

fn fetched(project: &Project, pod: &Pod, name: &str) -> Result<std::path::PathBuf, String> {
    let folder = project.tools().join("reports");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let file = folder.join(name);
    let document = pod.get(&format!("/{name}"))?;
    std::fs::write(&file, document).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(file)
}
