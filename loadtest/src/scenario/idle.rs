//! `idle`: what a connection costs that does nothing, and whether it is given back.

use std::time::Duration;

use crate::cli::{IdleArgs, require_rooms};
use crate::failure::Failure;
use crate::floor::reference::Reference;
use crate::load::connection::{Audience, End};
use crate::load::dialect::Opening;
use crate::load::swarm::Swarm;
use crate::load::target::Target;
use crate::measure::meter::{self, ServerMeter};
use crate::measure::moment::Moment;
use crate::report::Report;
use crate::report::chart::{Axis, Chart, Line, Scale};
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout::describe_end;

/// How often memory is read while the connections open.
const SAMPLES: usize = 12;

/// Opens and leaves, and reads the server's memory in between.
///
/// # Errors
/// If no pid is given, the server is not there, or it does not take all connections in.
pub(crate) fn run(args: &IdleArgs) -> Result<Report, Failure> {
    if args.connections == 0 {
        return Err(Failure::new("--connections must be above zero"));
    }
    require_rooms(args.rooms, args.connections, "--connections")?;
    let (target, server) = args.server.find()?;
    let server = server.ok_or_else(|| Failure::new("idle needs --pid: it reads memory"))?;
    let floor = Reference::new(&args.reference, &target, Some(server));
    let mut swarm = Swarm::new(target.clone(), args.connections)?;
    let mut progress = Progress::new();
    let count = grouped(args.connections as u64);
    let rooms = if args.rooms == 1 { "room" } else { "rooms" };
    let what = format!("{count} connections in {} {rooms}", args.rooms);
    let mut report = Report::new("idle", what);

    let (before, kernel_before) = (server.resident_bytes()?, meter::kernel_slab_bytes());
    report.add("resident_before", Figure::Bytes(before as f64));
    let (mut first_after, mut whole) = (None, None);
    for cycle in 1..=args.cycles {
        let mut growth = Growth::new(&server)?;
        open_all(&mut swarm, args, &server, &mut growth)?;
        settle(&mut swarm, args, &mut report)?;
        let open = server.resident_bytes()?;
        if cycle == 1 {
            for chart in growth.charts() {
                report.add_chart(chart);
            }
            let each = |bytes: f64| Figure::Bytes(bytes / args.connections as f64);
            report.add("resident_open", Figure::Bytes(open as f64));
            let user = open as f64 - before as f64;
            report.add("resident_a_connection", each(user));
            let kernel = meter::kernel_slab_bytes().zip(kernel_before);
            let kernel = kernel.map(|(open, before)| open as f64 - before as f64);
            report.add_some("kernel_slab_a_connection_both_ends", kernel.map(each));
            whole = kernel.map(|kernel| user + kernel);
        }
        swarm.leave_all()?;
        std::thread::sleep(args.settle);
        let after = server.resident_bytes()?;
        report.add(format!("resident_after_cycle_{cycle}"), Figure::Bytes(after as f64));
        progress.say(&format!("cycle {cycle} of {}: {after} bytes after", args.cycles));
        let first = *first_after.get_or_insert(after);
        if cycle == args.cycles && cycle > 1 {
            let growth = after as f64 - first as f64;
            report.add("growth_since_cycle_1", Figure::Bytes(growth));
        }
    }
    drop(swarm);
    add_floor(&mut report, &floor, args, &target, whole)?;
    Ok(report)
}

/// Adds what the kernel takes for as many bare pairs of sockets, and the `whole` of the server's
/// and the kernel's by it.
fn add_floor(
    report: &mut Report,
    floor: &Reference,
    args: &IdleArgs,
    target: &Target,
    whole: Option<f64>,
) -> Result<(), Failure> {
    let Some(door) = floor.door(report, || Ok(None))? else { return Ok(()) };
    let before = meter::kernel_slab_bytes();
    let mut swarm = Swarm::new(target.moved_to(door.address), args.connections)?;
    swarm.open_all(std::iter::repeat_with(Opening::default).take(args.connections))?;
    std::thread::sleep(args.settle);
    let kernel = meter::kernel_slab_bytes().zip(before);
    let kernel = kernel.map(|(open, before)| open as f64 - before as f64);
    let each = kernel.map(|kernel| Figure::Bytes(kernel / args.connections as f64));
    report.add_some("floor_kernel_slab_a_pair", each);
    let ratio = whole.zip(kernel.filter(|kernel| *kernel > 0.0));
    report.remark(
        "the kernel's memory is the whole machine's, and it keeps some of what was in use before: \
         only many connections on a quiet machine make it a figure",
    );
    report.add_some("of_the_floor", ratio.map(|(whole, bare)| Figure::Ratio(whole / bare)));
    Ok(())
}

