//! `max`: the highest rate with nothing lost, nobody thrown out, and p99 under a bound.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::{self, MaxArgs};
use crate::failure::Failure;
use crate::floor::reference::{Bare, Reference, Sendings};
use crate::load::crew::Processes;
use crate::load::seating::Seating;
use crate::load::step::{Hopeless, Step, StepFigures};
use crate::load::target::Target;
use crate::load::world::World;
use crate::measure::meter::ServerMeter;
use crate::report::Report;
use crate::report::chart::{Axis, Chart, Line, Scale, Stroke};
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::scenario::fanout;
use crate::scenario::rate_search::RateSearch;

/// Searches, and reports the best step.
///
/// # Errors
/// If the server is not there, goes away, or does not take all members in.
pub(crate) fn run(args: &MaxArgs, load_cores: &[usize]) -> Result<Report, Failure> {
    cli::require_rate("--rate-start", args.rate_start)?;
    cli::require_rate("--rate-ceiling", args.rate_ceiling)?;
    let processes = args.processes.on(load_cores);
    let seating = args.rooms.seating_for(processes.count)?;
    let (target, server) = args.server.find()?;
    let floor = Reference::new(&args.reference, &target, server);
    let mut attempt = Attempt { args, processes, seating, target, server, world: None };
    let mut progress = Progress::new();
    let mut search = RateSearch::new(args.rate_start, args.rate_ceiling);
    let mut best = None;
    let mut failed = None;
    let mut passed = Vec::new();

    while let Some(rate) = search.poll_rate() {
        match attempt.try_rate(rate, &mut progress)? {
            Ok(figures) => {
                search.handle_pass(rate);
                passed.push(Passed::new(rate, &figures));
                best = Some((rate, figures));
            }
            Err(why) => {
                search.handle_failure(rate);
                failed = Some((rate, why));
            }
        }
    }
    attempt.leave()?;

    let mut report = Report::new("max", fanout::describe(seating));
    let mut bare = Bare::default();
    match best {
        Some((rate, figures)) => {
            report.add("max_messages", Figure::PerSecond(rate));
            fanout::add_step(&mut report, &figures);
            let sendings = Sendings::like(seating, &figures);
            bare = floor.add_maximum(&mut report, sendings, figures.server_cpu_each())?;
        }
        None => report.fault("no rate passed"),
    }
    passed.sort_by(|one, other| one.rate.total_cmp(&other.rate));
    report.add_chart(latency_over_rate(&passed));
    report.add_chart(throughput_over_rate(&passed, &bare));
    report.add_chart(cpu_over_rate(&passed, &bare));
    if let Some((rate, why)) = failed {
        report.remark(format!("the last rate that failed: {rate:.0} messages/s, {why}"));
    }
    Ok(report)
}

/// What the plots need of a rate that passed.
#[derive(Debug)]
struct Passed {
    rate: f64,
    latency: Histogram<u64>,
    deliveries_per_second: f64,
    /// CPU time of the server for a delivery, in microseconds.
    cpu_each: Option<f64>,
}

impl Passed {
    fn new(rate: f64, figures: &StepFigures) -> Self {
        let count = figures.delivered_measured;
        let cpu = figures.server_cpu.filter(|_| count > 0);
        Self {
            rate,
            latency: figures.latency.clone(),
            deliveries_per_second: figures.deliveries_per_second(),
            cpu_each: cpu.map(|spent| spent.as_secs_f64() * 1e6 / count as f64),
        }
    }
}

/// How latency grows with the rate, up to the highest that passed.
fn latency_over_rate(passed: &[Passed]) -> Chart {
    let mut chart = over_rate("latency_over_rate", "Latency as the rate grows", curves::LATENCY);
    for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        let milliseconds =
            |step: &Passed| Some(step.latency.value_at_quantile(quantile) as f64 / 1e6);
        chart.add_line(line(name, passed, milliseconds));
    }
    chart
}

/// How much was delivered, below what the bare calls deliver flat out.
fn throughput_over_rate(passed: &[Passed], bare: &Bare) -> Chart {
    let axis = Axis { label: "deliveries/s", scale: Scale::Logarithmic };
    let mut chart = over_rate("throughput_over_rate", "Deliveries as the rate grows", axis);
    chart.add_line(line("server", passed, |step| Some(step.deliveries_per_second)));
    for (frames, rate) in &bare.flat_out {
        let name = format!("floor, {frames} a send");
        chart.add_line(Line { stroke: Stroke::Dashed, ..line(&name, passed, |_| Some(*rate)) });
    }
    chart
}

