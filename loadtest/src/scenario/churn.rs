//! `churn`: members who come and go all the time, beside steady ones who must not notice.

use crate::cli::{self, By, ChurnArgs};
use crate::failure::Failure;
use crate::load::step::{Hopeless, Step};
use crate::load::swarm::Call;
use crate::load::world::World;
use crate::measure::machine;
use crate::report::Report;
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
    let memory = || server.map(|server| server.resident_bytes()).transpose();
    let mut progress = Progress::new();
    let content_bytes = args.rooms.content_bytes;
    let mut world = World::open_for(count, target.clone(), seating, content_bytes, server)?;
    if args.by == By::Join {
        let (address, receive_bytes) = (target.address, None);
        let standing = |_| Call { address, opening: target.upgrade(None), receive_bytes };
        world.admit(0, (0..count).map(standing))?;
    }
    let run_in = Step {
        rate: args.rate,
        warmup: args.warmup,
        duration: args.run_in,
        wait: args.wait,
        hopeless: Hopeless::GoOn,
    };
    let quiet = world.run(run_in, &mut progress)?;
    let before = memory()?;
    let plan = Plan { by: args.by, rate: args.churn_rate, wait: args.wait };
    let mut visitors = Visitors::new(plan, count, seating, target, world.run_id())?;
    let mut figures =
        world.run_with(&mut visitors, Step { duration: args.duration, ..run_in }, &mut progress)?;
    visitors.close(world.said());
    let after = memory()?;
    world.close()?;

    let how = match args.by {
        By::Connection => "by connection",
        By::Join => "by join and leave",
    };
    let what = format!(
        "{} at {} messages/s, {} visitors at {} joins/s {how}",
        fanout::describe(seating),
        args.rate,
        grouped(count as u64),
        args.churn_rate
    );
    let mut report = Report::new("churn", what);
    let measured = visitors.measured();
    report.add("joins", Figure::Count(measured.joins));
    let span = figures.measured.as_secs_f64().max(1e-9);
    report.add("join_rate", Figure::PerSecond(measured.joins as f64 / span));
    report.add_some("join_p50", visitors.join_latency(0.5));
    report.add_some("join_p99", visitors.join_latency(0.99));
    report.add("delivered_to_visitors", Figure::Count(visitors.delivered()));
    // The server's work is for steady members and visitors alike.
    figures.delivered_measured += measured.delivered;
    fanout::add_step(&mut report, &figures);
    report.add("p99_before", Figure::Latency(quiet.p99()));
    // What the steady members cost is known from the run-in; the rest is the joins' and leaves'.
    let quiet_cpu = quiet.server_cpu.filter(|_| quiet.delivered_measured > 0);
    let each = quiet_cpu.map(|spent| spent.div_f64(quiet.delivered_measured as f64));
    report.add_some("server_cpu_a_delivery_before", each.map(Figure::CpuEach));
    let delivered = figures.delivered_measured;
    let joining = figures
        .server_cpu
        .zip(each)
        .map(|(spent, each)| spent.saturating_sub(each.mul_f64(delivered as f64)));
    let a_join = joining.and_then(|spent| Figure::cpu_each(spent, measured.joins));
    report.add_some("server_cpu_a_join", a_join);
    report.add_some("resident_before", before.map(|bytes| Figure::Bytes(bytes as f64)));
    report.add_some("resident_after", after.map(|bytes| Figure::Bytes(bytes as f64)));
    visitors.add_to(&mut report);
    Ok(report)
}
