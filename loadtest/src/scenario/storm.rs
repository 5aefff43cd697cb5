//! `storm`: thousands come at one instant, and leave at one; the others must not notice, and who
//! comes meanwhile must not wait.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::{self, HandedTarget, StormArgs};
use crate::failure::Failure;
use crate::load::dialect::Dialect;
use crate::load::seating::Seating;
use crate::load::step::{Hopeless, Step};
use crate::load::target::Target;
use crate::load::world::World;
use crate::measure::machine;
use crate::measure::stages::Stages;
use crate::measure::timeline::Timeline;
use crate::process::child::Other;
use crate::process::talk;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::report::table::Table;
use crate::scenario::fanout;
use crate::scenario::storm::census::Census;
use crate::scenario::storm::probes::{PROBES_MAX, Probes};
use crate::scenario::storm::verdict::Verdict;
use crate::scenario::storm::watch::{Plan, Stage, Watch};
use crate::scenario::storm::words::{Answer, Arrival, Departure};

mod census;
pub(crate) mod crowd;
mod probes;
mod verdict;
mod watch;
mod words;

const COLUMNS: [&str; 11] = [
    "stage",
    "messages",
    "p50",
    "p99",
    "max",
    "handshakes",
    "handshake_p50",
    "handshake_p99",
    "handshake_max",
    "generator_late_max",
    "server_cores",
];

/// Measures and judges.
///
/// # Errors
/// If the shape makes no sense, the server is not there, or it does not take the steady members in.
pub(crate) fn run(args: &StormArgs, load_cores: &[usize]) -> Result<Report, Failure> {
    let seating = shape(args)?;
    let (target, server) = args.server.find()?;
    let plan = Plan {
        calm: args.calm,
        storm_max: args.storm_max,
        by: args.by,
        steady: seating.connections() as u64,
    };
    let mut progress = Progress::new();
    let crowd = start_crowd(args, &target, load_cores)?;
    let content_bytes = args.content_bytes;
    let mut world = World::open_for(PROBES_MAX, target.clone(), seating, content_bytes, server)?;
    world.keep_fine_timeline();
    world.keep_stages(Stage::ALL.len())?;
    let room = (args.rooms + args.crowd_rooms) as usize;
    let probes = Probes::new(target.clone(), room, args.probe_every, Stage::ALL.len())?;
    let census = (target.dialect() == Dialect::Stentor).then(|| Census::begin(target));
    let mut watch = Watch::new(plan, crowd, probes, census, server)?;
    let (rate, warmup, wait) = (args.rate, args.warmup, args.wait);
    let step = Step { rate, warmup, duration: plan.duration(), wait, hopeless: Hopeless::GoOn };
    let figures = world.run_with(&mut watch, step, &mut progress)?;
    watch.probes.close(world.now());
    let (stages, timeline) = (world.take_stages(), world.take_timeline());
    world.close()?;
    let Some(stages) = stages else { return Err(Failure::new("no latencies were kept")) };

    let mut report = Report::new("storm", describe(args, seating));
    add_crowd(&mut report, args, &watch);
    fanout::add_counts(&mut report, &figures);
    add_stages(&mut report, &stages, &watch);
    report.add_generator_share(figures.generator_share);
    fanout::add_faults(&mut report, &figures);
    watch.probes.add_to(args.allow_refusals, &mut report);
    judge(&mut report, args, &stages, &watch);
    add_charts(&mut report, args, &stages, timeline.as_ref(), &watch);
    Ok(report)
}

/// The process of those who come and go, once its sockets are there.
fn start_crowd(args: &StormArgs, target: &Target, cores: &[usize]) -> Result<Other, Failure> {
    let (first_room, rooms) = match args.crowd_rooms {
        0 => (0, args.rooms),
        rooms => (args.rooms, rooms),
    };
    let mut arguments = vec![
        "storm-crowd".to_owned(),
        format!("--count={}", args.count),
        format!("--first-room={first_room}"),
        format!("--rooms={rooms}"),
        format!("--per-address={}", args.per_address),
    ];
    arguments.extend(args.connects_first.then(|| "--connects-first".to_owned()));
    arguments.extend(HandedTarget::options_for(target));
    // The second core, or the only one, which it shares.
    let core = cores.get(1).or(cores.first());
    arguments.extend(core.map(|core| format!("--load-core={core}")));
    let crowd = Other::start("the crowd's process", &arguments)?;
    match talk::read(&crowd.hear()?)? {
        Answer::Ready => Ok(crowd),
        _ => Err(Failure::new("the crowd's process answered what it was not asked")),
    }
}

