//! The course of a storm, seen from the steady members' process: when the crowd is told to come
//! and to leave, when the server counts it in and out, and what stage it is meanwhile.

use std::collections::VecDeque;
use std::time::Duration;

use crate::cli::LeavingBy;
use crate::failure::Failure;
use crate::load::connection::End;
use crate::load::guests::{Guests, Scene, Slots};
use crate::measure::meter::ServerMeter;
use crate::measure::moment::{Clock, Moment};
use crate::measure::own_delay::OwnDelay;
use crate::measure::stages::Stages;
use crate::process::child::Other;
use crate::process::talk;
use crate::scenario::storm::census::Census;
use crate::scenario::storm::probes::Probes;
use crate::scenario::storm::words::{Answer, Arrival, Departure, Order};

/// How often the crowd and the census are listened to in a storm.
const LISTENING: Duration = Duration::from_millis(5);
/// How long the stage of leaving lasts where nobody counts.
const UNCOUNTED_SPAN: Duration = Duration::from_secs(1);

/// What goes on.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Nothing but the steady members' talk.
    Calm,
    /// The crowd comes.
    Coming,
    /// It leaves.
    Leaving,
}

impl Stage {
    /// All, in the order of their numbers.
    pub(super) const ALL: [Self; 3] = [Self::Calm, Self::Coming, Self::Leaving];

    /// How it is called in the report.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Coming => "they connect",
            Self::Leaving => "they leave",
        }
    }

    /// What the crowd does in it.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::Calm => "are there",
            Self::Coming => "connect",
            Self::Leaving => "leave",
        }
    }
}

/// What happens when.
#[derive(Copy, Clone, Debug)]
pub(super) struct Plan {
    /// How long it is calm before each storm.
    pub(super) calm: Duration,
    /// How long a storm may last.
    pub(super) storm_max: Duration,
    /// How the crowd leaves.
    pub(super) by: LeavingBy,
    /// How many connections the server has without the crowd and the probes.
    pub(super) steady: u64,
}

impl Plan {
    /// How long all of it takes.
    pub(super) fn duration(self) -> Duration {
        (self.calm + self.storm_max) * 2
    }
}

/// A stage that began, and what the server had spent by then.
#[derive(Copy, Clone, Debug)]
struct Turn {
    at: Moment,
    stage: Stage,
    server_cpu: Option<Duration>,
}

/// The crowd's process, the probes, and what is known of both.
#[derive(Debug)]
pub(super) struct Watch {
    plan: Plan,
    crowd: Other,
    census: Option<Census>,
    server: Option<ServerMeter>,
    pub(super) probes: Probes,
    own: OwnDelay,
    /// How late this process may itself have been, by stage.
    pub(super) own_delay: Stages,
    stage: Stage,
    turns: Vec<Turn>,
    /// Turns that the hall was not told yet.
    untold: VecDeque<(Moment, usize)>,
    begin: Moment,
    end: Moment,
    came_at: Option<Moment>,
    left_at: Option<Moment>,
    pub(super) arrival: Option<Arrival>,
    pub(super) departure: Option<Departure>,
    /// When the server had counted the crowd in, and out.
    counted_in: Option<Moment>,
    counted_out: Option<Moment>,
}

