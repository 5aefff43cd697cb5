//! The part of the load that one process makes: its connections, its talkers, and its judge.
//!
//! Knows of other processes only how many there are: each deals out the seats and the turns in the
//! same way, and is told at the end how much everybody said.

use std::time::Duration;

use crate::failure::Failure;
use crate::load::client_frame::ChatTemplate;
use crate::load::guests::{Ears, Guests, Scene, Slots};
use crate::load::order::Start;
use crate::load::schedule::Schedule;
use crate::load::seating::{SeatMap, Seating};
use crate::load::share::Share;
use crate::load::step::{Hopeless, Step, StepFigures};
use crate::load::swarm::{Call, Swarm};
use crate::load::talkers::Talkers;
use crate::load::target::Target;
use crate::measure::meter::{self, ServerMeter};
use crate::measure::moment::Moment;
use crate::measure::stages::Stages;
use crate::measure::timeline::Timeline;
use crate::report::progress::Progress;
use crate::verdict::hall::Hall;
use crate::verdict::stamp::RunId;

/// How late a message may be while deliveries are read; then it goes first.
const LATE_MAX: Duration = Duration::from_micros(100);
/// Where a hopeless step may be cut short: when the generator, or the server, is so far behind.
const BEHIND_MAX: Duration = Duration::from_secs(1);
/// How long a silence ends the wait for what is outstanding once a member is gone.
const SILENCE_MAX: Duration = Duration::from_millis(500);
/// How often another process is listened to while nothing else happens.
const LISTENING: Duration = Duration::from_millis(5);

/// What all processes of a load know.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Plan {
    /// The rooms of all processes.
    pub(crate) seating: Seating,
    /// Bytes of content in a message.
    pub(crate) content_bytes: usize,
    /// The run that the messages of all belong to.
    pub(crate) run: RunId,
    /// Which process this is, from 0.
    pub(crate) part: usize,
    /// How many there are.
    pub(crate) parts: usize,
    /// How many guests there may be beside the connections of this process; they take a load of
    /// one process.
    pub(crate) guests: usize,
}

/// The share of the connections, and who of them has said how much.
#[derive(Debug)]
pub(crate) struct Part {
    plan: Plan,
    share: Share,
    swarm: Swarm,
    hall: Hall,
    server: Option<ServerMeter>,
    talkers: Talkers,
    /// How many of each room's members are ours.
    own_members: Box<[u32]>,
    /// Messages sent before this step.
    sent_before: u64,
    /// Deliveries that everything said before this step adds up to, at our connections.
    owed_before: u64,
    /// In how many slices steps record latency over time; none if they do not.
    timeline_slices: Option<u32>,
    /// What the last step was, and what it showed.
    spoken: Option<Spoken>,
}

/// A step that was talked through.
#[derive(Copy, Clone, Debug)]
struct Spoken {
    step: Step,
    first: Mark,
    last: Mark,
    went_on: bool,
}

/// The counters at one end of the measured span.
#[derive(Copy, Clone, Debug)]
struct Mark {
    at: Moment,
    delivered: u64,
    server_cpu: Option<Duration>,
    own_cpu: Duration,
}

impl Part {
    /// Opens the connections of this process, each in the rooms that it was dealt.
    ///
    /// # Errors
    /// If the descriptor limit or the server does not allow them all.
    pub(crate) fn open(
        target: Target,
        plan: Plan,
        server: Option<ServerMeter>,
    ) -> Result<Self, Failure> {
        let Plan { seating, part, parts, guests, .. } = plan;
        let share = Share::deal(seating.connections(), part, parts);
        let mut swarm = Swarm::new(target, share.len() + guests)?;
        let door = swarm.target().clone();
        let seats = SeatMap::deal(seating);
        let numbers = share.numbers().iter();
        swarm.open_all(
            numbers.map(|&number| door.upgrade_to_all(seats.rooms_of(number as usize))),
        )?;
        let template = |room| ChatTemplate::new(door.dialect(), room, plan.content_bytes);
        let templates = (0..seating.rooms).map(template).collect();
        let mut own_members = vec![0; seating.rooms].into_boxed_slice();
        for &number in share.numbers() {
            seats.rooms_of(number as usize).for_each(|room| own_members[room] += 1);
        }
        Ok(Self {
            plan,
            swarm,
            talkers: Talkers::deal(&seats, &share, plan.run, templates),
            hall: Hall::of_share(seats, &share, plan.run),
            share,
            server,
            own_members,
            sent_before: 0,
            owed_before: 0,
            timeline_slices: None,
            spoken: None,
        })
    }

