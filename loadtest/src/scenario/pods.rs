//! `pods`: talkers on one pod, listeners on it and on others; what the way between them adds.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::{self, PodsArgs};
use crate::failure::Failure;
use crate::floor::reference::{Reference, Sendings};
use crate::load::seating::Seating;
use crate::load::target::Target;
use crate::load::world::World;
use crate::measure::machine;
use crate::measure::meter::ServerMeter;
use crate::measure::timeline::Timeline;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout;
use crate::scenario::pods::remotes::Remotes;

mod remotes;

/// Measures and judges.
///
/// # Errors
/// If there are not two addresses, a server is not there, or one does not take its members in.
pub(crate) fn run(args: &PodsArgs) -> Result<Report, Failure> {
    let (seating, remote_each) = shape(args)?;
    let token = args.token.as_deref();
    let targets = args.url.iter().map(|url| cli::find_target(url, args.dialect, token, None));
    let targets = targets.collect::<Result<Vec<Target>, Failure>>()?;
    let meters = args.pid.iter().map(|&pid| ServerMeter::new(pid));
    let meters = meters.collect::<Result<Vec<_>, _>>()?;
    let redis = args.redis_pid.map(ServerMeter::new).transpose()?;
    let all: Vec<ServerMeter> = meters.iter().copied().chain(redis).collect();

    let floor = Reference::new(&args.reference, &targets[0], meters.first().copied());
    let count = seating.rooms * remote_each;
    let mut progress = Progress::new();
    let mut world = World::open_for(count, targets[0].clone(), seating, args.content_bytes, None)?;
    let mut remotes = Remotes::new(&targets[1..], count, seating, world.run_id(), all)?;
    world.admit(0, remotes.calls(&targets[1..]))?;
    let step = args.spans.step(args.rate);
    world.keep_timeline();
    let mut figures = world.run_with(&mut remotes, step, &mut progress)?;
    let timeline = world.take_timeline();
    remotes.close(world.said());
    world.close()?;
    // The pods' work is for all listeners alike.
    figures.delivered_measured += remotes.delivered.measured();
    figures.server_cpu = cpu_of_all_pods(args, &targets, &remotes.cpu());

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
    report.add("delivered_remote", Figure::Count(remotes.delivered.total()));
    add_latencies(&mut report, &figures.latency, remotes.latency());
    let names = (0..meters.len()).map(|pod| format!("pod_{pod}"));
    let names = names.chain(redis.map(|_| "redis".to_owned()));
    let delivered = figures.delivered_measured;
    for (name, spent) in names.zip(remotes.cpu()) {
        let cores = spent.as_secs_f64() / figures.measured.as_secs_f64().max(1e-9);
        report.add(format!("{name}_cores"), Figure::Share(cores));
        report.add_some(format!("{name}_cpu_a_delivery"), Figure::cpu_each(spent, delivered));
    }
    let kinds = [("local", &figures.latency), ("remote", remotes.latency())];
    report.add_chart(curves::percentiles_of(&kinds));
    add_latency_over_time(&mut report, timeline.as_ref(), remotes.timeline.as_ref());
    remotes.add_to(&mut report);
    // Each pod has a burst of its own; that of the first one is larger where it is given again.
    let again = targets[1..].iter().filter(|pod| pod.address == targets[0].address).count();
    let sendings =
        Sendings::like(seating, &figures).with_guests(count, again * args.listeners as usize);
    floor.add_deliveries(&mut report, sendings, figures.server_cpu_each())?;
    Ok(report)
}

/// What the local listeners and the remote ones waited, and the difference.
fn add_latencies(report: &mut Report, local: &Histogram<u64>, remote: &Histogram<u64>) {
    if local.is_empty() || remote.is_empty() {
        return;
    }
    for (quantile, local_name, remote_name, more_name) in [
        (0.5, "local_p50", "remote_p50", "remote_p50_more"),
        (0.99, "local_p99", "remote_p99", "remote_p99_more"),
    ] {
        let local = Duration::from_nanos(local.value_at_quantile(quantile));
        let remote = Duration::from_nanos(remote.value_at_quantile(quantile));
        report.add(local_name, Figure::Latency(local));
        report.add(remote_name, Figure::Latency(remote));
        report.add(more_name, Figure::Latency(remote.saturating_sub(local)));
    }
}

/// Their p99 over time.
fn add_latency_over_time(report: &mut Report, local: Option<&Timeline>, remote: Option<&Timeline>) {
    let Some(zero) = local.map(Timeline::begin) else { return };
    let kinds = [("local p99", local.as_slice(), 0.99), ("remote p99", remote.as_slice(), 0.99)];
    report.add_chart(curves::latencies_over_time(zero, &kinds));
}

/// What all pods together spent; none where the process of one is not given. A pod that is given
/// twice counts once.
fn cpu_of_all_pods(args: &PodsArgs, targets: &[Target], spent: &[Duration]) -> Option<Duration> {
    let pods: BTreeSet<SocketAddr> = targets.iter().map(|target| target.address).collect();
    let each: BTreeMap<u32, Duration> =
        args.pid.iter().copied().zip(spent.iter().copied()).collect();
    (each.len() == pods.len()).then(|| each.values().sum())
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
    cli::require_content_bytes(args.content_bytes)?;
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
