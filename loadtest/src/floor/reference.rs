//! The floor beside a server's figures, in the same run on the same machine: what every report
//! sets them in a ratio to.
//!
//! A scenario has it in two lines, one before its load and one when its figures are there:
//!
//! ```text
//! let floor = Reference::new(&args.reference, &target, server);
//! let sendings = Sendings::like(seating, &figures);
//! floor.add_deliveries(&mut report, sendings, figures.server_cpu_each())?;
//! ```
//!
//! Handshakes, idle sockets and round trips have their own: [`Reference::door`] is a server of
//! ours that does the least that can be done, [`Reference::add_round_trips`] the bare echo. All of
//! them leave the floor out, with a remark that says why, where it would mean nothing: with
//! `--no-floor`, and for a server on another machine.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::{FloorArgs, FloorSending, Pace, ReferenceArgs};
use crate::failure::Failure;
use crate::floor::door::Door;
use crate::floor::ping_pong::Rounds;
use crate::floor::{self, FloorFigures, SENDER_SHARE_MIN, echo_floor};
use crate::load::seating::Seating;
use crate::load::step::StepFigures;
use crate::load::target::Target;
use crate::measure::machine;
use crate::measure::meter::ServerMeter;
use crate::report::Report;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::report::table::Table;

#[cfg(test)]
mod tests;

/// The largest frame that the floor sends, in bytes; a larger one of a server counts as this.
const FRAME_BYTES_MAX: u64 = 65_000;
/// The part of the server's rate below which the floor has not kept up with it: a floor that is
/// paced ends a round early or late.
const REACH_MIN: f64 = 0.8;
/// How many frames a call carries in the measurements flat out: alone, as a server coalesces that
/// is busy, and as one does at its very maximum, where what is left is the kernel's copy.
const FRAMES_FLAT_OUT: [u32; 3] = [1, 16, 64];
/// The part of the measured span that the floor runs before it counts.
const WARMUP_PART: u32 = 4;
/// How many round trips of the bare echo are enough.
const ROUND_TRIPS_MAX: u32 = 20_000;

const COLUMNS: [&str; 8] = [
    "sockets",
    "at_once",
    "frames_a_send",
    "frame",
    "rate",
    "cpu_a_delivery",
    "cpu_of_the_floor",
    "rate_of_the_floor",
];

/// Where the floor is measured, and for how long; or why it is not.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Reference {
    core: Option<usize>,
    span: Duration,
    left_out: Option<&'static str>,
}

impl Reference {
    /// The floor of the server at `target`.
    pub(crate) fn new(args: &ReferenceArgs, target: &Target, server: Option<ServerMeter>) -> Self {
        let left_out = if args.no_floor {
            Some("--no-floor")
        } else if !machine::is_local(target.address.ip()) {
            Some("the server is on another machine")
        } else {
            None
        };
        let core = server_core(args.server_core, server);
        Self { core, span: args.floor_duration, left_out }
    }

    /// Adds the CPU time of the bare `send()` calls at the same rate, and the server's by it.
    ///
    /// # Errors
    /// If the floor cannot be measured.
    pub(crate) fn add_deliveries(
        &self,
        report: &mut Report,
        sendings: Sendings,
        server_cpu_each: Option<Duration>,
    ) -> Result<(), Failure> {
        self.add_sendings(report, sendings, server_cpu_each, None).map(drop)
    }

    /// Adds that, and how many deliveries a second the bare calls bring about flat out, with one
    /// frame, with sixteen and with sixty-four in a call.
    ///
    /// # Errors
    /// If the floor cannot be measured.
    pub(crate) fn add_maximum(
        &self,
        report: &mut Report,
        sendings: Sendings,
        server_cpu_each: Option<Duration>,
    ) -> Result<Bare, Failure> {
        self.add_sendings(report, sendings, server_cpu_each, Some(sendings.deliveries_per_second))
    }