/// Opens all connections, a part of them after the other, and reads memory after each.
fn open_all(
    swarm: &mut Swarm,
    args: &IdleArgs,
    server: &ServerMeter,
    growth: &mut Growth,
) -> Result<(), Failure> {
    let door = swarm.target().clone();
    let room_of = |index: usize| index.checked_rem(args.rooms);
    let samples = SAMPLES.min(args.connections);
    let end_of = |part: usize| (part as u128 * args.connections as u128 / samples as u128) as usize;
    for part in 0..samples {
        let indices = end_of(part)..end_of(part + 1);
        let end = indices.end;
        let openings = indices.clone().map(|index| door.upgrade(room_of(index)));
        swarm.open_from(indices.start, openings)?;
        growth.sample(end, server)?;
    }
    Ok(())
}

/// Lets the server come to rest, and notes who does not stay.
fn settle(swarm: &mut Swarm, args: &IdleArgs, report: &mut Report) -> Result<(), Failure> {
    let mut quiet = Quiet::default();
    let clock = swarm.clock();
    let end = clock.now().after(args.settle.max(Duration::from_millis(1)));
    while clock.now() < end {
        swarm.wait(end)?;
        while swarm.handle_next(&mut quiet) {}
    }
    if let Some(end) = quiet.first_end {
        report.fault(format!("an idle connection was {}", describe_end(&end)));
    }
    Ok(())
}

/// How memory grows while connections open, from what it was before the first.
#[derive(Debug)]
struct Growth {
    resident_before: u64,
    kernel_before: Option<u64>,
    /// Connections, and MiB.
    resident: Vec<(f64, f64)>,
    kernel: Vec<(f64, f64)>,
}

impl Growth {
    fn new(server: &ServerMeter) -> Result<Self, Failure> {
        let (resident_before, kernel_before) =
            (server.resident_bytes()?, meter::kernel_slab_bytes());
        let (resident, kernel) = (vec![(0.0, 0.0)], kernel_before.map(|_| (0.0, 0.0)));
        let kernel = kernel.into_iter().collect();
        Ok(Self { resident_before, kernel_before, resident, kernel })
    }

    fn sample(&mut self, connections: usize, server: &ServerMeter) -> Result<(), Failure> {
        let mebibytes = |now: u64, before: u64| (now as f64 - before as f64) / f64::from(1 << 20);
        let connections = connections as f64;
        let resident = mebibytes(server.resident_bytes()?, self.resident_before);
        self.resident.push((connections, resident));
        let kernel = meter::kernel_slab_bytes().zip(self.kernel_before);
        self.kernel.extend(kernel.map(|(now, before)| (connections, mebibytes(now, before))));
        Ok(())
    }

    /// The server beside the kernel, and the server alone, as it is the smaller by far.
    fn charts(self) -> [Chart; 2] {
        let chart = |name, title: &str, lines| Chart {
            name,
            title: title.to_owned(),
            x: Axis { label: "connections", scale: Scale::Linear },
            y: Axis { label: "memory above the start, MiB", scale: Scale::Linear },
            lines,
            bands: Vec::new(),
        };
        let server = Line::new("server", self.resident);
        let (title, alone) = ("Memory as connections open", "The server's part of it");
        let mut both = chart("memory_over_connections", title, vec![server.clone()]);
        both.add_line(Line::new("kernel, both ends", self.kernel));
        [both, chart("server_memory_over_connections", alone, vec![server])]
    }
}

/// Hears nothing, and notes who did not stay.
#[derive(Debug, Default)]
struct Quiet {
    first_end: Option<End>,
}

impl Audience for Quiet {
    fn handle_text(&mut self, _: usize, _: &[u8], _: Moment) {}

    fn handle_end(&mut self, _: usize, end: End) {
        self.first_end.get_or_insert(end);
    }
}