/// The rooms, the crowd, and how it leaves.
fn describe(args: &StormArgs, seating: Seating) -> String {
    let how = match args.by {
        cli::LeavingBy::Close => "with a close frame",
        cli::LeavingBy::Cut => "by closed sockets",
        cli::LeavingBy::Reset => "by reset sockets",
        cli::LeavingBy::Kill => "by the end of their process",
    };
    format!(
        "{} at {} messages/s, {} come at one instant and leave at one, {how}",
        fanout::describe(seating),
        args.rate,
        grouped(args.count.into())
    )
}

/// What became of those who came and left.
fn add_crowd(report: &mut Report, args: &StormArgs, watch: &Watch) {
    report.add("crowd", Figure::Count(args.count.into()));
    match &watch.arrival {
        Some(arrival) => add_arrival(report, args, watch, arrival),
        None => report.fault("not all of the crowd were in before it left"),
    }
    let by_kill = args.by == cli::LeavingBy::Kill;
    match &watch.departure {
        Some(departure) => add_departure(report, departure),
        None if by_kill => {}
        None => report.fault("the crowd did not say that it had left"),
    }
    report.add_some("counted_out_after", watch.counted_out_after().map(Figure::Latency));
    if watch.has_census() && watch.counted_out_after().is_none() {
        let within = humantime::format_duration(args.storm_max);
        report.fault(format!("the server did not count them gone within {within}"));
    }
    if !watch.has_census() {
        report.remark("nobody counted the crowd: only a Stentor's statistics are asked");
    }
}

fn add_arrival(report: &mut Report, args: &StormArgs, watch: &Watch, arrival: &Arrival) {
    report.add("opened", Figure::Count(arrival.opened));
    report.add("attempts_issued_within", Figure::Latency(arrival.issued));
    report.add("all_in_after", Figure::Latency(arrival.took));
    report.add_some("counted_in_after", watch.counted_in_after().map(Figure::Latency));
    if !arrival.latency.is_empty() {
        for (name, quantile) in [("in_after_p50", 0.5), ("in_after_p99", 0.99)] {
            let nanoseconds = arrival.latency.value_at_quantile(quantile);
            report.add(name, Figure::Latency(Duration::from_nanos(nanoseconds)));
        }
    }
    report.add("told_to_come_again_503", Figure::Count(arrival.told_503));
    report.add("told_to_come_again_429", Figure::Count(arrival.told_429));
    report.add("attempts_broken", Figure::Count(arrival.broken));
    report.add("attempts", Figure::Count(arrival.tries));
    let cpu = watch.server_cpu(Stage::Coming);
    let each = cpu.and_then(|spent| Figure::cpu_each(spent, arrival.opened));
    report.add_some("server_cpu_a_connection_in", each);
    report.add("crowd_generator", Figure::Share(arrival.generator_share));
    if arrival.given_up > 0 {
        report.fault(format!(
            "{} of the crowd never came in, the first failure: {}",
            grouped(arrival.given_up),
            arrival.first_failure.as_deref().unwrap_or("no answer")
        ));
    } else if let Some(first) = &arrival.first_failure {
        report.remark(format!("the first attempt of the crowd that failed: {first}"));
    }
    if arrival.given_up == 0 && watch.has_census() && watch.counted_in_after().is_none() {
        let within = humantime::format_duration(args.storm_max);
        report.fault(format!("the server did not count them in within {within}"));
    }
}

fn add_departure(report: &mut Report, departure: &Departure) {
    report.add("left", Figure::Count(departure.left));
    report.add("leaving_issued_within", Figure::Latency(departure.issued));
    report.add("all_left_after", Figure::Latency(departure.took));
    if departure.thrown_out > 0 {
        report.fault(format!(
            "{} of the crowd were thrown out, the first: {}",
            grouped(departure.thrown_out),
            departure.first_end.as_deref().unwrap_or_default()
        ));
    }
    if departure.unanswered > 0 {
        let count = grouped(departure.unanswered);
        report.fault(format!("{count} of the crowd heard no goodbye"));
    }
}