impl Watch {
    /// A storm to come; the crowd's process has said that it is ready.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(super) fn new(
        plan: Plan,
        crowd: Other,
        probes: Probes,
        census: Option<Census>,
        server: Option<ServerMeter>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            plan,
            crowd,
            census,
            server,
            probes,
            own: OwnDelay::begin(),
            own_delay: Stages::new(Stage::ALL.len())?,
            stage: Stage::Calm,
            turns: Vec::new(),
            untold: VecDeque::new(),
            begin: Moment::NEVER,
            end: Moment::NEVER,
            came_at: None,
            left_at: None,
            arrival: None,
            departure: None,
            counted_in: None,
            counted_out: None,
        })
    }

    /// Whether what this process waited for its core is in [`Watch::own_delay`].
    pub(super) fn knows_waiting(&self) -> bool {
        self.own.knows_waiting()
    }

    /// When the figures began to count.
    pub(super) fn begin(&self) -> Moment {
        self.begin
    }

    /// How long after its order the server counted all in; none if it never did, or was not asked.
    pub(super) fn counted_in_after(&self) -> Option<Duration> {
        Some(self.counted_in?.since(self.came_at?))
    }

    /// The same for out.
    pub(super) fn counted_out_after(&self) -> Option<Duration> {
        Some(self.counted_out?.since(self.left_at?))
    }

    /// Whether there is somebody who counts.
    pub(super) fn has_census(&self) -> bool {
        self.census.is_some()
    }

    /// When a stage was, each time.
    pub(super) fn spans_of(&self, stage: Stage) -> impl Iterator<Item = (Moment, Moment)> {
        let pairs = self.turns.windows(2).filter(move |pair| pair[0].stage == stage);
        pairs.map(|pair| (pair[0].at, pair[1].at))
    }

    /// The cores that the server was busy on in a stage; none where that was not read.
    pub(super) fn server_cores(&self, stage: Stage) -> Option<f64> {
        let pairs = self.turns.windows(2).filter(|pair| pair[0].stage == stage);
        let (mut spent, mut span) = (Duration::ZERO, Duration::ZERO);
        for pair in pairs {
            spent += pair[1].server_cpu?.saturating_sub(pair[0].server_cpu?);
            span += pair[1].at.since(pair[0].at);
        }
        (!span.is_zero()).then(|| spent.as_secs_f64() / span.as_secs_f64())
    }

    /// CPU time of the server in a stage; none where that was not read.
    pub(super) fn server_cpu(&self, stage: Stage) -> Option<Duration> {
        let span: Duration = self.spans_of(stage).map(|(from, to)| to.since(from)).sum();
        self.server_cores(stage).map(|cores| span.mul_f64(cores))
    }

    fn enter(&mut self, now: Moment, stage: Stage) -> Result<(), Failure> {
        let server_cpu = self.server.map(|server| server.cpu()).transpose()?;
        self.stage = stage;
        self.turns.push(Turn { at: now, stage, server_cpu });
        self.untold.push_back((now, stage as usize));
        self.probes.stages.turn_to(now, stage as usize);
        self.own_delay.turn_to(now, stage as usize);
        Ok(())
    }

    /// Hears what the crowd and the census have to say.
    fn hear(&mut self) -> Result<(), Failure> {
        // Killed on purpose, it has nothing more to say.
        let is_killed = self.left_at.is_some() && self.plan.by == LeavingBy::Kill;
        while !is_killed && let Some(line) = self.crowd.poll_line()? {
            match talk::read(&line)? {
                Answer::Ready => {}
                Answer::Came(arrival) => self.arrival = Some(arrival),
                Answer::Left(departure) => self.departure = Some(departure),
            }
        }
        while let Some((at, count)) = self.census.as_ref().and_then(Census::poll) {
            let steady = self.plan.steady;
            let probes = self.probes.under_way() as u64;
            if self.left_at.is_some() {
                if self.counted_out.is_none() && count <= steady + probes {
                    self.counted_out = Some(at);
                }
            } else if let Some(arrival) = &self.arrival
                && self.counted_in.is_none()
                && count >= steady + arrival.opened
            {
                self.counted_in = Some(at);
            }
        }
        Ok(())
    }

    fn is_in(&self) -> bool {
        self.arrival.is_some() && (self.census.is_none() || self.counted_in.is_some())
    }

    fn is_gone(&self, now: Moment) -> bool {
        if self.census.is_some() {
            return self.counted_out.is_some();
        }
        let told = self.departure.is_some() || self.plan.by == LeavingBy::Kill;
        told && self.left_at.is_some_and(|at| now.since(at) >= UNCOUNTED_SPAN)
    }

    /// Begins and ends the storms.
    fn turn(&mut self, now: Moment) -> Result<(), Failure> {
        let come_at = self.begin.after(self.plan.calm);
        let leave_at = come_at.after(self.plan.storm_max).after(self.plan.calm);
        match self.stage {
            Stage::Calm if self.came_at.is_none() && now >= come_at && now < self.end => {
                self.enter(now, Stage::Coming)?;
                self.came_at = Some(now);
                self.crowd.say(&talk::line(&Order::Come)?)
            }
            Stage::Calm if self.left_at.is_none() && now >= leave_at && now < self.end => {
                self.enter(now, Stage::Leaving)?;
                self.left_at = Some(now);
                match self.plan.by {
                    LeavingBy::Kill => {
                        self.crowd.kill();
                        Ok(())
                    }
                    by => self.crowd.say(&talk::line(&Order::Leave(by))?),
                }
            }
            Stage::Coming if self.is_in() || now >= leave_at => self.enter(now, Stage::Calm),
            Stage::Leaving if self.is_gone(now) => self.enter(now, Stage::Calm),
            _ => Ok(()),
        }
    }
}

impl Guests for Watch {
    fn act(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<(), Failure> {
        let own = self.own.since_last_look();
        if scene.now >= self.begin {
            self.own_delay.record(scene.now, own.as_nanos() as u64);
        }
        self.hear()?;
        self.turn(scene.now)?;
        self.probes.act(scene, slots)
    }

    fn finish(&mut self, _: Scene<'_>, slots: &mut Slots<'_>) -> Result<bool, Failure> {
        self.hear()?;
        Ok(self.probes.finish(slots))
    }

    fn next_due(&self) -> Moment {
        let listening = match self.stage {
            Stage::Calm => Moment::NEVER,
            Stage::Coming | Stage::Leaving => Clock.now().after(LISTENING),
        };
        self.probes.next_due().min(listening)
    }

    fn handle_span(&mut self, from: Moment, to: Moment) -> Result<(), Failure> {
        (self.begin, self.end) = (from, to);
        self.probes.count_within(from, to)
    }

    fn handle_mark(&mut self) -> Result<(), Failure> {
        let now = if self.turns.is_empty() { self.begin } else { self.end };
        self.enter(now, Stage::Calm)
    }

    fn poll_stage(&mut self) -> Option<(Moment, usize)> {
        self.untold.pop_front()
    }

    fn handle_open(&mut self, guest: usize, _: Duration, scene: Scene<'_>) {
        self.probes.handle_open(guest, scene.now);
    }

    fn handle_text(&mut self, _: usize, _: &[u8], _: Scene<'_>) {}

    fn handle_end(&mut self, guest: usize, end: End, scene: Scene<'_>) {
        self.probes.handle_end(guest, &end, scene.now);
    }
}
