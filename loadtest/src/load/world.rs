//! Rooms full of connections, and one step of open-loop load on them.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::load::client_frame::ChatTemplate;
use crate::load::connection::End;
use crate::load::schedule::Schedule;
use crate::load::seating::{SeatMap, Seating};
use crate::load::swarm::Swarm;
use crate::load::target::Target;
use crate::measure::meter::{self, ServerMeter};
use crate::measure::moment::Moment;
use crate::report::progress::Progress;
use crate::verdict::auditor::{Losses, Tally};
use crate::verdict::hall::Hall;
use crate::verdict::stamp::{RunId, Stamp};

/// How many messages are written in a row before what came is read.
const SENDS_IN_A_ROW_MAX: usize = 4_096;
/// How late a message may be while deliveries are read; then it goes first.
const LATE_MAX: Duration = Duration::from_micros(100);
/// Where a hopeless step may be cut short: when the generator, or the server, is so far behind.
const BEHIND_MAX: Duration = Duration::from_secs(1);
/// How long a silence ends the wait for what is outstanding once a member is gone.
const SILENCE_MAX: Duration = Duration::from_millis(500);

/// One rate for one span of time.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Step {
    /// Messages a second, of all talkers together.
    pub(crate) rate: f64,
    /// How long messages are sent before they count for the figures; they are audited.
    pub(crate) warmup: Duration,
    /// How long they are sent and count.
    pub(crate) duration: Duration,
    /// How long at most outstanding deliveries are waited for afterwards.
    pub(crate) wait: Duration,
    /// Whether the step ends as soon as it cannot pass any more.
    pub(crate) hopeless: Hopeless,
}

/// What to do with a step that cannot pass any more.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Hopeless {
    /// Go on to the end: every fault is wanted.
    GoOn,
    /// Cut it short: only the answer is wanted.
    CutShort,
}

/// What a step found.
#[derive(Debug)]
pub(crate) struct StepFigures {
    /// Messages sent.
    pub(crate) sent: u64,
    /// Messages that were due but could not be handed to a socket.
    pub(crate) unsent: u64,
    /// Deliveries that all messages sent add up to.
    pub(crate) expected: u64,
    /// What came; in a world that was used before, with what came then.
    pub(crate) tally: Tally,
    /// What did not.
    pub(crate) losses: Losses,
    /// Faults found on arrival, in words.
    pub(crate) named: Vec<String>,
    /// The mean size of a delivery's payload, in bytes.
    pub(crate) payload_bytes: u64,
    /// Error messages of the server.
    pub(crate) errors: u64,
    /// Other messages that nobody of ours sent.
    pub(crate) strange: u64,
    /// The first of both.
    pub(crate) strange_shown: Vec<String>,
    /// Connections that ended.
    pub(crate) ends: Vec<(usize, End)>,
    /// Deliveries within the measured span.
    pub(crate) delivered_measured: u64,
    /// How long the measured span was.
    pub(crate) measured: Duration,
    /// Latencies of the messages due within it, from due to delivered.
    pub(crate) latency: Histogram<u64>,
    /// CPU time of the server within it.
    pub(crate) server_cpu: Option<Duration>,
    /// The generator's share of one core within it.
    pub(crate) generator_share: f64,
    /// Whether the step was cut short.
    pub(crate) cut_short: bool,
}

impl StepFigures {
    /// Whether every message came once, in order, and nobody was thrown out.
    pub(crate) fn is_clean(&self) -> bool {
        let Tally { duplicated, reordered, misrouted, .. } = self.tally;
        let faults = self.losses.count + duplicated + reordered + misrouted + self.errors;
        faults == 0 && self.unsent == 0 && self.ends.is_empty() && !self.cut_short
    }

    /// The latency that 99 of 100 deliveries stayed under.
    pub(crate) fn p99(&self) -> Duration {
        Duration::from_nanos(self.latency.value_at_quantile(0.99))
    }

    /// Deliveries a second within the measured span.
    pub(crate) fn deliveries_per_second(&self) -> f64 {
        self.delivered_measured as f64 / self.measured.as_secs_f64().max(1e-9)
    }
}

