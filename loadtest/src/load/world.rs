//! Rooms full of connections, shared out over one process or several, under one schedule.

use std::time::Duration;

use crate::failure::Failure;
use crate::load::crew::{Crew, Processes};
use crate::load::order::{Answer, Order, Start};
use crate::load::part::{Part, Plan};
use crate::load::seating::Seating;
use crate::load::step::{Step, StepFigures};
use crate::load::target::Target;
use crate::measure::meter::ServerMeter;
use crate::measure::timeline::Timeline;
use crate::report::progress::Progress;
use crate::verdict::stamp::RunId;

/// How long before its first message a step is told to the other processes.
const NOTICE: Duration = Duration::from_millis(50);

/// The rooms and the processes whose connections are in them.
#[derive(Debug)]
pub(crate) struct World {
    part: Part,
    crew: Crew,
    /// The turn that the next step begins with: they go round all talkers.
    turn: u64,
}

impl World {
    /// Opens all connections in this process, each in the rooms that it was dealt.
    ///
    /// # Errors
    /// If the descriptor limit or the server does not allow them all.
    pub(crate) fn open(
        target: Target,
        seating: Seating,
        content_bytes: usize,
        server: Option<ServerMeter>,
    ) -> Result<Self, Failure> {
        Self::open_in(Processes::ONE, target, seating, content_bytes, server)
    }

    /// Opens all connections, an equal share of them in each process.
    ///
    /// # Errors
    /// If a process does not start, or the descriptor limit or the server does not allow them all.
    pub(crate) fn open_in(
        processes: Processes<'_>,
        target: Target,
        seating: Seating,
        content_bytes: usize,
        server: Option<ServerMeter>,
    ) -> Result<Self, Failure> {
        let run = fastrand::u32(..);
        let crew = Crew::start(processes, &target, seating, content_bytes, run)?;
        let plan =
            Plan { seating, content_bytes, run: RunId::new(run), part: 0, parts: processes.count };
        let part = Part::open(target, plan, server)?;
        let mut world = Self { part, crew, turn: 0 };
        world.hear_all()?;
        Ok(world)
    }

    /// Lets steps record latency over time too: a second histogram, which at 1.5 million
    /// deliveries/s is lost in the noise.
    pub(crate) fn keep_timeline(&mut self) {
        self.part.keep_timeline();
    }

    /// Latency over time of the last step, at the connections of this process; none if it was not
    /// to be kept.
    pub(crate) fn take_timeline(&mut self) -> Option<Timeline> {
        self.part.take_timeline()
    }

    /// Leaves with all connections, politely.
    ///
    /// # Errors
    /// If the event loop is broken, or another process is gone.
    pub(crate) fn close(self) -> Result<(), Failure> {
        let Self { mut part, mut crew, .. } = self;
        if crew.is_empty() {
            return part.close();
        }
        crew.tell(&Order::Leave)?;
        part.read_until(|| crew.poll_all())?;
        part.close()
    }

    /// Sends at the step's rate, waits for what is outstanding, and judges.
    ///
    /// # Errors
    /// If the server's process is gone, or another one of the load is, or the event loop is broken.
    pub(crate) fn run(&mut self, step: Step, bar: &mut Progress) -> Result<StepFigures, Failure> {
        let notice = if self.crew.is_empty() { Duration::ZERO } else { NOTICE };
        let start = Start { begin: self.part.now().after(notice), turn: self.turn };
        self.turn += (step.rate * (step.warmup + step.duration).as_secs_f64()).ceil() as u64;

        self.crew.tell(&Order::Step(step, start))?;
        let crew = &mut self.crew;
        self.part.talk(&step, start, bar, &mut || crew.poll())?;
        let mut sent = self.part.said();
        for answer in self.hear_all()? {
            let Answer::Talked(said) = answer else { return Err(out_of_turn()) };
            sent.iter_mut().zip(said).for_each(|(sum, said)| *sum += said);
        }

        self.crew.tell(&Order::Judge(sent.clone()))?;
        self.part.wait_for_outstanding(&sent, bar)?;
        bar.clear();
        let mut figures = self.part.judge(&sent)?;
        for answer in self.hear_all()? {
            let Answer::Judged(other) = answer else { return Err(out_of_turn()) };
            figures.add(*other)?;
        }
        Ok(figures)
    }

    /// Waits for the others' answers, and reads what comes meanwhile.
    fn hear_all(&mut self) -> Result<Vec<Answer>, Failure> {
        let crew = &mut self.crew;
        if crew.is_empty() {
            return Ok(Vec::new());
        }
        self.part.read_until(|| crew.poll_all())
    }
}

fn out_of_turn() -> Failure {
    Failure::new("a load process answered what it was not asked")
}