/// A row for each stage.
fn add_stages(report: &mut Report, stages: &Stages, watch: &Watch) {
    let mut table = Table::new("stages", &COLUMNS);
    for stage in Stage::ALL {
        let messages = stages.of(stage as usize);
        let handshakes = watch.probes.stages.of(stage as usize);
        let late = watch.own_delay.of(stage as usize);
        table.add(vec![
            Some(Figure::Words(stage.words())),
            Some(Figure::Count(messages.len())),
            latency(messages, 0.5),
            latency(messages, 0.99),
            latency(messages, 1.0),
            Some(Figure::Count(handshakes.len())),
            latency(handshakes, 0.5),
            latency(handshakes, 0.99),
            latency(handshakes, 1.0),
            latency(late, 1.0),
            watch.server_cores(stage).map(Figure::Share),
        ]);
    }
    report.add_table(table);
    if !watch.knows_waiting() {
        report.remark(
            "how long the generator waited for its core is not known here (no schedstat): a \
             latency above the bound may be its own",
        );
    }
}

/// Holds every stage against the bound.
fn judge(report: &mut Report, args: &StormArgs, stages: &Stages, watch: &Watch) {
    let (bound, judged) = (args.bound, args.judge);
    let shown = humantime::format_duration(bound);
    report.remark(format!("held against {shown}: the {} of each stage (--judge)", judged.name()));
    for stage in Stage::ALL {
        let kinds = [
            ("messages to steady members", stages.of(stage as usize)),
            ("new handshakes", watch.probes.stages.of(stage as usize)),
        ];
        let late = watch.own_delay.of(stage as usize).max();
        for (what, latency) in kinds {
            let verdict = Verdict::of(latency, judged.quantile(), bound, late);
            if let Some(words) = verdict.in_words(what, stage.words(), judged.name()) {
                report.fault(words);
            }
        }
    }
}

/// Latency over time with the storms as bands, and by percentile in each stage.
fn add_charts(
    report: &mut Report,
    args: &StormArgs,
    stages: &Stages,
    timeline: Option<&Timeline>,
    watch: &Watch,
) {
    let handshakes = watch.probes.timeline.as_ref();
    let (messages, handshakes) = (timeline.as_slice(), handshakes.as_slice());
    let kinds = [
        ("messages, p50", messages, 0.5),
        ("messages, max", messages, 1.0),
        ("handshakes, p50", handshakes, 0.5),
        ("handshakes, max", handshakes, 1.0),
    ];
    let mut chart = curves::latencies_over_time(watch.begin(), &kinds);
    for stage in [Stage::Coming, Stage::Leaving] {
        let name = format!("{} {}", grouped(args.count.into()), stage.verb());
        let spans = watch.spans_of(stage);
        chart.bands.extend(spans.map(|span| curves::band(&name, watch.begin(), span)));
    }
    report.add_chart(chart);
    let kinds = Stage::ALL.map(|stage| (stage.words(), stages.of(stage as usize)));
    report.add_chart(curves::percentiles_of(&kinds));
    let kinds = Stage::ALL.map(|stage| (stage.words(), watch.probes.stages.of(stage as usize)));
    let mut chart = curves::percentiles_of(&kinds);
    chart.name = "handshake_percentiles";
    chart.title = "New handshakes by percentile".to_owned();
    report.add_chart(chart);
}

fn latency(latency: &Histogram<u64>, quantile: f64) -> Option<Figure> {
    let nanoseconds = latency.value_at_quantile(quantile);
    (!latency.is_empty()).then(|| Figure::Latency(Duration::from_nanos(nanoseconds)))
}

/// The steady members, after making sure that descriptors and rates allow it all.
fn shape(args: &StormArgs) -> Result<Seating, Failure> {
    cli::require_rate("--rate", args.rate)?;
    cli::require_content_bytes(args.content_bytes)?;
    let seating = Seating {
        rooms: args.rooms as usize,
        members: args.members as usize,
        talkers: args.talkers as usize,
        rooms_per_connection: 1,
    }
    .check()?;
    machine::require_descriptors(seating.connections() + PROBES_MAX)?;
    machine::require_descriptors(args.count as usize)?;
    Ok(seating)
}