    /// Lets steps record latency over time too, in so many slices.
    pub(crate) fn keep_timeline(&mut self, slices: u32) {
        self.timeline_slices = Some(slices);
    }

    /// Lets the hall tell so many stages apart, which the guests turn to.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(crate) fn keep_stages(&mut self, count: usize) -> Result<(), Failure> {
        self.hall.stages = Some(Stages::new(count)?);
        Ok(())
    }

    /// Latencies by stage; none if they were not to be kept.
    pub(crate) fn take_stages(&mut self) -> Option<Stages> {
        self.hall.stages.take()
    }

    /// Latency over time of the last step; none if it was not to be kept.
    pub(crate) fn take_timeline(&mut self) -> Option<Timeline> {
        self.hall.timeline.take()
    }

    /// Opens the connections of guests `first` and on.
    ///
    /// # Errors
    /// If a server does not take one in.
    pub(crate) fn admit(
        &mut self,
        first: usize,
        calls: impl Iterator<Item = Call>,
    ) -> Result<(), Failure> {
        self.swarm.call_all(self.share.len() + first, calls)
    }

    /// What tells this load's messages from others.
    pub(crate) fn run_id(&self) -> RunId {
        self.plan.run
    }

    /// Leaves with all connections, politely.
    ///
    /// # Errors
    /// If the event loop is broken.
    pub(crate) fn close(mut self) -> Result<(), Failure> {
        self.swarm.leave_all()
    }

    /// What the clock shows.
    pub(crate) fn now(&self) -> Moment {
        self.swarm.clock().now()
    }

    /// Reads what comes until `poll` has something.
    ///
    /// # Errors
    /// If it fails, or the event loop is broken.
    pub(crate) fn read_until<T>(
        &mut self,
        mut poll: impl FnMut() -> Result<Option<T>, Failure>,
    ) -> Result<T, Failure> {
        loop {
            if let Some(found) = poll()? {
                return Ok(found);
            }
            self.swarm.wait(self.now().after(LISTENING))?;
            let turn_ends = self.now().after(LISTENING);
            while self.swarm.handle_next(&mut self.hall) && self.now() < turn_ends {}
        }
    }

    /// Sends what is ours of the step's schedule, lets the guests act, and reads what comes; `watch`
    /// is asked in between whether there is a reason to give up.
    ///
    /// # Errors
    /// If the server's process is gone, the event loop is broken, `watch` fails, or a guest does.
    pub(crate) fn talk<G: Guests>(
        &mut self,
        guests: &mut G,
        step: &Step,
        start: Start,
        bar: &mut Progress,
        watch: &mut dyn FnMut() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let window_from = start.begin.after(step.warmup);
        let window_to = window_from.after(step.duration);
        (self.hall.window_from, self.hall.window_to) = (window_from, window_to);
        self.hall.latency.reset();
        let over = |slices| Timeline::over(window_from, window_to, slices);
        self.hall.timeline = self.timeline_slices.map(over);
        guests.handle_span(window_from, window_to)?;
        self.sent_before = self.talkers.sent();

        let mut schedule = Schedule::new(start.begin, step.rate);
        self.talkers.begin(start.turn, &mut schedule);
        let mut stage = Stage { step, begin: start.begin, schedule, bar, watch };
        let warm = self.talk_until(window_from, guests, &mut stage)?;
        let first = self.mark()?;
        guests.handle_mark()?;
        let went_on = warm && self.talk_until(window_to, guests, &mut stage)?;
        let last = self.mark()?;
        guests.handle_mark()?;
        self.spoken = Some(Spoken { step: *step, first, last, went_on });
        Ok(())
    }

    /// How much each talker of all processes has said, 0 for another's.
    pub(crate) fn said(&self) -> &[u32] {
        self.talkers.said()
    }

    /// Waits until everything has come that was `sent` by the talkers of all processes and the
    /// guests are done, for at most as long as the step allows.
    ///
    /// # Errors
    /// If the event loop is broken, or a guest fails.
    pub(crate) fn wait_for_outstanding<G: Guests>(
        &mut self,
        guests: &mut G,
        sent: &[u32],
        bar: &mut Progress,
    ) -> Result<(), Failure> {
        let owed = self.owed_for(sent);
        self.owed_before = owed;
        let timeout = self.spoken.map_or(Duration::ZERO, |spoken| spoken.step.wait);
        let begin = self.now();
        let deadline = begin.after(timeout);
        loop {
            let now = self.now();
            let lost_member = !self.hall.ends.is_empty() || self.hall.errors > 0;
            let silent = lost_member && now.since(self.hall.heard_last.max(begin)) > SILENCE_MAX;
            let outstanding = owed.saturating_sub(self.hall.auditor.tally().delivered);
            let (scene, mut slots) = self.scene(now);
            let finished = guests.finish(scene, &mut slots)?;
            if now >= deadline || finished && (outstanding == 0 || silent) {
                return Ok(());
            }
            bar.show(|| self.progress_line(outstanding, Duration::ZERO));
            self.swarm.wait(deadline.min(guests.next_due()))?;
            while self.handle_next(guests) && self.now() < deadline {}
        }
    }

    /// Judges what our connections heard of what was `sent` by the talkers of all processes.
    ///
    /// # Errors
    /// If nothing was talked yet.
    pub(crate) fn judge(&self, sent: &[u32]) -> Result<StepFigures, Failure> {
        let Some(Spoken { first, last, went_on, .. }) = self.spoken else {
            return Err(Failure::new("a load process was to judge before it talked"));
        };
        let measured = last.at.since(first.at);
        let own = last.own_cpu.saturating_sub(first.own_cpu);
        let numbers = self.share.numbers();
        let ends = self.hall.ends.iter();
        Ok(StepFigures {
            sent: self.talkers.sent() - self.sent_before,
            unsent: self.talkers.unsent(),
            expected: self.owed_for(sent),
            tally: self.hall.auditor.tally(),
            losses: self.hall.auditor.close(sent),
            named: self.hall.auditor.named().to_vec(),
            payload_bytes: self.hall.payload_bytes / self.hall.auditor.tally().delivered.max(1),
            errors: self.hall.errors,
            strange: self.hall.strange,
            strange_shown: self.hall.strange_shown.clone(),
            ends: ends.map(|(place, end)| (numbers[*place] as usize, end.clone())).collect(),
            delivered_measured: last.delivered - first.delivered,
            measured,
            latency: self.hall.latency.histogram()?,
            server_cpu: last.server_cpu.zip(first.server_cpu).map(|(last, first)| last - first),
            generator_share: own.as_secs_f64() / measured.as_secs_f64().max(1e-9),
            cut_short: !went_on,
        })
    }

    /// Sends what is due and reads what comes until `end`; false if it was cut short.
    fn talk_until<G: Guests>(
        &mut self,
        end: Moment,
        guests: &mut G,
        stage: &mut Stage<'_>,
    ) -> Result<bool, Failure> {
        let behind_max =
            (stage.step.rate * BEHIND_MAX.as_secs_f64()).ceil() * self.deliveries_a_message();
        loop {
            (stage.watch)()?;
            let now = self.now();
            // A message that is due before the end is sent, however late it is.
            let sendable = Moment(now.0.min(end.0 - 1));
            self.talkers.send_due(&mut stage.schedule, sendable, &mut self.swarm);
            let next_due = stage.schedule.next_due();
            if now >= end && next_due >= end {
                return Ok(true);
            }
            let outstanding = self.outstanding(now, stage);
            let behind = now.since(next_due) > BEHIND_MAX || outstanding as f64 > behind_max;
            if stage.step.hopeless == Hopeless::CutShort && (behind || self.hall.is_broken()) {
                return Ok(false);
            }
            stage.bar.show(|| self.progress_line(outstanding, end.since(now)));
            let (scene, mut slots) = self.scene(now);
            guests.act(scene, &mut slots)?;
            while let Some((at, stage)) = guests.poll_stage() {
                self.hall.turn_to(at, stage);
            }
            self.swarm.wait(next_due.min(end).min(guests.next_due()))?;
            while self.handle_next(guests) {
                let now = self.now();
                if now.since(stage.schedule.next_due()) > LATE_MAX {
                    let sendable = Moment(now.0.min(end.0 - 1));
                    self.talkers.send_due(&mut stage.schedule, sendable, &mut self.swarm);
                }
            }
        }
    }

    /// What guests see, and what they may do.
    fn scene(&mut self, now: Moment) -> (Scene<'_>, Slots<'_>) {
        let Self { swarm, talkers, share, .. } = self;
        (Scene { now, said: talkers.said() }, Slots { swarm, base: share.len() })
    }

    /// Works off the next connection that is ready; false if none is.
    fn handle_next<G: Guests>(&mut self, guests: &mut G) -> bool {
        let Self { swarm, hall, talkers, share, .. } = self;
        let (base, said, clock) = (share.len(), talkers.said(), swarm.clock());
        swarm.handle_next(&mut Ears { hall, guests, base, said, clock })
    }

    /// Deliveries at our connections that this adds up to.
    fn owed_for(&self, sent: &[u32]) -> u64 {
        let talkers = self.plan.seating.talkers;
        let said = sent.iter().enumerate();
        said.map(|(talker, &count)| {
            u64::from(count) * u64::from(self.own_members[talker / talkers])
        })
        .sum()
    }

    /// How many of our connections hear a message, in the mean of all rooms.
    fn deliveries_a_message(&self) -> f64 {
        let Plan { seating, .. } = self.plan;
        (self.share.len() * seating.rooms_per_connection) as f64 / seating.rooms as f64
    }

    /// Deliveries that have not come yet. What other processes say is not known while they do: it
    /// counts as said when it is due.
    fn outstanding(&self, now: Moment, stage: &Stage<'_>) -> u64 {
        let said = if self.plan.parts == 1 {
            (self.talkers.sent() - self.sent_before) as f64
        } else {
            now.since(stage.begin).as_secs_f64() * stage.step.rate
        };
        let owed = self.owed_before + (said * self.deliveries_a_message()) as u64;
        owed.saturating_sub(self.hall.auditor.tally().delivered)
    }

    fn mark(&self) -> Result<Mark, Failure> {
        Ok(Mark {
            at: self.now(),
            delivered: self.hall.auditor.tally().delivered,
            server_cpu: self.server.map(|server| server.cpu()).transpose()?,
            own_cpu: meter::own_cpu(),
        })
    }

    fn progress_line(&self, outstanding: u64, left: Duration) -> String {
        let latency = self.hall.latency.histogram();
        let p99 = latency.map_or(0, |latency| latency.value_at_quantile(0.99));
        let p99 = Duration::from_nanos(p99);
        let whose = match self.plan.parts {
            1 => String::new(),
            parts => format!(", by the first of {parts} processes"),
        };
        format!(
            "{} sent, {} delivered, {outstanding} outstanding, p99 {:.2} ms, {:.0} s left{whose}",
            self.talkers.sent(),
            self.hall.auditor.tally().delivered,
            p99.as_secs_f64() * 1e3,
            left.as_secs_f64(),
        )
    }
}

/// What a step is talked through with.
struct Stage<'a> {
    step: &'a Step,
    begin: Moment,
    schedule: Schedule,
    bar: &'a mut Progress,
    watch: &'a mut dyn FnMut() -> Result<(), Failure>,
}
