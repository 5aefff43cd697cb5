//! `churn`: members who come and go all the time, beside steady ones who must not notice.

use crate::cli::{self, By, ChurnArgs};
use crate::failure::Failure;
use crate::floor::reference::{Reference, Sendings};
use crate::load::seating::Seating;
use crate::load::step::{Step, StepFigures};
use crate::load::swarm::Call;
use crate::load::world::World;
use crate::measure::machine;
use crate::measure::timeline::Timeline;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::churn::visitors::{Plan, Visitors};
use crate::scenario::fanout;

mod visitors;

/// Measures and judges.
///
/// # Errors
/// If the server is not there, or does not take all members in.
pub(crate) fn run(args: &ChurnArgs) -> Result<Report, Failure> {
    cli::require_rate("--rate", args.rate)?;
    cli::require_rate("--churn-rate", args.churn_rate)?;
    if args.by == By::Join {
        args.server.require_stentor_words("--by join")?;
    }
    let seating = args.rooms.seating_for(1)?;
    let count = args.visitors as usize;
    machine::require_descriptors(seating.connections() + count)?;
    let (target, server) = args.server.find()?;
    let floor = Reference::new(&args.reference, &target, server);
    let memory = || server.map(|server| server.resident_bytes()).transpose();
    let mut progress = Progress::new();
    let content_bytes = args.rooms.content_bytes;
    let mut world = World::open_for(count, target.clone(), seating, content_bytes, server)?;
    if args.by == By::Join {
        let (address, receive_bytes) = (target.address, None);
        let standing = |_| Call { address, opening: target.upgrade(None), receive_bytes };
        world.admit(0, (0..count).map(standing))?;
    }
    let step = args.spans.step(args.rate);
    let run_in = Step { duration: args.run_in, ..step };
    world.keep_timeline();
    let quiet = world.run(run_in, &mut progress)?;
    let quiet_timeline = world.take_timeline();
    let before = memory()?;
    let plan = Plan { by: args.by, rate: args.churn_rate, wait: args.spans.wait };
    let mut visitors = Visitors::new(plan, count, seating, target, world.run_id())?;
    let mut figures = world.run_with(&mut visitors, step, &mut progress)?;
    let timeline = world.take_timeline();
    visitors.close(world.said());
    let after = memory()?;
    world.close()?;
    // The server's work is for steady members and visitors alike.
    figures.delivered_measured += visitors.delivered.measured();

    let mut report = Report::new("churn", describe(args, seating));
    add_figures(&mut report, &visitors, &quiet, &figures);
    report.add_some("resident_before", before.map(|bytes| Figure::Bytes(bytes as f64)));
    report.add_some("resident_after", after.map(|bytes| Figure::Bytes(bytes as f64)));
    if let Some((before, during)) = quiet_timeline.zip(timeline) {
        add_latency_over_time(&mut report, &before, &during, &visitors);
    }
    let kinds = [("before", &quiet.latency), ("while they come and go", &figures.latency)];
    report.add_chart(curves::percentiles_of(&kinds));
    visitors.add_to(&mut report);
    // About half of the visitors are in.
    let (inside, inside_each) = (count / 2, (count / 2).div_ceil(seating.rooms));
    let sendings = Sendings::like(seating, &figures).with_guests(inside, inside_each);
    floor.add_deliveries(&mut report, sendings, figures.server_cpu_each())?;
    if figures.server_cpu.is_some() {
        report.remark("the server's CPU time a delivery has that of the joins and leaves in it");
    }
    Ok(report)
}

/// The rooms, those who come and go, and how.
fn describe(args: &ChurnArgs, seating: Seating) -> String {
    let how = match args.by {
        By::Connection => "by connection",
        By::Join => "by join and leave",
    };
    format!(
        "{} at {} messages/s, {} visitors at {} joins/s {how}",
        fanout::describe(seating),
        args.rate,
        grouped(args.visitors.into()),
        args.churn_rate
    )
}

/// What the steady members cost is known from the run-in; the rest is the joins' and leaves'.
fn add_figures(
    report: &mut Report,
    visitors: &Visitors,
    quiet: &StepFigures,
    figures: &StepFigures,
) {
    let joins = visitors.joins.measured();
    report.add("joins", Figure::Count(joins));
    let span = figures.measured.as_secs_f64().max(1e-9);
    report.add("join_rate", Figure::PerSecond(joins as f64 / span));
    report.add_some("join_p50", visitors.join_latency(0.5));
    report.add_some("join_p99", visitors.join_latency(0.99));
    report.add("delivered_to_visitors", Figure::Count(visitors.delivered.total()));
    fanout::add_step(report, figures);
    report.add("p99_before", Figure::Latency(quiet.p99()));
    let each = quiet.server_cpu_each();
    report.add_some("server_cpu_a_delivery_before", each.map(Figure::CpuEach));
    let delivered = figures.delivered_measured as f64;
    let spent = figures.server_cpu.zip(each);
    let joining = spent.map(|(spent, each)| spent.saturating_sub(each.mul_f64(delivered)));
    let a_join = joining.and_then(|spent| Figure::cpu_each(spent, joins));
    report.add_some("server_cpu_a_join", a_join);
}

/// The steady members' latency through both spans, and how long joins took.
fn add_latency_over_time(
    report: &mut Report,
    before: &Timeline,
    during: &Timeline,
    visitors: &Visitors,
) {
    let joins = visitors.timeline.as_ref();
    let (both, joins) = ([before, during], joins.as_slice());
    let kinds =
        [("p50", &both[..], 0.5), ("p99", &both[..], 0.99), ("p99 of the joins", joins, 0.99)];
    let mut chart = curves::latencies_over_time(before.begin(), &kinds);
    let span = (during.begin(), during.end());
    chart.bands.push(curves::band("they come and go", before.begin(), span));
    report.add_chart(chart);
}
