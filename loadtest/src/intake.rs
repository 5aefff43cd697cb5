//! `intake`: how many deliveries a second the swarm takes in and audits; the generator's own limit.
//!
//! Two processes of this program: one feeds every member the same tape, on the server's core; this
//! one hears it with the loop and the judge of every other scenario. Before that it hears the same
//! bytes from memory, which is the swarm's own part, and reads them from sockets without looking at
//! them, which is the kernel's.

pub(crate) mod feeder;
mod listening;
pub(crate) mod memory;
pub(crate) mod tape;

use std::time::Duration;

use serde_json::Value;

use crate::cli::{FeedingBy, IntakeArgs};
use crate::failure::Failure;
use crate::intake::listening::{Deaf, Ears, Listening};
use crate::intake::tape::Tape;
use crate::load::dialect::Opening;
use crate::load::swarm::{SCRATCH_BYTES, Swarm};
use crate::load::target::Target;
use crate::measure::meter;
use crate::measure::moment::{Clock, Moment};
use crate::process::child::Other;
use crate::report::Report;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::verdict::auditor::Losses;

/// How long the receiver waits for the next frame before it gives up.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// A swarm that was busy for less of the time was not at its limit.
const SWARM_SHARE_MIN: f64 = 0.9;

/// Measures, and judges what came.
///
/// # Errors
/// If the second process cannot be started, a core is not there, or sockets run out.
pub(crate) fn run(args: &IntakeArgs) -> Result<Report, Failure> {
    let seating = tape::seating(&args.feeding)?;
    let (run, begin) = (fastrand::u32(..), Clock.now());
    let tape = Tape::record(&args.feeding, run, begin)?;
    let said = tape::said(&args.feeding);
    let mut progress = Progress::new();

    let mut ears = Ears::new(seating, run);
    let frames = args.feeding.frames_per_send as usize;
    let frames = frames.min(SCRATCH_BYTES / tape.frame_bytes).max(1);
    let bytes_a_read = frames * tape.frame_bytes;
    let cpu = memory::hear(&tape, seating.members, bytes_a_read, &mut ears, &mut progress)?;
    let from_memory = Intake { cpu, took: cpu, ears };
    let mut deaf = Deaf::default();
    let bare = hear(args, &mut deaf, (run, begin), &mut progress)?;
    let mut ears = Ears::new(seating, run);
    let Fed { fed_cpu, fed_took, cpu, took } = hear(args, &mut ears, (run, begin), &mut progress)?;
    let from_sockets = Intake { cpu, took, ears };

    let mut report = Report::new("intake", describe(args, &tape));
    from_memory.add_to("from_memory", &said, &mut report);
    from_sockets.add_to("through_sockets", &said, &mut report);
    let a_core = 1.0 / from_sockets.cpu_each().as_secs_f64().max(1e-12);
    report.add("through_sockets_rate_of_a_core", Figure::PerSecond(a_core));
    let bare_each = bare.cpu.div_f64((deaf.bytes / tape.frame_bytes as u64).max(1) as f64);
    report.add("bare_reads_cpu_a_delivery", Figure::CpuEach(bare_each));
    let ratio = from_sockets.cpu_each().as_secs_f64() / bare_each.as_secs_f64().max(1e-12);
    report.add("of_the_bare_reads", Figure::Ratio(ratio));
    let (deliveries, reads) = (from_sockets.delivered(), from_sockets.ears.reads);
    report.add("deliveries_a_read", Figure::Count(deliveries / reads.max(1)));
    let share = |cpu: Duration, took: Duration| cpu.as_secs_f64() / took.as_secs_f64().max(1e-9);
    let swarm_share = share(from_sockets.cpu, from_sockets.took);
    report.add("swarm", Figure::Share(swarm_share));
    report.add("feeder", Figure::Share(share(fed_cpu, fed_took)));
    report.add_some("feeder_cpu_a_delivery", Figure::cpu_each(fed_cpu, deliveries));
    if swarm_share < SWARM_SHARE_MIN {
        report.remark(format!(
            "the swarm was busy for only {:.0} % of the time: it was kept from its core, or the \
             feeder was the limit. The rate is too low, the CPU time is not",
            swarm_share * 100.0
        ));
    }
    Ok(report)
}

