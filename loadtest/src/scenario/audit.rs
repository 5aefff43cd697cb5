//! `audit`: what the contract promises, while pods and Redis die, pause and return.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::audit::faults::{FaultStory, Faults};
use crate::audit::ledger::Outcome;
use crate::audit::plan::{Kind, Load, Plan};
use crate::audit::run::{self, Setting};
use crate::audit::sdk;
use crate::cli::{self, AuditArgs};
use crate::failure::Failure;
use crate::floor;
use crate::floor::ping_pong::Rounds;
use crate::floor::reference::{Reference, Sendings};
use crate::load::dialect::Dialect;
use crate::load::seating::Seating;
use crate::load::target::Target;
use crate::measure::machine;
use crate::measure::meter::ServerMeter;
use crate::measure::moment::Moment;
use crate::report::Report;
use crate::report::chart::Band;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::report::word_table::WordTable;
use crate::verdict::oracle::Crew;
use crate::verdict::promise::{Findings, Promise};

/// How many rooms, listeners or talkers there may be.
const CROWD: RangeInclusive<u32> = 1..=20_000;
/// How long an audit may talk.
const DURATION: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(24);
/// Within which time a delivery may be said to be not late.
const SETTLE: RangeInclusive<Duration> = Duration::from_millis(50)..=Duration::from_mins(2);
/// How many round trips of the bare echo stand beside the healthy span.
const BARE_ROUND_TRIPS: Rounds = Rounds { warmup: 500, measured: 5_000 };
/// How many deliveries can be judged: the oracle keeps four bytes for each.
const DELIVERIES_MAX: f64 = 500e6;

/// Starts what the plan starts, drives the clients through its faults, and judges.
///
/// # Errors
/// If the plan is none, a server is not there, a fault cannot be done, or nobody heard anything.
pub(crate) fn run(args: &AuditArgs) -> Result<Report, Failure> {
    let mut plan = args.plan.as_deref().map_or_else(|| Ok(Plan::default()), Plan::read)?;
    let kind = args.clients.or(plan.load.clients).unwrap_or_default();
    if kind == Kind::Sdk && args.dialect != Dialect::Stentor {
        return Err(Failure::new("clients of the SDK speak to a Stentor only"));
    }
    let is_strict = args.nothing_lost || plan.load.nothing_lost.unwrap_or(false);
    let setting = check_setting(args, &mut plan)?;
    let mut progress = Progress::new();
    let faults = Faults::begin(plan)?;
    for target in &setting.targets {
        match args.dialect {
            Dialect::Stentor => target.probe()?,
            _ => drop(target.knock()?),
        }
    }
    let what = describe(&setting, &faults);
    let pod = args.pid.map(ServerMeter::new).transpose()?;
    let floor = Reference::new(&args.reference, &setting.targets[0], pod);
    let crew = setting.crew;
    let cpu_before = pod.map(|pod| pod.cpu()).transpose()?;
    let outcome = match kind {
        Kind::Raw => run::run(setting, faults, &mut progress)?,
        Kind::Sdk => sdk::run(setting, faults, &mut progress)?,
    };
    let cpu_after = pod.and_then(|pod| pod.cpu().ok());
    let mut report = Report::new("audit", what);
    add_figures(&mut report, &outcome);
    let cpu = cpu_after.zip(cpu_before).map(|(after, before)| after.saturating_sub(before));
    add_floor(&mut report, &floor, crew, &outcome, cpu)?;
    if pod.is_some() && cpu.is_none() {
        report.remark("the process of --pid did not live through the run: its CPU time is gone");
    }
    add_stories(&mut report, &outcome);
    add_verdicts(&mut report, &outcome.findings);
    if is_strict && outcome.missing > 0 {
        let missing = grouped(outcome.missing);
        report.fault(format!("{missing} acknowledged deliveries are missing, told or not"));
    }
    for end in &outcome.unasked_ends {
        report.fault(end);
    }
    Ok(report)
}