    /// Adds the bare echo's round trip with frames of `bytes`, and the server's by it.
    ///
    /// # Errors
    /// If the bare echo cannot be measured.
    pub(crate) fn add_round_trips(
        &self,
        report: &mut Report,
        server: &Histogram<u64>,
        rounds: Rounds,
        bytes: usize,
    ) -> Result<(), Failure> {
        if self.is_left_out(report) || server.is_empty() {
            return Ok(());
        }
        let measured = rounds.measured.min(ROUND_TRIPS_MAX);
        let floor = echo_floor::measure(self.core, Rounds { measured, ..rounds }, bytes)?;
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            let at = |latency: &Histogram<u64>| latency.value_at_quantile(quantile);
            let (bare, served) = (at(&floor), at(server));
            let more = Duration::from_nanos(served.saturating_sub(bare));
            report.add(format!("floor_{name}"), Figure::Latency(Duration::from_nanos(bare)));
            report.add(format!("{name}_above_the_floor"), Figure::Latency(more));
            let ratio = served as f64 / bare.max(1) as f64;
            report.add(format!("{name}_of_the_floor"), Figure::Ratio(ratio));
        }
        self.remark_core(report);
        Ok(())
    }

    /// A server that does the least: answers a request with as many bytes as `answer_bytes` says,
    /// or holds what comes if that is none. None if the floor is left out.
    ///
    /// # Errors
    /// If it cannot be started, or `answer_bytes` fails.
    pub(crate) fn door(
        &self,
        report: &mut Report,
        answer_bytes: impl FnOnce() -> Result<Option<usize>, Failure>,
    ) -> Result<Option<Door>, Failure> {
        if self.is_left_out(report) {
            return Ok(None);
        }
        self.remark_core(report);
        Door::open(self.core, answer_bytes()?).map(Some)
    }

    fn add_sendings(
        &self,
        report: &mut Report,
        sendings: Sendings,
        server_cpu_each: Option<Duration>,
        server_maximum: Option<f64>,
    ) -> Result<Bare, Failure> {
        let mut bare = Bare::default();
        if self.is_left_out(report) {
            return Ok(bare);
        }
        if sendings.deliveries_per_second <= 0.0 {
            report.remark("no floor: the server delivered nothing");
            return Ok(bare);
        }
        if server_cpu_each.is_none() && server_maximum.is_none() {
            report.remark("no floor: without --pid there is no CPU time to set beside it");
            return Ok(bare);
        }
        let fitting = sendings.fitting();
        if fitting.sockets < sendings.sockets {
            let (few, all) = (grouped(fitting.sockets as u64), grouped(sendings.sockets as u64));
            report.remark(format!("the floor had {few} sockets of {all}: the descriptor limit"));
        }
        let mut table = Table::new("floor", &COLUMNS);
        if server_cpu_each.is_some() {
            let paced = self.measure(fitting.paced(self.core, self.warmup(), self.span))?;
            let ratio = of_the_floor(server_cpu_each, &[&paced]);
            bare.cpu_seconds_each = Some(cpu_seconds_each(&[&paced]));
            report.add_some("floor_cpu_a_delivery", paced.cpu_a_delivery());
            report.add_some("of_the_floor", ratio.map(Figure::Ratio));
            table.add(fitting.row(1, &paced, ratio, None));
            if let Some(remark) = sendings.remark_if_out_of_reach(paced.deliveries_per_second()) {
                report.remark(remark);
            }
        }
        if let Some(maximum) = server_maximum {
            for frames in FRAMES_FLAT_OUT {
                let flat_out = fitting.flat_out(frames, self.core, self.warmup(), self.span);
                let figures = self.measure(flat_out)?;
                let (rate, name) = (figures.deliveries_per_second(), frames_in_words(frames));
                report.add(format!("floor_flat_out_{name}"), Figure::PerSecond(rate));
                bare.flat_out.push((frames, rate));
                let ratio = (rate > 0.0).then(|| maximum / rate);
                report.add_some(format!("max_of_the_floor_{name}"), ratio.map(Figure::Ratio));
                let cpu_ratio = of_the_floor(server_cpu_each, &[&figures]);
                report.add_some(format!("cpu_of_the_floor_{name}"), cpu_ratio.map(Figure::Ratio));
                table.add(fitting.row(frames, &figures, cpu_ratio, ratio));
                warn_of_hindrance(report, frames, &figures);
            }
        }
        report.add_table(table);
        self.remark_core(report);
        Ok(bare)
    }

    fn measure(&self, floor: FloorArgs) -> Result<FloorFigures, Failure> {
        let figures = floor::measure(&floor, &mut Progress::new())?;
        figures.require_all()?;
        Ok(figures)
    }

    fn warmup(&self) -> Duration {
        self.span / WARMUP_PART
    }

    fn is_left_out(&self, report: &mut Report) -> bool {
        if let Some(why) = self.left_out {
            report.remark(format!("no floor: {why}"));
        }
        self.left_out.is_some()
    }

    fn remark_core(&self, report: &mut Report) {
        if self.core.is_none() {
            report.remark("the floor's process was on no core of its own (--server-core)");
        }
    }
}

/// The core that is given, or else the only one that the server's process may use.
pub(crate) fn server_core(given: Option<usize>, server: Option<ServerMeter>) -> Option<usize> {
    given.or_else(|| server?.only_core())
}

/// CPU time a delivery by the floor's, several measurements of the floor taken together.
pub(crate) fn of_the_floor(
    server_cpu_each: Option<Duration>,
    floors: &[&FloorFigures],
) -> Option<f64> {
    let floor = cpu_seconds_each(floors);
    server_cpu_each.filter(|_| floor > 0.0).map(|each| each.as_secs_f64() / floor)
}