/// The rooms, their members, and who has said how much.
#[derive(Debug)]
pub(crate) struct World {
    seating: Seating,
    run: RunId,
    swarm: Swarm,
    hall: Hall,
    server: Option<ServerMeter>,
    templates: Vec<ChatTemplate>,
    talkers: Vec<Talker>,
    /// Messages taken from a schedule so far: they go round all talkers.
    turn: usize,
    /// Messages sent so far.
    sent: u64,
    /// Talkers with frames to write.
    eager: Vec<usize>,
    unsent: u64,
}

/// One who talks.
#[derive(Debug)]
struct Talker {
    connection: usize,
    /// The last sequence number given.
    sequence: u32,
    /// How many of the frames are not written yet.
    waiting: u32,
    frames: Vec<u8>,
}

impl Talker {
    fn new(connection: usize) -> Self {
        Self { connection, sequence: 0, waiting: 0, frames: Vec::new() }
    }
}

impl World {
    /// Opens all connections, each in the rooms that it was dealt.
    ///
    /// # Errors
    /// If the descriptor limit or the server does not allow them all.
    pub(crate) fn open(
        target: Target,
        seating: Seating,
        content_bytes: usize,
        server: Option<ServerMeter>,
    ) -> Result<Self, Failure> {
        let run = RunId::new(fastrand::u32(..));
        let mut swarm = Swarm::new(target, seating.connections())?;
        let door = swarm.target().clone();
        let seats = SeatMap::deal(seating);
        let connections = 0..seating.connections();
        swarm.open_all(connections.map(|index| door.upgrade_to_all(seats.rooms_of(index))))?;
        let template = |room| ChatTemplate::new(door.dialect(), room, content_bytes);
        let talkers = (0..seating.talkers_total())
            .map(|talker| Talker::new(seats.connection_of(talker)))
            .collect();
        Ok(Self {
            seating,
            run,
            swarm,
            hall: Hall::new(seats, run)?,
            server,
            templates: (0..seating.rooms).map(template).collect(),
            talkers,
            turn: 0,
            sent: 0,
            eager: Vec::new(),
            unsent: 0,
        })
    }

    /// Leaves with all connections, politely.
    ///
    /// # Errors
    /// If the event loop is broken.
    pub(crate) fn close(mut self) -> Result<(), Failure> {
        self.swarm.leave_all()
    }

    /// Sends at the step's rate, waits for what is outstanding, and judges.
    ///
    /// # Errors
    /// If the server's process is gone, or the event loop is broken.
    pub(crate) fn run(&mut self, step: Step, bar: &mut Progress) -> Result<StepFigures, Failure> {
        let begin = self.swarm.clock().now();
        let window_from = begin.after(step.warmup);
        let window_to = window_from.after(step.duration);
        (self.hall.window_from, self.hall.window_to) = (window_from, window_to);
        self.hall.latency.reset();
        let sent_before = self.sent;

        let mut schedule = Schedule::new(begin, step.rate);
        let warm = self.talk(&mut schedule, window_from, &step, bar)?;
        let first = self.mark()?;
        let went_on = warm && self.talk(&mut schedule, window_to, &step, bar)?;
        let last = self.mark()?;
        self.wait_for_outstanding(step.wait, bar)?;
        bar.clear();

        let sent: Vec<u32> = self.talkers.iter().map(|talker| talker.sequence).collect();
        let measured = last.at.since(first.at);
        let own = last.own_cpu.saturating_sub(first.own_cpu);
        Ok(StepFigures {
            sent: self.sent - sent_before,
            unsent: self.unsent,
            expected: self.expected(),
            tally: self.hall.auditor.tally(),
            losses: self.hall.auditor.close(&sent),
            named: self.hall.auditor.named().to_vec(),
            payload_bytes: self.hall.payload_bytes / self.hall.auditor.tally().delivered.max(1),
            errors: self.hall.errors,
            strange: self.hall.strange,
            strange_shown: self.hall.strange_shown.clone(),
            ends: self.hall.ends.clone(),
            delivered_measured: last.delivered - first.delivered,
            measured,
            latency: self.hall.latency.clone(),
            server_cpu: last.server_cpu.zip(first.server_cpu).map(|(last, first)| last - first),
            generator_share: own.as_secs_f64() / measured.as_secs_f64().max(1e-9),
            cut_short: !went_on,
        })
    }