/// The command line, before the plan, before the defaults; all of it checked.
fn check_setting(args: &AuditArgs, plan: &mut Plan) -> Result<Setting, Failure> {
    if matches!(args.dialect, Dialect::SocketIo | Dialect::Nats) {
        return Err(Failure::new("audit speaks the dialects stentor and plain only"));
    }
    let Load { rooms, listeners, talkers, rate, duration, settle, urls, .. } = &mut plan.load;
    let mut urls = std::mem::take(urls);
    urls.extend(plan.processes.iter().filter_map(|process| process.url.clone()));
    urls.extend_from_slice(&args.urls);
    if urls.is_empty() {
        return Err(Failure::new("audit needs a --url, or a plan in which a process has one"));
    }
    let token = args.token.as_deref();
    let targets = urls.iter().map(|url| Target::parse(url)?.carrying(token));
    let targets = targets.collect::<Result<_, _>>()?;
    let rooms = within("rooms", args.rooms.or(*rooms).unwrap_or(20), &CROWD)?;
    let talkers = within("talkers", args.talkers.or(*talkers).unwrap_or(1), &CROWD)?;
    let listeners = args.listeners.or(*listeners).unwrap_or(5);
    let members = within("clients in a room", listeners.saturating_add(talkers), &CROWD)?;
    let crew = Crew { rooms: rooms as usize, members: members as usize, talkers: talkers as usize };
    machine::require_descriptors(crew.clients())?;
    let rate = args.rate.or(*rate).unwrap_or(50.0);
    cli::require_rate("the rate", rate)?;
    let duration = args.duration.or(*duration).unwrap_or(Duration::from_mins(3));
    let duration = spanning("the duration", duration, &DURATION)?;
    let settle = args.settle.or(*settle).unwrap_or(Duration::from_secs(2));
    let settle = spanning("settle", settle, &SETTLE)?;
    if rate * duration.as_secs_f64() * f64::from(members) > DELIVERIES_MAX {
        return Err(Failure::new(
            "more than 500 million deliveries: take a lower rate or a shorter run",
        ));
    }
    let last = plan.faults.iter().map(|fault| fault.at + fault.undone_after.unwrap_or_default());
    if last.max().is_some_and(|last| last > duration) {
        return Err(Failure::new("a fault of the plan is not over before the end of the run"));
    }
    let acks = args.dialect == Dialect::Stentor;
    Ok(Setting { targets, crew, rate, duration, settle, acks })
}

fn within(name: &str, count: u32, range: &RangeInclusive<u32>) -> Result<u32, Failure> {
    if range.contains(&count) {
        return Ok(count);
    }
    let (least, most) = (range.start(), range.end());
    Err(Failure::new(format!("{name} must be {least} to {most}, not {count}")))
}

fn spanning(
    name: &str,
    span: Duration,
    range: &RangeInclusive<Duration>,
) -> Result<Duration, Failure> {
    if range.contains(&span) {
        return Ok(span);
    }
    let [least, most, span] = [*range.start(), *range.end(), span].map(humantime::format_duration);
    Err(Failure::new(format!("{name} must be {least} to {most}, not {span}")))
}

fn describe(setting: &Setting, faults: &Faults) -> String {
    let Crew { rooms, members, talkers } = setting.crew;
    format!(
        "{rooms} rooms × {members} clients, {talkers} talking, {} messages/s for {} to {} \
         addresses, {} steps of a plan",
        setting.rate,
        humantime::format_duration(setting.duration),
        setting.targets.len(),
        faults.steps_left(),
    )
}

