//! Stentor, what a user would pick instead of it, and the bare kernel, measured in one go.
//!
//! Every measurement has a server process of its own. What a peer loses is a finding of the table
//! and no failure of the command; a peer that is not to be had stands there with the reason.

#[cfg(test)]
mod tests;

mod bench;
mod machine;
mod peers;
mod plan;
mod table;

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use self::bench::Bench;
use self::machine::Machine;
use self::peers::{Kit, Peer};
use self::plan::{Plan, Step};
use self::table::{Column, Row, Table};
use crate::project::Project;

/// Where the results of all machines and days are.
const RESULTS: &str = "loadtest/results";
/// How many faults of a measurement are noted below the table.
const FAULTS_NOTED_MAX: usize = 2;

/// `cargo xtask compare [--quick] [--only stentor,axum,...]`.
pub(crate) fn run(project: &Project, arguments: &[String]) -> ExitCode {
    let order = match Order::parse(arguments) {
        Ok(order) => order,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            return ExitCode::from(2);
        }
    };
    match attempt(project, &order) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
struct Order {
    plan: Plan,
    peers: Vec<Peer>,
}

impl Order {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let (mut plan, mut only) = (Plan::Full, None);
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => plan = Plan::Quick,
                "--only" => {
                    let names = words.next().ok_or("`--only` needs names: --only stentor,axum")?;
                    only = Some(names.split(',').map(Peer::named).collect::<Result<Vec<_>, _>>()?);
                }
                _ => return Err(format!("`compare` takes --quick and --only, not `{word}`")),
            }
        }
        // The order of the table is always the same, and nobody stands in it twice.
        let wanted = |peer: &Peer| only.as_ref().is_none_or(|only| only.contains(peer));
        Ok(Self { plan, peers: Peer::ALL.into_iter().filter(wanted).collect() })
    }
}

fn attempt(project: &Project, order: &Order) -> Result<(), String> {
    let machine = Machine::look(project)?;
    let folder = project.path(RESULTS).join(machine.folder_name());
    let bench = Bench::prepare(project, order.plan)?;
    let mut kits = Vec::new();
    for &peer in &order.peers {
        let kit = Kit::get(project, peer);
        if let Err(why) = &kit {
            println!("{}: not to be had: {why}", peer.name());
        }
        kits.push((peer, kit));
    }
    std::fs::create_dir_all(&folder)
        .map_err(|e| format!("cannot make {}: {e}", folder.display()))?;

    let mut table = Table::new(order.plan);
    for row in floor_rows(&bench)? {
        table.add(row);
    }
    let mut floors = Vec::new();
    for (peer, kit) in kits {
        let row = match kit {
            Err(why) => Row::absent(peer.title(), why),
            Ok(kit) => {
                let mut visit = Visit::new(&bench, peer, &kit);
                visit.measure_all();
                floors.append(&mut visit.floors);
                let file = format!("{}-{}.json", order.plan.stem(), peer.name());
                write(&folder.join(file), &format!("{:#}\n", visit.to_json()))?;
                visit.row
            }
        };
        table.add(row);
    }
    table.note_floors(&floors);

    let stem = order.plan.stem();
    write(&folder.join(format!("{stem}.md")), &table.to_markdown(&machine))?;
    write(&folder.join(format!("{stem}.json")), &format!("{:#}\n", table.to_json(&machine)))?;
    println!("\n{table}\nwritten to {}/{stem}*", folder.display());
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

/// The bare kernel flat out: one frame a call, and sixteen.
fn floor_rows(bench: &Bench<'_>) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (title, frames_per_send) in [("bare send(), 1 frame", 1), ("bare send(), 16 frames", 16)] {
        let mut row = Row::new(title, "no server, frames built beforehand".to_owned());
        for (step, column) in [(Step::Max, Column::Max), (Step::MaxRooms, Column::MaxRooms)] {
            println!("{title}, {}", bench.plan.describe(step));
            let report = bench.floor(&bench.plan.floor_flat_out(step, frames_per_send))?;
            row.take(&report, column, "rate_per_second");
            if step == Step::Max {
                row.take(&report, Column::Cpu, "sender_cpu_a_delivery_us");
            }
        }
        rows.push(row);
    }
    Ok(rows)
}

/// One peer on the bench.
struct Visit<'a> {
    bench: &'a Bench<'a>,
    peer: Peer,
    kit: &'a Kit,
    row: Row,
    reports: Map<String, Value>,
    /// CPU time of the floor for a delivery, in µs, around the fan-out.
    floors: Vec<f64>,
}

impl<'a> Visit<'a> {
    fn new(bench: &'a Bench<'a>, peer: Peer, kit: &'a Kit) -> Self {
        let row = Row::new(peer.title(), kit.version.clone());
        Self { bench, peer, kit, row, reports: Map::new(), floors: Vec::new() }
    }

    fn measure_all(&mut self) {
        for step in Step::ALL {
            println!("{}, {}", self.peer.title(), self.bench.plan.describe(step));
            if step == Step::Fanout {
                self.measure_floor("floor_before");
            }
            match self.bench.measure(self.peer, self.kit, step) {
                Ok(report) => self.handle_report(step, report),
                Err(why) => self.note(step, &why),
            }
            if step == Step::Fanout {
                self.measure_floor("floor_after");
            }
        }
        if let Some(&cpu) = self.row.figures.get(&Column::Cpu)
            && !self.floors.is_empty()
        {
            let floor = self.floors.iter().sum::<f64>() / self.floors.len() as f64;
            self.row.figures.insert(Column::OfTheFloor, cpu / floor);
        }
    }

    fn measure_floor(&mut self, name: &str) {
        match self.bench.floor(&self.bench.plan.floor_paced()) {
            Ok(report) => {
                let each = report["figures"]["sender_cpu_a_delivery_us"].as_f64();
                self.floors.extend(each.filter(|&each| each > 0.0));
                self.reports.insert(name.to_owned(), report);
            }
            Err(why) => self.note(Step::Fanout, &format!("no floor beside it: {why}")),
        }
    }

    fn handle_report(&mut self, step: Step, report: Value) {
        for (column, key) in step.figures() {
            self.row.take(&report, *column, key);
        }
        let texts = |name: &str| report[name].as_array().into_iter().flatten();
        let faults = texts("faults").take(FAULTS_NOTED_MAX);
        let notes = texts("remarks").chain(faults).filter_map(Value::as_str);
        // The harness is told to leave the floor out, and says so each time.
        for text in notes.filter(|text| !text.starts_with("no floor: ")) {
            self.note(step, text);
        }
        self.reports.insert(step.name().to_owned(), report);
    }

    fn note(&mut self, step: Step, text: &str) {
        let note = format!("{}, {}: {text}", self.peer.title(), self.bench.plan.describe(step));
        println!("  {text}");
        self.row.notes.push(note);
    }

    fn to_json(&self) -> Value {
        json!({
            "server": self.peer.name(),
            "version": self.kit.version,
            "reports": self.reports,
        })
    }
}