/// Seconds of CPU time for one delivery, several measurements of the floor taken together.
pub(crate) fn cpu_seconds_each(floors: &[&FloorFigures]) -> f64 {
    let cpu: Duration = floors.iter().map(|floor| floor.cpu).sum();
    let frames: u64 = floors.iter().map(|floor| floor.frames).sum();
    cpu.as_secs_f64() / frames.max(1) as f64
}

/// What a floor came to, for a plot.
#[derive(Debug, Default)]
pub(crate) struct Bare {
    /// Seconds of CPU time for one delivery at the server's rate.
    pub(crate) cpu_seconds_each: Option<f64>,
    /// Deliveries a second flat out, by how many frames a call carried.
    pub(crate) flat_out: Vec<(u32, f64)>,
}

/// What the server sent, as far as the bare calls can do the same.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Sendings {
    sockets: usize,
    /// How many sockets hear one message: so many are sent to at once, so that the floor and the
    /// server wake up equally often.
    at_once: usize,
    deliveries_per_second: f64,
    frame_bytes: u32,
}

impl Sendings {
    /// What a step on these rooms brought about.
    pub(crate) fn like(seating: Seating, figures: &StepFigures) -> Self {
        let frame_bytes = floor::frame_bytes(figures.payload_bytes);
        Self::new(seating, figures.deliveries_per_second(), frame_bytes)
    }

    /// So many deliveries a second of frames with so many bytes, head included.
    pub(crate) fn new(seating: Seating, deliveries_per_second: f64, frame_bytes: u64) -> Self {
        Self {
            sockets: seating.connections(),
            at_once: seating.members,
            deliveries_per_second,
            frame_bytes: frame_bytes.min(FRAME_BYTES_MAX) as u32,
        }
    }

    /// The same with so many more sockets, so many more of which hear one message at once: those
    /// beside the steady members.
    pub(crate) fn with_guests(self, sockets: usize, at_once: usize) -> Self {
        Self { sockets: self.sockets + sockets, at_once: self.at_once + at_once, ..self }
    }

    /// The floor at the same rate.
    pub(crate) fn paced(
        &self,
        server_core: Option<usize>,
        warmup: Duration,
        duration: Duration,
    ) -> FloorArgs {
        let rate = Pace::Rounds(self.deliveries_per_second / self.sockets as f64);
        let sockets_per_burst = Some(self.at_once as u32);
        let sending = FloorSending {
            sockets: self.sockets as u32,
            sockets_per_burst,
            frames_per_send: 1,
            rate,
            bytes: self.frame_bytes,
            warmup,
            duration,
        };
        FloorArgs { server_core, sending }
    }

    fn flat_out(
        &self,
        frames_per_send: u32,
        server_core: Option<usize>,
        warmup: Duration,
        duration: Duration,
    ) -> FloorArgs {
        let mut floor = self.paced(server_core, warmup, duration);
        floor.sending.rate = Pace::FlatOut;
        floor.sending.frames_per_send = frames_per_send;
        floor.sending.sockets_per_burst = None;
        floor
    }

    /// What to say if the floor, at so many frames a second, did not keep up with the server.
    fn remark_if_out_of_reach(&self, frames_per_second: f64) -> Option<String> {
        let wanted = self.deliveries_per_second;
        (frames_per_second < wanted * REACH_MIN).then(|| {
            format!(
                "the floor reached {}/s of the server's {}/s with one frame a send(): its CPU \
                 time is that of its own rate",
                grouped(frames_per_second as u64),
                grouped(wanted as u64)
            )
        })
    }

    /// The same with as many sockets as this process may have.
    fn fitting(mut self) -> Self {
        self.sockets = self.sockets.min(machine::connections_max());
        self.at_once = self.at_once.min(self.sockets);
        self
    }

    fn row(
        &self,
        frames: u32,
        floor: &FloorFigures,
        cpu_ratio: Option<f64>,
        rate_ratio: Option<f64>,
    ) -> Vec<Option<Figure>> {
        let at_once = if rate_ratio.is_some() { self.sockets } else { self.at_once };
        vec![
            Some(Figure::Count(self.sockets as u64)),
            Some(Figure::Count(at_once as u64)),
            Some(Figure::Count(frames.into())),
            Some(Figure::Bytes(self.frame_bytes.into())),
            Some(Figure::PerSecond(floor.deliveries_per_second())),
            floor.cpu_a_delivery(),
            cpu_ratio.map(Figure::Ratio),
            rate_ratio.map(Figure::Ratio),
        ]
    }
}

fn frames_in_words(frames: u32) -> String {
    format!("{frames}_a_send")
}

/// Says so if the floor's sender was kept from its core: its rate is too low then.
fn warn_of_hindrance(report: &mut Report, frames: u32, floor: &FloorFigures) {
    let share = floor.sender_share();
    if share < SENDER_SHARE_MIN {
        report.remark(format!(
            "the floor's sender, with {frames} frames a send(), had its core for only {:.0} % of \
             the time: its rate is too low, and the ratio too high",
            share * 100.0
        ));
    }
}
