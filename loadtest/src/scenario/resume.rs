//! `resume`: listeners who leave and return with `last_id`, while the talkers talk.

use crate::cli::{self, ResumeArgs};
use crate::failure::Failure;
use crate::floor::reference::{Reference, Sendings};
use crate::load::world::World;
use crate::measure::machine;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::grouped;
use crate::report::progress::Progress;
use crate::scenario::fanout;
use crate::scenario::resume::commuters::{Commuters, Rhythm};

mod commuters;

/// Measures and judges.
///
/// # Errors
/// If the server is not there, or does not take all members in.
pub(crate) fn run(args: &ResumeArgs) -> Result<Report, Failure> {
    cli::require_rate("--rate", args.rate)?;
    args.server.require_stentor_words("last_id")?;
    let seating = args.rooms.seating_for(1)?;
    let count = args.listeners as usize;
    machine::require_descriptors(seating.connections() + count)?;
    let (target, server) = args.server.find()?;
    let floor = Reference::new(&args.reference, &target, server);
    let mut progress = Progress::new();
    let content_bytes = args.rooms.content_bytes;
    let mut world = World::open_for(count, target.clone(), seating, content_bytes, server)?;
    let rhythm = Rhythm { away: args.away, stay: args.stay, cut: args.cut, wait: args.spans.wait };
    let mut commuters = Commuters::new(rhythm, count, seating, target, world.run_id())?;
    let step = args.spans.step(args.rate);
    world.keep_timeline();
    let mut figures = world.run_with(&mut commuters, step, &mut progress)?;
    let timeline = world.take_timeline();
    commuters.close(world.said());
    world.close()?;
    // The server's work is for steady members and listeners alike.
    figures.delivered_measured += commuters.delivered.measured();

    let what = format!(
        "{} at {} messages/s, {} listeners stay {} and are away {}{}",
        fanout::describe(seating),
        args.rate,
        grouped(count as u64),
        humantime::format_duration(args.stay),
        humantime::format_duration(args.away),
        if args.cut { ", by a cut" } else { "" },
    );
    let mut report = Report::new("resume", what);
    commuters.add_figures(&mut report);
    fanout::add_step(&mut report, &figures);
    commuters.add_faults(&mut report);
    let kinds = [("recovery", commuters.recovery()), ("delivery", &figures.latency)];
    report.add_chart(curves::percentiles_of(&kinds));
    if let Some(timeline) = timeline {
        report.add_chart(curves::latency_over_time(&timeline));
    }
    let listeners_each = count.div_ceil(seating.rooms);
    let sendings = Sendings::like(seating, &figures).with_guests(count, listeners_each);
    floor.add_deliveries(&mut report, sendings, figures.server_cpu_each())?;
    if figures.server_cpu.is_some() {
        report.remark("the server's CPU time a delivery has that of the returns in it");
    }
    Ok(report)
}
