//! `connect`: a storm of handshakes, a bounded number of them at once.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::ConnectArgs;
use crate::cli::require_rooms;
use crate::failure::Failure;
use crate::floor::reference::Reference;
use crate::load::connection::{Audience, End};
use crate::load::dialect::Dialect;
use crate::load::swarm::Swarm;
use crate::load::target::Target;
use crate::measure::meter::{self, ServerMeter};
use crate::measure::moment::{Clock, Moment};
use crate::measure::timeline::Timeline;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout::describe_end;
use crate::verdict::hall;

/// Connections that are leaving, for each that is coming: how many may be under way.
const LEAVING_FOR_EACH: usize = 4;
/// The slices of the plots over time; a storm that lasts gets longer ones.
const SLICE: Duration = Duration::from_millis(50);
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
    require_rooms(args.rooms, args.count, "--count")?;
    let (target, server) = args.server.find()?;
    let floor = Reference::new(&args.reference, &target, server);
    let in_flight = args.in_flight as usize;
    let storm = rage(args, &target, server)?;

    let opened = storm.latency.len();
    let what = format!("{} handshakes, {in_flight} at once", grouped(args.count as u64));
    let mut report = Report::new("connect", what);
    report.add("opened", Figure::Count(opened));
    report.add("rate", Figure::PerSecond(storm.opened_per_second()));
    report.add_latencies(&storm.latency);
    report.add_some("server_cpu_a_handshake", storm.server_cpu_each().map(Figure::CpuEach));
    report.add_generator_share(storm.own.as_secs_f64() / storm.took.as_secs_f64());
    report.add_chart(curves::handshakes_over_time(&storm.timeline, storm.ended));
    report.add_chart(curves::latency_over_time(&storm.timeline));
    if !args.hold {
        report.remark("each connection left at once: the CPU time holds a goodbye too (--hold)");
    }
    if storm.failed > 0 {
        report.fault(format!("{} connections failed", grouped(storm.failed)));
    }
    if let Some((connection, end)) = &storm.first_failure {
        report.fault(format!("the first, {connection}: {}", describe_end(end)));
    }
    if opened > 0 && storm.failed == 0 {
        add_floor(&mut report, &floor, args, &target, &storm)?;
    }
    Ok(report)
}

/// Adds what a handshake costs a server that only answers, and the server's figures by it.
fn add_floor(
    report: &mut Report,
    floor: &Reference,
    args: &ConnectArgs,
    target: &Target,
    storm: &Storm,
) -> Result<(), Failure> {
    let room = 0_usize.checked_rem(args.rooms);
    let answer_bytes = || target.sample_answer_bytes(room).map(Some);
    let Some(door) = floor.door(report, answer_bytes)? else { return Ok(()) };
    let bare_target = target.moved_to(door.address).speaking(Dialect::Plain);
    let bare = rage(args, &bare_target, Some(door.meter()?))?;
    if bare.failed > 0 {
        return Err(Failure::new(format!("the floor: {} connections failed", bare.failed)));
    }
    report.add("floor_rate", Figure::PerSecond(bare.opened_per_second()));
    let ratio = storm.opened_per_second() / bare.opened_per_second();
    report.add("rate_of_the_floor", Figure::Ratio(ratio));
    report.add_some("floor_cpu_a_handshake", bare.server_cpu_each().map(Figure::CpuEach));
    let each = storm.server_cpu_each().zip(bare.server_cpu_each());
    let ratio = each.filter(|(_, bare)| !bare.is_zero());
    let ratio = ratio.map(|(served, bare)| served.as_secs_f64() / bare.as_secs_f64());
    report.add_some("of_the_floor", ratio.map(Figure::Ratio));
    Ok(())
}

/// One storm against one server.
fn rage(
    args: &ConnectArgs,
    target: &Target,
    server: Option<ServerMeter>,
) -> Result<Storm, Failure> {
    let slots =
        if args.hold { args.count } else { args.in_flight as usize * (1 + LEAVING_FOR_EACH) };
    let slots = slots.min(args.count);
    let mut swarm = Swarm::new(target.clone(), slots)?;
    let mut storm = Storm::new(slots, args.hold, swarm.clock())?;
    let mut progress = Progress::new();
    let server_before = server.map(|server| server.cpu()).transpose()?;
    let (own_before, begin) = (meter::own_cpu(), swarm.clock().now());
    drive(args, &mut swarm, &mut storm, &mut progress)?;
    storm.ended = swarm.clock().now();
    storm.took = storm.ended.since(begin);
    storm.own = meter::own_cpu() - own_before;
    let server_after = server.map(|server| server.cpu()).transpose()?;
    let spent = server_after.zip(server_before);
    storm.server_cpu = spent.map(|(after, before)| after.saturating_sub(before));
    swarm.leave_all()?;
    progress.clear();
    Ok(storm)
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
    clock: Clock,
    /// Latencies by when a handshake was done.
    timeline: Timeline,
    vacant: Vec<usize>,
    is_open: Vec<bool>,
    leaving: Vec<usize>,
    opening: usize,
    /// Comings and goings so far.
    changes: u64,
    failed: u64,
    first_failure: Option<(usize, End)>,
    ended: Moment,
    /// How long it lasted, and what it took of the generator and of the server.
    took: Duration,
    own: Duration,
    server_cpu: Option<Duration>,
}

impl Storm {
    fn new(slots: usize, hold: bool, clock: Clock) -> Result<Self, Failure> {
        Ok(Self {
            hold,
            latency: hall::latency_histogram()?,
            clock,
            timeline: Timeline::new(clock.now(), SLICE),
            vacant: (0..slots).rev().collect(),
            is_open: vec![false; slots],
            leaving: Vec::new(),
            opening: 0,
            changes: 0,
            failed: 0,
            first_failure: None,
            ended: Moment::default(),
            took: Duration::ZERO,
            own: Duration::ZERO,
            server_cpu: None,
        })
    }

    fn opened_per_second(&self) -> f64 {
        self.latency.len() as f64 / self.took.as_secs_f64().max(1e-9)
    }

    fn server_cpu_each(&self) -> Option<Duration> {
        let opened = self.latency.len();
        self.server_cpu.filter(|_| opened > 0).map(|spent| spent.div_f64(opened as f64))
    }
}

impl Audience for Storm {
    fn handle_open(&mut self, connection: usize, took: Duration) {
        self.changes += 1;
        self.opening -= 1;
        self.is_open[connection] = true;
        let nanoseconds = took.as_nanos() as u64;
        self.latency.saturating_record(nanoseconds);
        self.timeline.record(self.clock.now(), nanoseconds);
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
