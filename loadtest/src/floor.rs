//! `floor`: what a send costs that carries frames built beforehand; the bare limit of a machine.
//!
//! Two processes of this program: one sends, on the server's core; this one receives, with the
//! same loop as in every other scenario.

pub(crate) mod door;
pub(crate) mod echo_floor;
pub(crate) mod ping_pong;
pub(crate) mod reference;
pub(crate) mod sender;
pub(crate) mod sockets;

use std::time::Duration;

use serde_json::Value;
use stentor_wire::frame::{FrameHead, OpCode};

use crate::cli::{FloorArgs, FloorSending, Pace};
use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::load::dialect::Opening;
use crate::load::swarm::Swarm;
use crate::load::target::Target;
use crate::measure::meter;
use crate::measure::moment::Moment;
use crate::process::child::Other;
use crate::report::Report;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;

/// How long the receiver waits for the next frame before it gives up.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// Flat out, a sender that was busy for less of the time was kept from it: by another process, or
/// by a receiver that did not keep up.
const SENDER_SHARE_MIN: f64 = 0.9;

/// Measures the sender.
///
/// # Errors
/// If the second process cannot be started, a core is not there, or sockets run out.
pub(crate) fn run(args: &FloorArgs) -> Result<Report, Failure> {
    let figures = measure(args, &mut Progress::new())?;
    Ok(report(args, &figures))
}

/// What the sender spent, and whether all of it came.
#[derive(Debug)]
pub(crate) struct FloorFigures {
    /// Frames received, with those that do not count.
    pub(crate) received: u64,
    /// Frames sent, with those that do not count.
    pub(crate) frames_total: u64,
    /// Frames sent in the measured span.
    pub(crate) frames: u64,
    /// Calls of `send()` in the measured span.
    pub(crate) calls: u64,
    /// Those of them that the socket refused.
    pub(crate) refused: u64,
    /// CPU time of the sender in the measured span.
    pub(crate) cpu: Duration,
    /// How long the measured span was.
    pub(crate) took: Duration,
    /// The receiver's share of its core.
    pub(crate) generator_share: f64,
}

impl FloorFigures {
    /// CPU time of the sender for one frame; none if none was sent.
    pub(crate) fn cpu_a_delivery(&self) -> Option<Figure> {
        Figure::cpu_each(self.cpu, self.frames)
    }

