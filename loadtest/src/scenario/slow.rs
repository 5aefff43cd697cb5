//! `slow`: a share of the readers stalls; the others must not notice, and every loss is announced.

use std::time::Duration;

use crate::cli::{self, SlowArgs, Stall};
use crate::failure::Failure;
use crate::floor::reference::{Reference, Sendings};
use crate::load::seating::Seating;
use crate::load::step::{Step, StepFigures};
use crate::load::world::World;
use crate::measure::machine;
use crate::measure::timeline::Timeline;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout;
use crate::scenario::slow::sleepers::{Sleepers, SlowTally, Stalling};

mod sleepers;

/// How many messages may be said: the id of each is kept, to be looked up in gaps.
const MESSAGES_MAX: f64 = 2e6;

/// Measures and judges.
///
/// # Errors
/// If the shape makes no sense, the server is not there, or it does not take all members in.
pub(crate) fn run(args: &SlowArgs) -> Result<Report, Failure> {
    let (seating, slow_each) = shape(args)?;
    let (target, server) = args.server.find()?;
    let floor = Reference::new(&args.reference, &target, server);
    let stalling = Stalling {
        stall: args.stall,
        pause: args.pause,
        sip_bytes: args.sip_bytes as usize,
        sip_interval: Duration::from_secs_f64(1.0 / args.sips),
    };
    let rooms = seating.rooms;
    // A witness in each room, and behind them the slow ones.
    let guests = rooms * (1 + slow_each);
    let mut progress = Progress::new();
    let mut world = World::open_for(guests, target.clone(), seating, args.content_bytes, server)?;
    let mut sleepers = Sleepers::new(stalling, guests, rooms, world.run_id(), server);
    world.admit(0, sleepers.calls_of_witnesses(&target))?;
    let receive_bytes = args.receive_bytes as usize;
    world.admit(rooms, sleepers.calls_of_slow(&target, args.events, receive_bytes))?;
    let step = args.spans.step(args.rate);
    let run_in = Step { duration: args.run_in, ..step };
    world.keep_timeline();
    let quiet = world.run_with(&mut sleepers, run_in, &mut progress)?;
    let quiet_timeline = world.take_timeline();
    let before = server.map(|server| server.resident_bytes()).transpose()?;
    sleepers.fall_asleep();
    let stalled = Step { warmup: Duration::ZERO, ..step };
    let mut figures = world.run_with(&mut sleepers, stalled, &mut progress)?;
    let timeline = world.take_timeline();
    let tally = sleepers.close(world.said());
    let after = server.map(|server| server.resident_bytes()).transpose()?;
    world.close()?;
    // The server's work is for all who read.
    figures.delivered_measured += sleepers.delivered.measured();

    let slow = (rooms * slow_each) as u64;
    let what = format!(
        "{} and {} slow ones each ({}{}), at {} messages/s",
        fanout::describe(Seating { members: seating.members + 1, ..seating }),
        grouped(slow_each as u64),
        stalling,
        if args.events { ", with events" } else { "" },
        args.rate
    );
    let mut report = Report::new("slow", what);
    report.add("slow", Figure::Count(slow));
    add_figures(&mut report, tally, &quiet, &figures);
    add_memory(&mut report, [before, sleepers.resident_peak(), after], slow);
    if tally.unaffected == slow {
        report.remark(
            "nobody missed anything: the system's buffers took it all (a higher --rate, larger \
             --content-bytes, or a longer stall)",
        );
    }
    if let Some((before, during)) = quiet_timeline.zip(timeline) {
        add_latency_over_time(&mut report, &before, &during, &sleepers);
    }
    let kinds = [("before", &quiet.latency), ("while they stall", &figures.latency)];
    report.add_chart(curves::percentiles_of(&kinds));
    sleepers.add_to(&mut report);
    // The witnesses read all the time; the slow ones have no sockets in the floor.
    let sendings = Sendings::like(seating, &figures).with_guests(rooms, 1);
    floor.add_deliveries(&mut report, sendings, figures.server_cpu_each())?;
    Ok(report)
}

/// What became of the slow ones, and what the others noticed.
fn add_figures(report: &mut Report, tally: SlowTally, quiet: &StepFigures, figures: &StepFigures) {
    report.add("slow_unaffected", Figure::Count(tally.unaffected));
    report.add("slow_told_of_gaps", Figure::Count(tally.gapped));
    report.add("slow_closed_1013", Figure::Count(tally.closed));
    report.add("slow_cut_off_unread", Figure::Count(tally.cut_off));
    report.add("gaps", Figure::Count(tally.gaps));
    report.add("messages_in_gaps", Figure::Count(tally.missed));
    fanout::add_step(report, figures);
    report.add("p99_before", Figure::Latency(quiet.p99()));
    if !quiet.p99().is_zero() {
        let ratio = figures.p99().as_secs_f64() / quiet.p99().as_secs_f64();
        report.add("p99_against_before", Figure::Ratio(ratio));
    }
}

/// Resident memory of the server before the stall, at its peak and after it, by `slow` of them.
fn add_memory(report: &mut Report, [before, peak, after]: [Option<u64>; 3], slow: u64) {
    let bytes = |bytes: u64| Figure::Bytes(bytes as f64);
    report.add_some("resident_before", before.map(bytes));
    report.add_some("resident_peak", peak.map(bytes));
    report.add_some("resident_after", after.map(bytes));
    let grown = peak.zip(before);
    let each = grown.map(|(peak, before)| peak.saturating_sub(before) as f64 / slow as f64);
    report.add_some("resident_a_stalled_connection", each.map(Figure::Bytes));
}

/// The steady members' latency through both spans, and where the others stall.
fn add_latency_over_time(
    report: &mut Report,
    before: &Timeline,
    during: &Timeline,
    sleepers: &Sleepers,
) {
    let both = [before, during];
    let kinds = [("p50", &both[..], 0.5), ("p99", &both[..], 0.99), ("max", &both[..], 1.0)];
    let mut chart = curves::latencies_over_time(before.begin(), &kinds);
    if let Some((from, to)) = sleepers.stalled {
        // They may stall on while the last messages are waited for: the lines end before that.
        let span = (from, to.min(during.end()));
        chart.bands.push(curves::band("the slow ones stall", before.begin(), span));
    }
    report.add_chart(chart);
}

/// The steady members without the witnesses, and how many are slow in each room.
fn shape(args: &SlowArgs) -> Result<(Seating, usize), Failure> {
    cli::require_rate("--rate", args.rate)?;
    cli::require_rate("--sips", args.sips)?;
    if args.events {
        args.server.require_stentor_words("--events")?;
    }
    if !(args.slow > 0.0 && args.slow < 1.0) {
        return Err(Failure::new(format!("--slow must be above 0 and below 1: {}", args.slow)));
    }
    cli::require_content_bytes(args.content_bytes)?;
    if args.stall == Stall::Pause && args.pause >= args.spans.duration {
        return Err(Failure::new("--pause must be shorter than --duration, or --stall never"));
    }
    let span = args.spans.warmup + args.run_in + args.spans.duration;
    if args.rate * span.as_secs_f64() > MESSAGES_MAX {
        return Err(Failure::new("more than 2,000,000 messages: a lower --rate, or shorter"));
    }
    let members = args.members as usize;
    let slow = ((members as f64 * args.slow).round() as usize).clamp(1, members - 2);
    let seating = Seating {
        rooms: args.rooms as usize,
        members: members - slow - 1,
        talkers: 1,
        rooms_per_connection: 1,
    }
    .check()?;
    machine::require_descriptors(args.rooms as usize * members)?;
    Ok((seating, slow))
}