    /// Sends what is due and reads what comes until `end`; false if it was cut short.
    fn talk(
        &mut self,
        schedule: &mut Schedule,
        end: Moment,
        step: &Step,
        bar: &mut Progress,
    ) -> Result<bool, Failure> {
        let clock = self.swarm.clock();
        let behind_max = (step.rate * BEHIND_MAX.as_secs_f64()).ceil() as u64;
        loop {
            let now = clock.now();
            // A message that is due before the end is sent, however late it is.
            self.send_due(schedule, Moment(now.0.min(end.0 - 1)));
            if now >= end && schedule.next_due() >= end {
                return Ok(true);
            }
            let behind = now.since(schedule.next_due()) > BEHIND_MAX
                || self.outstanding() > behind_max * self.seating.members as u64;
            if step.hopeless == Hopeless::CutShort && (behind || self.hall.is_broken()) {
                return Ok(false);
            }
            bar.show(|| self.progress_line(end.since(now)));
            self.swarm.wait(schedule.next_due().min(end))?;
            while self.swarm.handle_next(&mut self.hall) {
                let now = clock.now();
                if now.since(schedule.next_due()) > LATE_MAX {
                    self.send_due(schedule, Moment(now.0.min(end.0 - 1)));
                }
            }
        }
    }

    /// Waits until everything has come, for at most `timeout`.
    fn wait_for_outstanding(
        &mut self,
        timeout: Duration,
        bar: &mut Progress,
    ) -> Result<(), Failure> {
        let clock = self.swarm.clock();
        let deadline = clock.now().after(timeout);
        loop {
            let now = clock.now();
            let lost_member = !self.hall.ends.is_empty() || self.hall.errors > 0;
            let silent = lost_member && now.since(self.hall.heard_last) > SILENCE_MAX;
            if self.outstanding() == 0 || now >= deadline || silent {
                return Ok(());
            }
            bar.show(|| self.progress_line(Duration::ZERO));
            self.swarm.wait(deadline)?;
            while self.swarm.handle_next(&mut self.hall) && clock.now() < deadline {}
        }
    }

    /// Hands what is due by `now` to the sockets, all of a talker's messages in one write.
    fn send_due(&mut self, schedule: &mut Schedule, now: Moment) {
        for _ in 0..SENDS_IN_A_ROW_MAX {
            let Some(due) = schedule.poll_due(now) else { break };
            // Round all rooms first, so that one room's talkers are as far apart as can be.
            let (room, place) = (
                self.turn % self.seating.rooms,
                self.turn / self.seating.rooms % self.seating.talkers,
            );
            self.turn += 1;
            let number = room * self.seating.talkers + place;
            let talker = &mut self.talkers[number];
            if talker.waiting == 0 {
                self.eager.push(number);
            }
            talker.waiting += 1;
            talker.sequence += 1;
            self.sent += 1;
            let (run, sequence) = (self.run, talker.sequence);
            let stamp = Stamp { run, talker: number as u32, sequence, due };
            self.templates[room].append(stamp, &mut talker.frames);
        }
        for number in self.eager.drain(..) {
            let talker = &mut self.talkers[number];
            if !self.swarm.send(talker.connection, &talker.frames) {
                // Their numbers are given again: what was never sent is not lost.
                talker.sequence -= talker.waiting;
                self.sent -= u64::from(talker.waiting);
                self.unsent += u64::from(talker.waiting);
            }
            talker.waiting = 0;
            talker.frames.clear();
        }
    }

    fn expected(&self) -> u64 {
        self.sent * self.seating.members as u64
    }

    fn outstanding(&self) -> u64 {
        self.expected().saturating_sub(self.hall.auditor.tally().delivered)
    }

    fn mark(&self) -> Result<Mark, Failure> {
        Ok(Mark {
            at: self.swarm.clock().now(),
            delivered: self.hall.auditor.tally().delivered,
            server_cpu: self.server.map(|server| server.cpu()).transpose()?,
            own_cpu: meter::own_cpu(),
        })
    }

    fn progress_line(&self, left: Duration) -> String {
        let p99 = Duration::from_nanos(self.hall.latency.value_at_quantile(0.99));
        format!(
            "{} sent, {} delivered, {} outstanding, p99 {:.2} ms, {:.0} s left",
            self.sent,
            self.hall.auditor.tally().delivered,
            self.outstanding(),
            p99.as_secs_f64() * 1e3,
            left.as_secs_f64(),
        )
    }
}

/// The counters at one end of the measured span.
#[derive(Copy, Clone, Debug)]
struct Mark {
    at: Moment,
    delivered: u64,
    server_cpu: Option<Duration>,
    own_cpu: Duration,
}