    /// Frames sent in a second of the measured span.
    pub(crate) fn deliveries_per_second(&self) -> f64 {
        self.frames as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// The sender's share of its core.
    pub(crate) fn sender_share(&self) -> f64 {
        self.cpu.as_secs_f64() / self.took.as_secs_f64().max(1e-9)
    }

    /// Makes sure that every frame came: else this is no limit of anything.
    ///
    /// # Errors
    /// If one did not.
    pub(crate) fn require_all(&self) -> Result<(), Failure> {
        if self.received == self.frames_total {
            return Ok(());
        }
        let (came, total) = (grouped(self.received), grouped(self.frames_total));
        Err(Failure::new(format!("the floor: {came} frames came of {total} sent")))
    }
}

/// The bytes of a server's text frame with this payload, its head included.
pub(crate) fn frame_bytes(payload_bytes: u64) -> u64 {
    let (fin, opcode, mask) = (true, OpCode::Text, None);
    FrameHead { fin, opcode, mask, payload_bytes }.encoded_bytes() as u64 + payload_bytes
}

/// Lets the second process send, and receives.
///
/// # Errors
/// If the second process cannot be started, a core is not there, or sockets run out.
pub(crate) fn measure(args: &FloorArgs, progress: &mut Progress) -> Result<FloorFigures, Failure> {
    let sockets = args.sending.sockets as usize;
    let mut sender = Other::start("the floor's sender", &arguments(args))?;
    let target = Target::parse(&format!("ws://{}", sender.hear_address()?))?;
    let mut swarm = Swarm::new(target, sockets)?;
    swarm.open_all(std::iter::repeat_with(Opening::default).take(sockets))?;
    sender.hear()?;
    sender.say("go")?;

    let mut bucket = Bucket { frames: 0, open: sockets, heard_last: swarm.clock().now() };
    let own = receive(&args.sending, &mut swarm, &mut bucket, progress)?;
    let result: Value = serde_json::from_str(&sender.hear()?)
        .map_err(Failure::while_doing("the sender's figures"))?;
    let count = |name: &str| result[name].as_u64().unwrap_or(0);
    let span = |name: &str| {
        let seconds = result[name].as_f64().unwrap_or(0.0);
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    };
    Ok(FloorFigures {
        received: bucket.frames,
        frames_total: count("frames_total"),
        frames: count("frames"),
        calls: count("calls"),
        refused: count("refused"),
        cpu: span("cpu_seconds"),
        took: span("seconds"),
        generator_share: own,
    })
}

/// Reads until the sender has ended every socket; the generator's share of its core meanwhile.
fn receive(
    sending: &FloorSending,
    swarm: &mut Swarm,
    bucket: &mut Bucket,
    progress: &mut Progress,
) -> Result<f64, Failure> {
    let clock = swarm.clock();
    let (begin, own_before) = (clock.now(), meter::own_cpu());
    let end = begin.after(sending.warmup + sending.duration);
    while bucket.open > 0 {
        swarm.wait(Moment::NEVER)?;
        while swarm.handle_next(bucket) {}
        let now = clock.now();
        if now.since(bucket.heard_last) > SILENCE_MAX {
            return Err(Failure::new("the sender fell silent"));
        }
        progress.show(|| {
            let (frames, left) = (grouped(bucket.frames), end.since(now).as_secs_f64());
            format!("{frames} frames received, {left:.0} s left")
        });
    }
    progress.clear();
    let took = clock.now().since(begin).as_secs_f64();
    Ok((meter::own_cpu() - own_before).as_secs_f64() / took)
}

fn arguments(args: &FloorArgs) -> Vec<String> {
    let FloorSending { sockets, frames_per_send, rate, bytes, warmup, duration, .. } =
        &args.sending;
    let rate = match rate {
        Pace::FlatOut => "max".to_owned(),
        Pace::Rounds(rounds) => rounds.to_string(),
    };
    let mut arguments = vec![
        "floor-sender".to_owned(),
        format!("--sockets={sockets}"),
        format!("--frames-per-send={frames_per_send}"),
        format!("--rate={rate}"),
        format!("--bytes={bytes}"),
        format!("--warmup={}", humantime::format_duration(*warmup)),
        format!("--duration={}", humantime::format_duration(*duration)),
    ];
    let burst = args.sending.sockets_per_burst;
    arguments.extend(burst.map(|few| format!("--sockets-per-burst={few}")));
    arguments.extend(args.server_core.map(|core| format!("--core={core}")));
    arguments
}

fn report(args: &FloorArgs, figures: &FloorFigures) -> Report {
    let FloorSending { sockets, frames_per_send, rate, bytes, .. } = &args.sending;
    let pace = match rate {
        Pace::FlatOut => "flat out".to_owned(),
        Pace::Rounds(rounds) => format!("{rounds} rounds/s"),
    };
    let sockets = grouped(u64::from(*sockets));
    let what = format!("{sockets} sockets, {frames_per_send} × {bytes} bytes a send(), {pace}");
    let FloorFigures { received, frames_total, calls, refused, cpu, .. } = *figures;
    let sender_share = figures.sender_share();

    let mut report = Report::new("floor", what);
    report.add("sent", Figure::Count(frames_total));
    report.add("delivered", Figure::Count(received));
    report.add("rate", Figure::PerSecond(figures.deliveries_per_second()));
    report.add_some("sender_cpu_a_delivery", figures.cpu_a_delivery());
    report.add_some("sender_cpu_a_send", Figure::cpu_each(cpu, calls));
    report.add("sender", Figure::Share(sender_share));
    report.add("refused_sends", Figure::Count(refused));
    // A sender that had all of its core was the limit, however busy the receiver was.
    if sender_share < SENDER_SHARE_MIN {
        report.add_generator_share(figures.generator_share);
    } else {
        report.add("generator", Figure::Share(figures.generator_share));
    }
    if args.sending.rate == Pace::FlatOut && sender_share < SENDER_SHARE_MIN {
        report.remark(format!(
            "the sender had its core for only {:.0} % of the time: the rate is too low, the CPU \
             time is not",
            sender_share * 100.0
        ));
    }
    if received != frames_total {
        let (came, total) = (grouped(received), grouped(frames_total));
        report.fault(format!("{came} frames came of {total} sent"));
    }
    report
}

/// Counts what comes.
#[derive(Debug)]
struct Bucket {
    frames: u64,
    open: usize,
    heard_last: Moment,
}

impl Audience for Bucket {
    #[inline]
    fn handle_text(&mut self, _: usize, _: &[u8], now: Moment) {
        self.frames += 1;
        self.heard_last = now;
    }

    fn handle_end(&mut self, _: usize, _: End) {
        self.open -= 1;
    }
}