fn describe(args: &IntakeArgs, tape: &Tape) -> String {
    let feeding = &args.feeding;
    let by = match feeding.by {
        FeedingBy::Sendfile => "sendfile()",
        FeedingBy::Write => "write()",
    };
    format!(
        "{} members, {} talking, {} messages, {} × {} bytes a {by}, flat out",
        grouped(feeding.members.into()),
        grouped(feeding.talkers.into()),
        grouped(feeding.messages.into()),
        feeding.frames_per_send,
        tape.frame_bytes,
    )
}

/// What it took to feed an audience, and to hear for it.
struct Fed {
    fed_cpu: Duration,
    fed_took: Duration,
    cpu: Duration,
    took: Duration,
}

/// Lets the second process feed, and hears until all have had everything.
fn hear<L: Listening>(
    args: &IntakeArgs,
    listening: &mut L,
    (run, begin): (u32, Moment),
    progress: &mut Progress,
) -> Result<Fed, Failure> {
    let members = args.feeding.members as usize;
    let mut arguments =
        vec!["intake-feeder".to_owned(), format!("--run={run}"), format!("--begin={}", begin.0)];
    arguments.extend(args.feeding.options());
    arguments.extend(args.server_core.map(|core| format!("--core={core}")));
    let mut feeder = Other::start("the feeder", &arguments)?;
    let target = Target::parse(&format!("ws://{}", feeder.hear_address()?))?;
    let mut swarm = Swarm::new(target, members)?;
    swarm.open_all(std::iter::repeat_with(Opening::default).take(members))?;
    feeder.hear()?;

    let (clock, cpu_before) = (swarm.clock(), meter::own_cpu());
    let first = clock.now();
    feeder.say("go")?;
    while listening.ended() < members {
        swarm.wait(Moment::NEVER)?;
        while swarm.handle_next(listening) {}
        let now = clock.now();
        if now.since(listening.heard_last().max(first)) > SILENCE_MAX {
            return Err(Failure::new("the feeder fell silent"));
        }
        progress.show(|| {
            let (ended, seconds) = (listening.ended(), now.since(first).as_secs_f64());
            format!("{ended} of {members} members have all, {seconds:.0} s")
        });
    }
    progress.clear();
    let (cpu, took) = (meter::own_cpu() - cpu_before, listening.heard_last().since(first));
    let result: Value = serde_json::from_str(&feeder.hear()?)
        .map_err(Failure::while_doing("the feeder's figures"))?;
    let span = |name: &str| {
        let seconds = result[name].as_f64().unwrap_or(0.0);
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    };
    Ok(Fed { fed_cpu: span("cpu_seconds"), fed_took: span("seconds"), cpu, took })
}

/// What was heard one way, and what it took.
struct Intake {
    cpu: Duration,
    took: Duration,
    ears: Ears,
}

impl Intake {
    fn delivered(&self) -> u64 {
        self.ears.hall.auditor.tally().delivered
    }

    fn cpu_each(&self) -> Duration {
        self.cpu.div_f64(self.delivered().max(1) as f64)
    }

    /// Adds the figures and the faults of this way.
    fn add_to(&self, way: &str, said: &[u32], report: &mut Report) {
        let Losses { count, named } = self.ears.hall.auditor.close(said);
        let tally = self.ears.hall.auditor.tally();
        let rate = self.delivered() as f64 / self.took.as_secs_f64().max(1e-9);
        report.add(format!("{way}_delivered"), Figure::Count(tally.delivered));
        report.add(format!("{way}_rate"), Figure::PerSecond(rate));
        let each = Figure::cpu_each(self.cpu, tally.delivered);
        report.add_some(format!("{way}_cpu_a_delivery"), each);
        let counts = [
            (count, "deliveries lost"),
            (tally.duplicated, "deliveries doubled"),
            (tally.reordered, "deliveries out of order"),
            (tally.misrouted, "deliveries to the wrong room"),
            (self.ears.hall.errors + self.ears.hall.strange, "messages that nobody sent"),
        ];
        let way = way.replace('_', " ");
        for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
            report.fault(format!("{way}: {} {what}", grouped(count)));
        }
        for named in self.ears.hall.auditor.named().iter().chain(&named) {
            report.fault(format!("{way}: {named}"));
        }
    }
}
