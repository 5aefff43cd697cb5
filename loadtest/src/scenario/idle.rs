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
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout::describe_end;

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
    let what = format!("{count} connections in {} rooms", args.rooms);
    let mut report = Report::new("idle", what);

    let (before, kernel_before) = (server.resident_bytes()?, meter::kernel_slab_bytes());
    report.add("resident_before", Figure::Bytes(before as f64));
    let (mut first_after, mut whole) = (None, None);
    for cycle in 1..=args.cycles {
        let open = open_and_settle(&mut swarm, args, &server, &mut report)?;
        if cycle == 1 {
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

fn open_and_settle(
    swarm: &mut Swarm,
    args: &IdleArgs,
    server: &ServerMeter,
    report: &mut Report,
) -> Result<u64, Failure> {
    let door = swarm.target().clone();
    let room_of = |index: usize| index.checked_rem(args.rooms);
    swarm.open_all((0..args.connections).map(|index| door.upgrade(room_of(index))))?;
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
    server.resident_bytes()
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