/// What a delivery cost: less as they come to be coalesced.
fn cpu_over_rate(passed: &[Passed], bare: &Bare) -> Chart {
    let axis = Axis { label: "CPU time a delivery, µs", scale: Scale::Linear };
    let mut chart = over_rate("cpu_over_rate", "Cost of a delivery as the rate grows", axis);
    chart.add_line(line("server", passed, |step| step.cpu_each));
    let floor = line("floor at the last rate", passed, |_| {
        bare.cpu_seconds_each.map(|seconds| seconds * 1e6)
    });
    chart.add_line(Line { stroke: Stroke::Dashed, ..floor });
    chart
}

fn over_rate(name: &'static str, title: &str, y: Axis) -> Chart {
    let x = Axis { label: "messages/s", scale: Scale::Logarithmic };
    Chart { name, title: title.to_owned(), x, y, lines: Vec::new(), bands: Vec::new() }
}

fn line(name: &str, passed: &[Passed], value: impl Fn(&Passed) -> Option<f64>) -> Line {
    let points = passed.iter().filter_map(|step| Some((step.rate, value(step)?)));
    Line::new(name, points.collect())
}

/// One rate after the other on the same rooms, and on fresh ones after a failure.
#[derive(Debug)]
struct Attempt<'a> {
    args: &'a MaxArgs,
    processes: Processes<'a>,
    seating: Seating,
    target: Target,
    server: Option<ServerMeter>,
    world: Option<World>,
}

impl Attempt<'_> {
    /// Tries a rate, more than once if it fails: a busy machine is no server's fault.
    fn try_rate(
        &mut self,
        rate: f64,
        progress: &mut Progress,
    ) -> Result<Result<StepFigures, String>, Failure> {
        let mut why = String::new();
        for _ in 0..self.args.tries {
            let figures = self.step(rate, progress)?;
            let Some(reason) = self.reason_against(&figures) else {
                let (deliveries, p99) = (figures.deliveries_per_second(), in_words(figures.p99()));
                let deliveries = grouped(deliveries as u64);
                progress.say(&format!("{rate:.0}/s passed: {deliveries} deliveries/s, p99 {p99}"));
                return Ok(Ok(figures));
            };
            progress.say(&format!("{rate:.0}/s failed: {reason}"));
            why = reason;
            // What is still under way would be counted against the next rate.
            self.leave()?;
        }
        Ok(Err(why))
    }

    fn step(&mut self, rate: f64, progress: &mut Progress) -> Result<StepFigures, Failure> {
        let world = match &mut self.world {
            Some(world) => world,
            none => {
                let content_bytes = self.args.rooms.content_bytes;
                let (target, server) = (self.target.clone(), self.server);
                let (processes, seating) = (self.processes, self.seating);
                none.insert(World::open_in(processes, target, seating, content_bytes, server)?)
            }
        };
        let step = Step { hopeless: Hopeless::CutShort, ..self.args.spans.step(rate) };
        world.run(step, progress)
    }

    fn reason_against(&self, figures: &StepFigures) -> Option<String> {
        if let Some((_, end)) = figures.ends.first() {
            let count = figures.ends.len();
            return Some(format!("{count} connections ended, {}", fanout::describe_end(end)));
        }
        if figures.errors > 0 {
            let first = figures.strange_shown.first().map_or("", String::as_str);
            return Some(format!("the server refused messages: {first}"));
        }
        if figures.cut_short {
            return Some(if figures.generator_share > 0.9 {
                "more than a second behind, the generator busy all the time".to_owned()
            } else {
                "more than a second behind".to_owned()
            });
        }
        if !figures.is_clean() {
            return Some(format!(
                "{} lost, {} doubled, {} out of order",
                figures.losses.count, figures.tally.duplicated, figures.tally.reordered
            ));
        }
        let p99 = figures.p99();
        (p99 >= self.args.p99_max).then(|| format!("p99 {}", in_words(p99)))
    }

    fn leave(&mut self) -> Result<(), Failure> {
        self.world.take().map_or(Ok(()), World::close)
    }
}

fn in_words(span: Duration) -> String {
    Figure::Latency(span).for_people()
}
