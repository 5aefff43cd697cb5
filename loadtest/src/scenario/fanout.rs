//! `fanout`: rooms at a fixed rate, every delivery timed and audited.

use crate::cli::{self, FanoutArgs};
use crate::failure::Failure;
use crate::floor::reference::{Reference, Sendings};
use crate::load::connection::End;
use crate::load::seating::Seating;
use crate::load::step::StepFigures;
use crate::load::world::World;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;

/// How many ended connections are named one by one.
const ENDS_NAMED_MAX: usize = 20;

/// Measures and judges.
///
/// # Errors
/// If the server is not there, or does not take all members in.
pub(crate) fn run(args: &FanoutArgs, load_cores: &[usize]) -> Result<Report, Failure> {
    cli::require_rate("--rate", args.rate)?;
    let processes = args.processes.on(load_cores);
    let seating = args.rooms.seating_for(processes.count)?;
    let (target, server) = args.server.find()?;
    let floor = Reference::new(&args.reference, &target, server);
    let mut progress = Progress::new();
    let mut world = World::open_in(processes, target, seating, args.rooms.content_bytes, server)?;
    let step = args.spans.step(args.rate);
    world.keep_timeline();
    let figures = world.run(step, &mut progress)?;
    let timeline = world.take_timeline();
    world.close()?;

    let what = format!("{} at {} messages/s", describe(seating), args.rate);
    let mut report = Report::new("fanout", what);
    report.add("sent", Figure::Count(figures.sent));
    report.add("expected", Figure::Count(figures.expected));
    add_step(&mut report, &figures);
    if let Some(timeline) = timeline {
        report.add_chart(curves::latency_over_time(&timeline));
        if args.processes.processes > 1 {
            report.remark("latency over time is that of the first process's connections");
        }
    }
    report.add_chart(curves::percentiles(&figures.latency));
    let sendings = Sendings::like(seating, &figures);
    floor.add_deliveries(&mut report, sendings, figures.server_cpu_each())?;
    Ok(report)
}

/// The rooms in words.
pub(crate) fn describe(seating: Seating) -> String {
    let Seating { rooms, members, talkers, rooms_per_connection } = seating;
    let (rooms, members) = (grouped(rooms as u64), grouped(members as u64));
    let words = format!("{rooms} × {members} members, {talkers} talking");
    if rooms_per_connection == 1 {
        return words;
    }
    let connections = grouped(seating.connections() as u64);
    format!("{words}, {connections} connections in {rooms_per_connection} rooms each")
}

/// Adds the figures and the faults of one step.
pub(crate) fn add_step(report: &mut Report, figures: &StepFigures) {
    add_counts(report, figures);
    report.add_latencies(&figures.latency);
    let server_cpu = figures.server_cpu;
    let cpu_each = figures.server_cpu_each().map(Figure::CpuEach);
    report.add_some("server_cpu_a_delivery", cpu_each);
    let share = |spent: std::time::Duration| spent.as_secs_f64() / figures.measured.as_secs_f64();
    report.add_some("server_cores", server_cpu.map(share).map(Figure::Share));
    report.add_generator_share(figures.generator_share);
    if figures.strange > 0 {
        report.remark(format!("{} messages that no talker sent", grouped(figures.strange)));
    }
    for message in &figures.strange_shown {
        report.remark(format!("heard {message}"));
    }
    add_faults(report, figures);
}

/// Adds how much was delivered, and what was not as it should be.
pub(crate) fn add_counts(report: &mut Report, figures: &StepFigures) {
    let tally = figures.tally;
    report.add("delivered", Figure::Count(tally.delivered));
    report.add("lost", Figure::Count(figures.losses.count));
    report.add("duplicated", Figure::Count(tally.duplicated));
    report.add("reordered", Figure::Count(tally.reordered));
    report.add("rate", Figure::PerSecond(figures.deliveries_per_second()));
}

/// Adds what the audit of one step found.
pub(crate) fn add_faults(report: &mut Report, figures: &StepFigures) {
    let tally = figures.tally;
    let counts = [
        (figures.losses.count, "deliveries lost"),
        (tally.duplicated, "deliveries doubled"),
        (tally.reordered, "deliveries out of order"),
        (tally.misrouted, "deliveries to the wrong room"),
        (figures.errors, "messages refused by the server (a rate limit? RATE_LIMIT=0 lifts it)"),
        (figures.unsent, "messages not sent: their talker was gone, or the server took nothing"),
        (figures.ends.len() as u64, "connections that the server ended"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        report.fault(format!("{} {what}", grouped(count)));
    }
    for named in figures.named.iter().chain(&figures.losses.named) {
        report.fault(named);
    }
    for (connection, end) in figures.ends.iter().take(ENDS_NAMED_MAX) {
        report.fault(format!("connection {connection}: {}", describe_end(end)));
    }
}

/// The end of a connection in words.
pub(crate) fn describe_end(end: &End) -> String {
    match end {
        End::Left => "left".to_owned(),
        End::Closed(code) => format!("closed by the server with code {code}"),
        End::Cut(reason) => format!("cut: {reason}"),
        End::Refused(reason) => format!("refused: {reason}"),
    }
}
