//! The project's chores behind `cargo xtask`: tests with all that they need, the gate's checks.
//!
//! This file is the table of contents: which word runs which steps. A step that fails does not
//! keep the next from running, so that one run shows everything that is wrong.

mod checks;
mod counts;
mod project;
mod report;
mod run;
mod steps;
mod tools;

use std::process::ExitCode;

use project::Project;
use report::Report;
use steps::{
    browser, cargo, compare, conformance, deploy, descriptions, fuzz, instructions, k6, release,
};

const HELP: &str = "\
cargo xtask <command>

  test         all tests: unit, property, integration, docs, those of the feature otel, browser,
               conformance, descriptions, deploy, k6
  fmt          format the sources
  lint         fmt --check, and clippy with warnings denied
  browser      the chat page in headless Chromium against the real server
  conformance  the Autobahn cases against the engine as a server and the client crate as a client
  descriptions /asyncapi.json and /openapi.json of the real server, judged by the parser of
               AsyncAPI and a validator of OpenAPI
  deploy       the files of deploy/, by the tools of those who read them
  k6           a short run of every script of loadtest/k6
  k6 <script> [KEY=VALUE...]
               one (chat, fanout, spike, soak, resume) at full length, against a server started
               for it or the one at WS_URL=...; exit code of k6, 99 = limits crossed
  compare [--quick] [--only stentor,axum,node-ws,socket.io,nchan,nats]
               Stentor, its peers and the floor side by side: a table, and files in
               loadtest/results/<date>-<machine>/; about twelve minutes, --quick about four
  instructions [--store]
               what a message costs in instructions, against benches/instructions.toml: more than
               1 % above it fails; --store writes the file anew
  fuzz SECONDS [TARGET...]
               libFuzzer on each target of crates/stentor-fuzz, so long each; 1 where it found
               something
  release      what a release needs: documentation without warnings, crates that package and build
               alone, dependencies that do with the Rust that is stated, and their licences
  ci           lint, test, release and instructions: everything that the gate asks for
  help         this text

What a step lacks it gets by itself: playwright-core, kosoku, k6, ws, socket.io, @asyncapi/parser,
openapi-spec-validator, linters, gungraun-runner and cargo-fuzz into .tools/ of the project; Chromium, Redis,
nginx, HAProxy, promtool, valgrind, nchan and nats-server by apt-get where that is possible. Settings:
CHROMIUM, REDIS_SERVER, NGINX and HAPROXY = the paths of these programs; SHOTS = a folder for
pictures of the pages.";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".to_owned());
    let arguments: Vec<String> = arguments.collect();
    let stores = command == "instructions" && arguments == ["--store"];
    let takes_arguments = stores || ["k6", "compare", "fuzz"].contains(&&*command);
    if let Some(extra) = arguments.first().filter(|_| !takes_arguments) {
        eprintln!("xtask: `{command}` takes no argument, but there is `{extra}`\n\n{HELP}");
        return ExitCode::from(2);
    }
    let project = match Project::find() {
        Ok(project) => project,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::new();
    match command.as_str() {
        "test" => test(&project, &mut report),
        "fmt" => report.step("format", || cargo::format(&project)),
        "lint" => lint(&project, &mut report),
        "browser" => report.step("browser", || browser::run(&project)),
        "conformance" => report.step("conformance", || conformance::run(&project)),
        "descriptions" => report.step("descriptions", || descriptions::run(&project)),
        "deploy" => report.step("deploy", || deploy::run(&project)),
        "release" => report.step("release", || release::run(&project)),
        "k6" if arguments.is_empty() => k6_short(&project, &mut report),
        "k6" => return k6::single(&project, &arguments),
        "compare" => return compare::run(&project, &arguments),
        "fuzz" => return fuzz::run(&project, &arguments),
        "instructions" if stores => {
            report.step("instructions stored", || instructions::store(&project));
        }
        "instructions" => count_instructions(&project, &mut report),
        "ci" => {
            lint(&project, &mut report);
            test(&project, &mut report);
            report.step("release", || release::run(&project));
            count_instructions(&project, &mut report);
        }
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("xtask: there is no command `{command}`\n\n{HELP}");
            return ExitCode::from(2);
        }
    }
    report.close()
}

fn test(project: &Project, report: &mut Report) {
    report.step("cargo tests, those in the documentation among them", || cargo::tests(project));
    report.step("tests of the feature otel", || cargo::traces(project));
    report.step("browser", || browser::run(project));
    report.step("conformance", || conformance::run(project));
    report.step("descriptions", || descriptions::run(project));
    report.step("deploy", || deploy::run(project));
    k6_short(project, report);
}

fn count_instructions(project: &Project, report: &mut Report) {
    report.step("instructions", || instructions::compare(project));
}

fn k6_short(project: &Project, report: &mut Report) {
    report.step("k6 scripts, a short run each", || k6::short_runs(project));
}

fn lint(project: &Project, report: &mut Report) {
    report.step("format check", || cargo::format_check(project));
    report.step("clippy", || cargo::clippy(project));
    report.step("clippy with the feature otel", || cargo::clippy_traces(project));
}
