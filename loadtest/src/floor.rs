//! `floor`: what a send costs that carries frames built beforehand; the bare limit of a machine.
//!
//! Two processes of this program: one sends, on the server's core; this one receives, with the
//! same loop as in every other scenario.

use std::time::Duration;

use serde_json::Value;

use crate::child::Other;
use crate::cli::{FloorArgs, FloorSending, Pace};
use crate::connection::{Audience, End};
use crate::failure::Failure;
use crate::figure::{Figure, grouped};
use crate::meter;
use crate::moment::Moment;
use crate::progress::Progress;
use crate::report::Report;
use crate::swarm::Swarm;
use crate::target::Target;

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
    let sockets = args.sending.sockets as usize;
    let mut sender = Other::start(&arguments(args))?;
    let target = Target::parse(&format!("ws://{}", sender.address))?;
    let mut swarm = Swarm::new(target, sockets)?;
    swarm.open_all(std::iter::repeat_n(Vec::new(), sockets))?;
    sender.hear()?;
    sender.say("go")?;

    let mut bucket = Bucket { frames: 0, open: sockets, heard_last: swarm.clock().now() };
    let own = receive(&args.sending, &mut swarm, &mut bucket)?;
    let result: Value = serde_json::from_str(&sender.hear()?)
        .map_err(Failure::while_doing("the sender's figures"))?;
    Ok(report(args, &result, &bucket, own))
}

/// Reads until the sender has ended every socket; the generator's share of its core meanwhile.
fn receive(sending: &FloorSending, swarm: &mut Swarm, bucket: &mut Bucket) -> Result<f64, Failure> {
    let mut progress = Progress::new();
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
    let FloorSending { sockets, frames_per_send, rate, bytes, warmup, duration } = &args.sending;
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
    arguments.extend(args.server_core.map(|core| format!("--core={core}")));
    arguments
}

fn report(args: &FloorArgs, result: &Value, bucket: &Bucket, own: f64) -> Report {
    let FloorSending { sockets, frames_per_send, rate, bytes, .. } = &args.sending;
    let pace = match rate {
        Pace::FlatOut => "flat out".to_owned(),
        Pace::Rounds(rounds) => format!("{rounds} rounds/s"),
    };
    let sockets = grouped(u64::from(*sockets));
    let what = format!("{sockets} sockets, {frames_per_send} × {bytes} bytes a send(), {pace}");
    let count = |name: &str| result[name].as_u64().unwrap_or(0);
    let number = |name: &str| result[name].as_f64().unwrap_or(0.0);
    let (frames, calls, total) = (count("frames"), count("calls"), count("frames_total"));
    let (cpu, seconds) = (number("cpu_seconds"), number("seconds").max(1e-9));
    let spent = Duration::from_secs_f64(cpu.max(0.0));

    let mut report = Report::new("floor", what);
    report.add("sent", Figure::Count(total));
    report.add("delivered", Figure::Count(bucket.frames));
    report.add("rate", Figure::PerSecond(frames as f64 / seconds));
    report.add_some("sender_cpu_a_delivery", Figure::cpu_each(spent, frames));
    report.add_some("sender_cpu_a_send", Figure::cpu_each(spent, calls));
    report.add("sender", Figure::Share(cpu / seconds));
    report.add("refused_sends", Figure::Count(count("refused")));
    // A sender that had all of its core was the limit, however busy the receiver was.
    if cpu / seconds < SENDER_SHARE_MIN {
        report.add_generator_share(own);
    } else {
        report.add("generator", Figure::Share(own));
    }
    if args.sending.rate == Pace::FlatOut && cpu / seconds < SENDER_SHARE_MIN {
        report.remark(format!(
            "the sender had its core for only {:.0} % of the time: the rate is too low, the CPU \
             time is not",
            cpu / seconds * 100.0
        ));
    }
    if bucket.frames != total {
        let (came, total) = (grouped(bucket.frames), grouped(total));
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
