//! `presence`: a crowd joins one room and asks who comes and goes; what all of it is told, what that
//! costs the server, and whether others' chat waits for it.
//!
//! Each size comes twice: first nobody asks, which is what the joins themselves cost.

use std::time::Duration;

use crate::cli::{self, HandedTarget, PresenceArgs};
use crate::failure::Failure;
use crate::load::dialect::Dialect;
use crate::load::seating::Seating;
use crate::load::step::{Hopeless, Step, StepFigures};
use crate::load::target::Target;
use crate::load::world::World;
use crate::measure::machine;
use crate::measure::meter::ServerMeter;
use crate::process::child::Other;
use crate::process::talk;
use crate::report::Report;
use crate::report::figure::{Figure, grouped};
use crate::report::progress::Progress;
use crate::report::table::Table;
use crate::scenario::fanout;
use crate::scenario::presence::bound::Bound;
use crate::scenario::presence::watch::Watch;
use crate::scenario::presence::words::{Answer, Move, Order, Told};

mod bound;
pub(crate) mod crowd;
mod ears;
mod watch;
mod words;

/// How long it is waited for numbers behind the last who comes or goes: they come once a second.
const TELLING: Duration = Duration::from_secs(3);
/// How long the chat runs before the first crowd comes.
const WARMUP: Duration = Duration::from_millis(500);
/// How long the crowd's answer is waited for, and the chat's last words.
const WAIT: Duration = Duration::from_mins(2);
/// Bytes of content in a chat message.
const CONTENT_BYTES: usize = 128;

const COLUMNS: [&str; 14] = [
    "crowd",
    "they",
    "asking",
    "over",
    "took",
    "counts",
    "names",
    "frames_each",
    "bytes_each",
    "last_told_after",
    "server_cpu",
    "chat_p50",
    "chat_max",
    "generator_late_max",
];

/// Measures and judges.
///
/// # Errors
/// If the sizes make no sense, a server is not there, or it does not take the chatting members in.
pub(crate) fn run(args: &PresenceArgs, load_cores: &[usize]) -> Result<Report, Failure> {
    let seating = shape(args)?;
    let token = args.token.as_deref();
    let targets = args.url.iter().map(|url| cli::find_target(url, args.dialect, token, None));
    let targets = targets.collect::<Result<Vec<Target>, Failure>>()?;
    let servers = args.pid.iter().map(|&pid| ServerMeter::new(pid));
    let servers = servers.collect::<Result<Vec<_>, _>>()?;
    let mut world = World::open_for(0, targets[0].clone(), seating, CONTENT_BYTES, None)?;
    let mut run = Run {
        args,
        targets: &targets,
        servers: &servers,
        cores: load_cores,
        progress: Progress::new(),
        table: Table::new("presence", &COLUMNS),
        faults: Vec::new(),
        last: None,
        room: args.rooms,
    };
    for &spread in &args.spread {
        for &size in &args.sizes {
            for asking in [false, true] {
                if asking || !args.only_asking {
                    run.measure(&mut world, Crowd { size, spread, asking })?;
                }
            }
        }
    }
    world.close()?;
    let mut report = Report::new("presence", describe(args, seating));
    if let Some(figures) = &run.last {
        fanout::add_counts(&mut report, figures);
        report.add_generator_share(figures.generator_share);
        fanout::add_faults(&mut report, figures);
    }
    report.add_table(run.table);
    for fault in run.faults {
        report.fault(fault);
    }
    Ok(report)
}

/// One crowd of a size.
#[derive(Copy, Clone, Debug)]
struct Crowd {
    size: u32,
    spread: Duration,
    asking: bool,
}

/// What all crowds have in common, and what they found.
struct Run<'a> {
    args: &'a PresenceArgs,
    targets: &'a [Target],
    servers: &'a [ServerMeter],
    cores: &'a [usize],
    progress: Progress,
    table: Table,
    faults: Vec<String>,
    /// Of the chat, from the beginning on.
    last: Option<StepFigures>,
    /// The number of the next crowd's room.
    room: u32,
}

