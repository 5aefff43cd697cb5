//! Runs many seeds, and makes the plan of one that fails smaller.
//!
//! Exits with 0 where every promise was kept, 1 where one was not, 2 for bad arguments.

use std::process::{Command, ExitCode};

use clap::Parser;
use stentor_sim::fault::Fault;
use stentor_sim::mutation::Mutation;
use stentor_sim::oracle::{Resumed, Told, Verdict};
use stentor_sim::plan::Plan;
use stentor_sim::shrink::shrink;
use stentor_sim::world::{self, Run};

/// Runs seeded worlds of pods, a fake Redis and clients, and judges what clients heard.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Only this fault happens.
    #[arg(long)]
    fault: Option<Fault>,
    /// Pods keep what is said, and clients that went away resume.
    #[arg(long)]
    history: bool,
    /// Redis keeps what is said, too.
    #[arg(long, requires = "history")]
    archive: bool,
    /// Lets the pods do this wrong, to see that it is found.
    #[arg(long)]
    mutation: Option<Mutation>,
    /// Runs this one seed.
    #[arg(long, conflicts_with_all = ["seeds", "first"])]
    seed: Option<u64>,
    /// The lines at the end of a trace that are shown of a run that failed.
    #[arg(long, default_value_t = 200)]
    tail: usize,
    /// Runs all seeds and names those that fail, instead of making the first one's plan smaller.
    #[arg(long, conflicts_with = "trace")]
    survey: bool,
    /// Prints everything that happened.
    #[arg(long, requires = "seed")]
    trace: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (first, seeds) = match arguments.seed {
        Some(seed) => (seed, 1),
        None => (arguments.first, arguments.seeds),
    };
    let draw = match (arguments.history, arguments.archive) {
        (_, true) => Plan::draw_with_archive,
        (true, false) => Plan::draw_with_history,
        (false, false) => Plan::draw,
    };
    let mut total = Verdict::default();
    let mut events = 0;
    let mut failed = 0_u64;
    for seed in first..first.saturating_add(seeds) {
        let plan = Plan {
            is_traced: arguments.trace,
            mutation: arguments.mutation,
            ..draw(seed, arguments.fault)
        };
        let Run { verdict, events: happened, trace } = world::run(&plan);
        trace.iter().for_each(|line| println!("{line}"));
        if arguments.survey && !verdict.violations.is_empty() {
            verdict.violations.iter().for_each(|violation| println!("seed {seed}: {violation}"));
            failed += 1;
        } else if !verdict.violations.is_empty() {
            tell_failure(&plan, &verdict, arguments.tail);
            return ExitCode::FAILURE;
        }
        events += happened;
        total.said += verdict.said;
        total.heard += verdict.heard;
        total.announced += verdict.announced;
        total.told += verdict.told;
        total.resumed += verdict.resumed;
    }
    let Verdict { said, heard, announced, told, resumed, .. } = total;
    let Told { counted, counted_falsely, uncounted, uncounted_falsely } = told;
    let word =
        if failed == 0 { "every promise was kept" } else { "some do not keep what is above" };
    println!(
        "{seeds} seeds from {first}: {word}. {events} events, {said} messages \
         said, {heard} heard, {announced} missed and announced. Gaps told to members: with a \
         count {counted} and {counted_falsely} where nothing was missing, without one \
         {uncounted} and {uncounted_falsely}"
    );
    if arguments.history {
        let Resumed { told, recovered, unjudged } = resumed;
        println!(
            "{told} came back, {recovered} were told that nothing is missing, {unjudged} of them \
             without a judgement"
        );
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell_failure(plan: &Plan, verdict: &Verdict, tail: usize) {
    println!("seed {} at commit {} does not keep:", plan.seed, commit());
    verdict.violations.iter().for_each(|violation| println!("  {violation}"));
    let (smaller, runs) = shrink(plan);
    let run = world::run(&Plan { is_traced: true, ..smaller.clone() });
    println!("made smaller in {runs} runs:\n{smaller}");
    let start = run.trace.len().saturating_sub(tail);
    run.trace[start..].iter().for_each(|line| println!("{line}"));
    run.verdict.violations.iter().for_each(|violation| println!("  {violation}"));
}

/// The commit that lies here, where there is one.
fn commit() -> String {
    let asked = Command::new("git").args(["rev-parse", "HEAD"]).output();
    let told = asked.ok().filter(|output| output.status.success());
    told.map_or("unknown".to_owned(), |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}
