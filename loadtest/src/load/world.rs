//! Rooms full of connections, shared out over one process or several, under one schedule.

use std::time::Duration;

use crate::failure::Failure;
use crate::load::crew::{Crew, Processes};
use crate::load::guests::{Guests, NoGuests};
use crate::load::order::{Answer, Order, Start};
use crate::load::part::{Part, Plan};
use crate::load::seating::Seating;
use crate::load::step::{Step, StepFigures};
use crate::load::swarm::Call;
use crate::load::target::Target;
use crate::measure::meter::ServerMeter;
use crate::measure::moment::Moment;
use crate::measure::stages::Stages;
use crate::measure::timeline::{FINE_SLICES_OF_A_SPAN, SLICES_OF_A_SPAN, Timeline};
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
        Self::open_for(0, target, seating, content_bytes, server)
    }

    /// Opens the connections of the steady members, with room for so many guests beside them. All
    /// are in this process: guests see what the talkers have said as it is said.
    ///
    /// # Errors
    /// If the descriptor limit or the server does not allow them all.
    pub(crate) fn open_for(
        guests: usize,
        target: Target,
        seating: Seating,
        content_bytes: usize,
        server: Option<ServerMeter>,
    ) -> Result<Self, Failure> {
        let run = RunId::new(fastrand::u32(..));
        let plan = Plan { seating, content_bytes, run, part: 0, parts: 1, guests };
        let part = Part::open(target, plan, server)?;
        Ok(Self { part, crew: Crew::default(), turn: 0 })
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
        let (run, parts) = (RunId::new(run), processes.count);
        let plan = Plan { seating, content_bytes, run, part: 0, parts, guests: 0 };
        let part = Part::open(target, plan, server)?;
        let mut world = Self { part, crew, turn: 0 };
        world.hear_all()?;
        Ok(world)
    }

    /// Opens the connections of guests `first` and on, before anything is said.
    ///
    /// # Errors
    /// If a server does not take one in.
    pub(crate) fn admit(
        &mut self,
        first: usize,
        calls: impl Iterator<Item = Call>,
    ) -> Result<(), Failure> {
        self.part.admit(first, calls)
    }

    /// What the clock shows.
    pub(crate) fn now(&self) -> Moment {
        self.part.now()
    }

    /// What tells this world's messages from others.
    pub(crate) fn run_id(&self) -> RunId {
        self.part.run_id()
    }

    /// The last message that each talker has said, 0 for one of another process.
    pub(crate) fn said(&self) -> &[u32] {
        self.part.said()
    }

    /// Lets steps record latency over time too: a second histogram, which at 1.5 million
    /// deliveries/s is lost in the noise.
    pub(crate) fn keep_timeline(&mut self) {
        self.part.keep_timeline(SLICES_OF_A_SPAN);
    }

    /// The same in slices that show what lasts a tenth of a second.
    pub(crate) fn keep_fine_timeline(&mut self) {
        self.part.keep_timeline(FINE_SLICES_OF_A_SPAN);
    }

    /// Lets latencies be told apart by so many stages, which the guests turn to.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(crate) fn keep_stages(&mut self, count: usize) -> Result<(), Failure> {
        self.part.keep_stages(count)
    }

    /// Latencies by stage; none if they were not to be kept.
    pub(crate) fn take_stages(&mut self) -> Option<Stages> {
        self.part.take_stages()
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
        self.run_with(&mut NoGuests, step, bar)
    }

    /// The same with guests, who are no part of the figures.
    ///
    /// # Errors
    /// As [`World::run`], or what a guest could not do.
    pub(crate) fn run_with<G: Guests>(
        &mut self,
        guests: &mut G,
        step: Step,
        bar: &mut Progress,
    ) -> Result<StepFigures, Failure> {
        let notice = if self.crew.is_empty() { Duration::ZERO } else { NOTICE };
        let start = Start { begin: self.part.now().after(notice), turn: self.turn };
        self.turn += (step.rate * (step.warmup + step.duration).as_secs_f64()).ceil() as u64;

        self.crew.tell(&Order::Step(step, start))?;
        let crew = &mut self.crew;
        self.part.talk(guests, &step, start, bar, &mut || crew.poll())?;
        let mut sent = self.part.said().to_vec();
        for answer in self.hear_all()? {
            let Answer::Talked(said) = answer else { return Err(out_of_turn()) };
            sent.iter_mut().zip(said).for_each(|(sum, said)| *sum += said);
        }

        self.crew.tell(&Order::Judge(sent.clone()))?;
        self.part.wait_for_outstanding(guests, &sent, bar)?;
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
