//! `connect`: a storm of handshakes, a bounded number of them at once.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::ConnectArgs;
use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::load::swarm::Swarm;
use crate::measure::meter;
use crate::measure::moment::Moment;
use crate::report::Report;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout::describe_end;
use crate::verdict::hall;

/// Connections that are leaving, for each that is coming: how many may be under way.
const LEAVING_FOR_EACH: usize = 4;
/// How long nothing may happen before the storm counts as stuck.
const STALL_MAX: Duration = Duration::from_secs(10);

/// Opens so many connections and reports what that took.
///
/// # Errors
/// If the server is not there or gone, or nothing opens for ten seconds.
pub(crate) fn run(args: &ConnectArgs) -> Result<Report, Failure> {
    if args.count == 0 {
        return Err(Failure::new("--count must be above zero"));
    }
    let (target, server) = args.server.find()?;
    let in_flight = args.in_flight as usize;
    let slots = if args.hold { args.count } else { in_flight * (1 + LEAVING_FOR_EACH) };
    let slots = slots.min(args.count);
    let mut swarm = Swarm::new(target, slots)?;
    let mut storm = Storm::new(slots, args.hold)?;
    let mut progress = Progress::new();

    let server_before = server.map(|server| server.cpu()).transpose()?;
    let (own_before, begin) = (meter::own_cpu(), swarm.clock().now());
    drive(args, &mut swarm, &mut storm, &mut progress)?;
    let (took, own) = (swarm.clock().now().since(begin), meter::own_cpu() - own_before);
    let server_after = server.map(|server| server.cpu()).transpose()?;
    swarm.leave_all()?;
    progress.clear();

    let opened = storm.latency.len();
    let what = format!("{} handshakes, {in_flight} at once", grouped(args.count as u64));
    let mut report = Report::new("connect", what);
    report.add("opened", Figure::Count(opened));
    report.add("rate", Figure::PerSecond(opened as f64 / took.as_secs_f64()));
    report.add_latencies(&storm.latency);
    let cpu = server_after.zip(server_before).map(|(after, before)| after.saturating_sub(before));
    let cpu = cpu.and_then(|spent| Figure::cpu_each(spent, opened));
    report.add_some("server_cpu_a_handshake", cpu);
    report.add_generator_share(own.as_secs_f64() / took.as_secs_f64());
    if !args.hold {
        report.remark("each connection left at once: the CPU time holds a goodbye too (--hold)");
    }
    if storm.failed > 0 {
        report.fault(format!("{} connections failed", grouped(storm.failed)));
    }
    if let Some((connection, end)) = &storm.first_failure {
        report.fault(format!("the first, {connection}: {}", describe_end(end)));
    }
    Ok(report)
}

fn drive(
    args: &ConnectArgs,
    swarm: &mut Swarm,
    storm: &mut Storm,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let door = swarm.target().clone();
    let clock = swarm.clock();
    let mut begun = 0;
    let mut last_change = (0, clock.now());
    loop {
        while begun < args.count
            && storm.opening < args.in_flight as usize
            && let Some(slot) = storm.vacant.pop()
        {
            swarm.open(slot, door.upgrade(begun.checked_rem(args.rooms)))?;
            storm.is_open[slot] = false;
            storm.opening += 1;
            begun += 1;
        }
        let done = storm.latency.len() + storm.failed;
        let all_left = args.hold || storm.vacant.len() == storm.is_open.len();
        if done >= args.count as u64 && all_left {
            return Ok(());
        }
        swarm.wait(clock.now().after(STALL_MAX))?;
        while swarm.handle_next(storm) {
            for slot in storm.leaving.drain(..) {
                swarm.leave(slot);
            }
        }
        progress.show(|| format!("{done} of {} handshakes", args.count));
        let (changes, now) = (storm.changes, clock.now());
        if changes != last_change.0 {
            last_change = (changes, now);
        } else if now.since(last_change.1) > STALL_MAX {
            return Err(Failure::new(format!(
                "nothing opened or closed for 10 s, after {done} handshakes"
            )));
        }
    }
}

/// Who is coming, who is going.
#[derive(Debug)]
struct Storm {
    hold: bool,
    latency: Histogram<u64>,
    vacant: Vec<usize>,
    is_open: Vec<bool>,
    leaving: Vec<usize>,
    opening: usize,
    /// Comings and goings so far.
    changes: u64,
    failed: u64,
    first_failure: Option<(usize, End)>,
}

impl Storm {
    fn new(slots: usize, hold: bool) -> Result<Self, Failure> {
        Ok(Self {
            hold,
            latency: hall::latency_histogram()?,
            vacant: (0..slots).rev().collect(),
            is_open: vec![false; slots],
            leaving: Vec::new(),
            opening: 0,
            changes: 0,
            failed: 0,
            first_failure: None,
        })
    }
}

impl Audience for Storm {
    fn handle_open(&mut self, connection: usize, took: Duration) {
        self.changes += 1;
        self.opening -= 1;
        self.is_open[connection] = true;
        self.latency.saturating_record(took.as_nanos() as u64);
        if !self.hold {
            self.leaving.push(connection);
        }
    }

    fn handle_text(&mut self, _: usize, _: &[u8], _: Moment) {}

    fn handle_end(&mut self, connection: usize, end: End) {
        self.changes += 1;
        if !self.is_open[connection] {
            self.opening -= 1;
        }
        if !self.hold {
            self.vacant.push(connection);
        }
        if end != End::Left {
            self.failed += 1;
            self.first_failure.get_or_insert((connection, end));
        }
    }
}