impl Run<'_> {
    /// A crowd comes, and goes.
    fn measure(&mut self, world: &mut World, crowd: Crowd) -> Result<(), Failure> {
        let mut process = self.start(crowd)?;
        self.room += 1;
        self.stage(world, &mut process, crowd, (Order::Come(crowd.spread), TELLING))?;
        self.stage(world, &mut process, crowd, (Order::Leave, self.args.grace + TELLING))
    }

    fn stage(
        &mut self,
        world: &mut World,
        process: &mut Other,
        crowd: Crowd,
        (order, telling): (Order, Duration),
    ) -> Result<(), Failure> {
        let mut watch = Watch::new(process, order, telling, self.servers);
        let duration = match order {
            Order::Come(spread) => spread + telling,
            Order::Leave | Order::Tell => telling,
        };
        let hopeless = Hopeless::GoOn;
        let step = Step { rate: self.args.rate, warmup: WARMUP, duration, wait: WAIT, hopeless };
        let figures = world.run_with(&mut watch, step, &mut self.progress)?;
        let server_cpu = watch.server_cpu();
        let (late, moved, told) = (watch.late_max, watch.moved, watch.told);
        let Some((moved, told)) = moved.zip(told) else {
            return Err(Failure::new(format!("{}: no answer in time", words(crowd, order))));
        };
        self.judge(crowd, order, &moved, &told, moved.took + telling);
        let latency = |quantile| {
            let nanoseconds = figures.latency.value_at_quantile(quantile);
            Some(Figure::Latency(Duration::from_nanos(nanoseconds)))
        };
        let frames = told.counts + told.names;
        let hearers = u64::from(crowd.size);
        let each = |sum: u64| crowd.asking.then(|| Figure::Bytes(sum as f64 / hearers as f64));
        let frames_each = frames as f64 / hearers as f64;
        self.table.add(vec![
            Some(Figure::Count(crowd.size.into())),
            Some(Figure::Words(if matches!(order, Order::Leave) { "go" } else { "come" })),
            Some(Figure::Words(if crowd.asking { "all" } else { "nobody" })),
            Some(Figure::Latency(crowd.spread)).filter(|_| !matches!(order, Order::Leave)),
            Some(Figure::Latency(moved.took)),
            crowd.asking.then_some(Figure::Count(told.counts)),
            crowd.asking.then_some(Figure::Count(told.names)),
            crowd.asking.then_some(Figure::Ratio(frames_each)),
            each(told.bytes),
            (frames > 0).then_some(Figure::Latency(told.last_after)),
            server_cpu.map(Figure::Latency),
            latency(0.5),
            latency(1.0),
            Some(Figure::Latency(late)),
        ]);
        self.last = Some(figures);
        Ok(())
    }

    fn judge(&mut self, crowd: Crowd, order: Order, moved: &Move, told: &Told, span: Duration) {
        let stay = self.args.stay.min(crowd.size);
        let owed = match order {
            Order::Leave => stay,
            _ => crowd.size,
        } + self.args.bystanders;
        let bound = Bound {
            names_max: u64::from(self.args.names_max),
            hearers: u64::from(crowd.size),
            span,
        };
        let mut faults = Vec::new();
        if moved.inside != u64::from(owed) {
            faults.push(format!("{} are in, and not {owed}", grouped(moved.inside)));
        }
        if told.ended > 0 {
            let first = told.first_end.as_deref().unwrap_or_default();
            faults.push(format!("{} failed or ended, the first: {first}", grouped(told.ended)));
        }
        if told.unasked > 0 {
            let count = grouped(told.unasked);
            faults.push(format!("{count} frames to members that did not ask"));
        }
        if told.wrong > 0 {
            faults.push(format!("{} believe in a wrong number of members", grouped(told.wrong)));
        }
        faults.extend(crowd.asking.then(|| self.untold(crowd, order, told)).flatten());
        faults.extend(bound.excess(told));
        self.faults.extend(faults.iter().map(|fault| format!("{}: {fault}", words(crowd, order))));
    }

    /// What some were not told who asked, in words: above the bound of names each is told a number,
    /// below it who stays is told of each who goes.
    fn untold(&self, crowd: Crowd, order: Order, told: &Told) -> Option<String> {
        if crowd.size + self.args.bystanders > self.args.names_max {
            let count = grouped(told.untold);
            let some = format!("{count} who asked were never told how many are there");
            return (told.untold > 0).then_some(some);
        }
        let stay = self.args.stay.min(crowd.size);
        let owed = u64::from(stay) * u64::from(crowd.size - stay);
        let (names, due) = (grouped(told.names), grouped(owed));
        let few = format!("{names} frames about one person, and {due} are owed to those who stay");
        (matches!(order, Order::Leave) && told.names < owed).then_some(few)
    }

    /// The crowd's process, once its sockets are there.
    fn start(&self, crowd: Crowd) -> Result<Other, Failure> {
        let count = crowd.size + self.args.bystanders;
        let mut arguments = vec![
            "presence-crowd".to_owned(),
            format!("--room={}", self.room),
            format!("--count={count}"),
            format!("--bystanders={}", self.args.bystanders),
            format!("--stay={}", self.args.stay.min(crowd.size)),
        ];
        arguments.extend(crowd.asking.then(|| "--asking".to_owned()));
        arguments.extend(HandedTarget::options_for(&self.targets[0]));
        let others = self.targets[1..].iter();
        arguments.extend(others.map(|target| format!("--other={}", target.url())));
        // The second core, or the only one, which it shares.
        let core = self.cores.get(1).or(self.cores.first());
        arguments.extend(core.map(|core| format!("--load-core={core}")));
        let process = Other::start("the crowd's process", &arguments)?;
        match talk::read(&process.hear()?)? {
            Answer::Ready => Ok(process),
            _ => Err(Failure::new("the crowd's process answered what it was not asked")),
        }
    }
}

/// Which crowd, and what it did.
fn words(crowd: Crowd, order: Order) -> String {
    let verb = if matches!(order, Order::Leave) { "go" } else { "come" };
    let asking = if crowd.asking { "who ask" } else { "who do not ask" };
    format!("{} {asking} {verb}", grouped(crowd.size.into()))
}

fn describe(args: &PresenceArgs, seating: Seating) -> String {
    format!(
        "{} at {} messages/s, crowds of up to {} in a room of their own on {} pods",
        fanout::describe(seating),
        args.rate,
        grouped(args.sizes.iter().copied().max().unwrap_or(0).into()),
        args.url.len(),
    )
}

/// The chatting members, after making sure that descriptors and rates allow it all.
fn shape(args: &PresenceArgs) -> Result<Seating, Failure> {
    cli::require_rate("--rate", args.rate)?;
    if matches!(args.dialect, Dialect::SocketIo | Dialect::Nats) {
        return Err(Failure::new("presence takes a server that speaks as Stentor does"));
    }
    let seating = Seating {
        rooms: args.rooms as usize,
        members: args.members as usize,
        talkers: 1,
        rooms_per_connection: 1,
    }
    .check()?;
    machine::require_descriptors(seating.connections())?;
    let largest = args.sizes.iter().copied().max().unwrap_or(0);
    machine::require_descriptors((largest + args.bystanders) as usize)?;
    Ok(seating)
}
