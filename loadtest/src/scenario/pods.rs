//! `pods`: talkers on one pod, listeners on it and on others; what the way between them adds.

use std::time::Duration;

use crate::cli::{self, PodsArgs};
use crate::failure::Failure;
use crate::load::seating::Seating;
use crate::load::step::{Hopeless, Step};
use crate::load::target::Target;
use crate::load::world::World;
use crate::measure::machine;
use crate::measure::meter::ServerMeter;
use crate::report::Report;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout;
use crate::scenario::pods::remotes::Remotes;
use crate::verdict::stamp::STAMP_BYTES;

mod remotes;

/// Measures and judges.
///
/// # Errors
/// If there are not two addresses, a server is not there, or one does not take its members in.
pub(crate) fn run(args: &PodsArgs) -> Result<Report, Failure> {
    let (seating, remote_each) = shape(args)?;
    let targets = args.url.iter().map(|url| cli::find_target(url, args.dialect));
    let targets = targets.collect::<Result<Vec<Target>, Failure>>()?;
    let meters = args.pid.iter().map(|&pid| ServerMeter::new(pid));
    let meters = meters.collect::<Result<Vec<_>, _>>()?;
    let redis = args.redis_pid.map(ServerMeter::new).transpose()?;
    let all: Vec<ServerMeter> = meters.iter().copied().chain(redis).collect();

    let count = seating.rooms * remote_each;
    let mut progress = Progress::new();
    let mut world = World::open_for(count, targets[0].clone(), seating, args.content_bytes, None)?;
    let mut remotes = Remotes::new(&targets[1..], count, seating, world.run_id(), all)?;
    world.admit(0, remotes.calls(&targets[1..]))?;
    let step = Step {
        rate: args.rate,
        warmup: args.warmup,
        duration: args.duration,
        wait: args.wait,
        hopeless: Hopeless::GoOn,
    };
    let figures = world.run_with(&mut remotes, step, &mut progress)?;
    remotes.close(world.said());
    world.close()?;

    let what = format!(
        "{} addresses, {} rooms of {} talkers and {} listeners a pod, at {} messages/s",
        targets.len(),
        grouped(args.rooms.into()),
        args.talkers,
        args.listeners,
        args.rate
    );
    let mut report = Report::new("pods", what);
    fanout::add_step(&mut report, &figures);
    let remote = remotes.latency();
    report.add("delivered_remote", Figure::Count(remotes.delivered()));
    if !remote.is_empty() && !figures.latency.is_empty() {
        for (quantile, local_name, remote_name, more_name) in [
            (0.5, "local_p50", "remote_p50", "remote_p50_more"),
            (0.99, "local_p99", "remote_p99", "remote_p99_more"),
        ] {
            let local = Duration::from_nanos(figures.latency.value_at_quantile(quantile));
            let remote = Duration::from_nanos(remote.value_at_quantile(quantile));
            report.add(local_name, Figure::Latency(local));
            report.add(remote_name, Figure::Latency(remote));
            report.add(more_name, Figure::Latency(remote.saturating_sub(local)));
        }
    }
    let names = (0..meters.len()).map(|pod| format!("pod_{pod}"));
    let names = names.chain(redis.map(|_| "redis".to_owned()));
    let delivered = figures.delivered_measured + remotes.delivered_measured();
    for (name, spent) in names.zip(remotes.cpu()) {
        let cores = spent.as_secs_f64() / figures.measured.as_secs_f64().max(1e-9);
        report.add(format!("{name}_cores"), Figure::Share(cores));
        report.add_some(format!("{name}_cpu_a_delivery"), Figure::cpu_each(spent, delivered));
    }
    remotes.add_to(&mut report);
    Ok(report)
}

/// The members on the first pod, and how many listen in each room on all others.
fn shape(args: &PodsArgs) -> Result<(Seating, usize), Failure> {
    cli::require_rate("--rate", args.rate)?;
    if args.url.len() < 2 {
        return Err(Failure::new("pods needs --url twice or more (the same one for a single pod)"));
    }
    if args.pid.len() > args.url.len() {
        return Err(Failure::new("--pid is given more often than --url"));
    }
    if !(STAMP_BYTES..=60_000).contains(&args.content_bytes) {
        return Err(Failure::new(format!(
            "--content-bytes must be {STAMP_BYTES} to 60000, the stamp is in it"
        )));
    }
    let (talkers, listeners) = (args.talkers as usize, args.listeners as usize);
    let seating = Seating {
        rooms: args.rooms as usize,
        members: talkers + listeners,
        talkers,
        rooms_per_connection: 1,
    }
    .check()?;
    let remote_each = listeners * (args.url.len() - 1);
    machine::require_descriptors(seating.rooms * (seating.members + remote_each))?;
    Ok((seating, remote_each))
}