fn add_figures(report: &mut Report, outcome: &Outcome) {
    let counts = &outcome.counts;
    let clients = (outcome.away + outcome.open) as u64;
    let figures = [
        ("clients", clients),
        ("sent", counts.sent),
        ("sent_again", counts.sent_again),
        ("held_back", counts.held_back),
        ("acknowledged", counts.acks),
        ("refused", counts.refused),
        ("deliveries", counts.deliveries),
        ("reconnects", counts.opened.saturating_sub(clients)),
        ("resumes_recovered", counts.recovered),
        ("resumes_not_recovered", counts.not_recovered),
        ("replayed", counts.replayed),
        ("gaps", counts.gaps),
        ("missed_by_gaps", counts.gap_missed),
        ("missing", outcome.missing),
        ("drain_events", counts.drains),
    ];
    for (name, count) in figures {
        report.add(name, Figure::Count(count));
    }
    if outcome.away > 0 {
        report.remark(format!(
            "{} clients were not connected at the end",
            grouped(outcome.away as u64)
        ));
    }
    if counts.strange > 0 {
        report.remark(format!("{} frames that no promise is about", grouped(counts.strange)));
    }
    for (reason, count) in &counts.ends {
        report.remark(format!("{} × {reason}", grouped(*count)));
    }
}

/// Adds the healthy span's latencies beside the bare round trip, and the CPU time of a pod.
fn add_floor(
    report: &mut Report,
    floor: &Reference,
    crew: Crew,
    outcome: &Outcome,
    cpu: Option<Duration>,
) -> Result<(), Failure> {
    let Outcome { counts, healthy, begin, end, .. } = outcome;
    report.add_latencies(healthy);
    if !outcome.stories.is_empty() {
        report.remark("p50 to max, and their ratios, are of what came before the first fault");
    }
    let payload_bytes = counts.payload_bytes / counts.deliveries.max(1);
    let frame_bytes = floor::frame_bytes(payload_bytes);
    floor.add_round_trips(report, healthy, BARE_ROUND_TRIPS, frame_bytes as usize)?;
    let each = cpu.filter(|_| counts.deliveries > 0);
    let each = each.map(|spent| spent.div_f64(counts.deliveries as f64));
    report.add_some("server_cpu_a_delivery", each.map(Figure::CpuEach));
    if each.is_some() {
        let rooms = Seating {
            rooms: crew.rooms,
            members: crew.members,
            talkers: crew.talkers,
            rooms_per_connection: 1,
        };
        let rate = counts.deliveries as f64 / end.since(*begin).as_secs_f64().max(1e-9);
        floor.add_deliveries(report, Sendings::new(rooms, rate, frame_bytes), each)?;
    }
    Ok(())
}

fn add_stories(report: &mut Report, outcome: &Outcome) {
    let at = |moment: Moment| moment.since(outcome.begin).as_secs_f64();
    let band = |story: &FaultStory| {
        let over = story.undone.or(story.heard_by_all).unwrap_or(outcome.end);
        Band { name: story.name.clone(), from: at(story.at), to: at(over) }
    };
    report.add_chart(outcome.course.chart(outcome.stories.iter().map(band).collect()));
    if outcome.stories.is_empty() {
        return;
    }
    let columns =
        &["at_s", "fault", "heard_again_after_s", "by_everybody_after_s", "longest_silence_s"];
    let mut table = WordTable::new("faults", columns);
    for story in &outcome.stories {
        let outage = |heard: Option<Moment>| match heard {
            Some(heard) => format!("{:.3}", heard.since(story.at).as_secs_f64()),
            None => "never".to_owned(),
        };
        table.add(vec![
            format!("{:.3}", at(story.at)),
            story.name.clone(),
            outage(story.heard_first),
            outage(story.heard_by_all),
            format!("{:.3}", story.silence.as_secs_f64()),
        ]);
    }
    report.add_words(table);
}

fn add_verdicts(report: &mut Report, findings: &Findings) {
    let mut table = WordTable::new("promises", &["promise", "verdict", "judged"]);
    for promise in Promise::ALL {
        let finding = findings.on(promise);
        let (words, counts) = (promise.words(), finding.counts(promise));
        table.add(vec![words.to_owned(), finding.word().to_owned(), counts]);
        if finding.broken > 0 {
            report.fault(format!("{words}: broken {} times", grouped(finding.broken)));
        }
        for offender in &finding.named {
            report.fault(offender);
        }
    }
    report.add_words(table);
}
