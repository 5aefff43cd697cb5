//! The course of an audit with raw clients: they come, talk and come back, faults fall due, and it all settles.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use stentor_wire::frame::OpCode;

use crate::audit::client::State;
use crate::audit::course::Course;
use crate::audit::crowd::Crowd;
use crate::audit::faults::Faults;
use crate::audit::ledger::{Ledger, Outcome};
use crate::failure::Failure;
use crate::load::client_frame;
use crate::load::schedule::Schedule;
use crate::load::swarm::Swarm;
use crate::load::target::Target;
use crate::measure::moment::Moment;
use crate::report::progress::Progress;
use crate::verdict::oracle::{Crew, Oracle};

/// How many clients ask for the upgrade at once.
const OPENING_MAX: usize = 256;
/// How long the server may take to answer one who asks.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long everybody may take to be there before the first message.
pub(crate) const ARRIVAL_MAX: Duration = Duration::from_secs(20);
/// How long the end is waited for: everybody back, everything acknowledged.
pub(crate) const RETURN_MAX: Duration = Duration::from_secs(20);
/// How many messages are sent in a row before what came is read.
pub(crate) const SENDS_IN_A_ROW_MAX: usize = 1_024;
/// How long the loop rests at most, so that the processes are looked after.
pub(crate) const REST_MAX: Duration = Duration::from_millis(50);

/// Who is there and for how long, checked.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Where the servers are.
    pub(crate) targets: Vec<Target>,
    /// Who is in which room.
    pub(crate) crew: Crew,
    /// Messages a second, of all talkers together.
    pub(crate) rate: f64,
    /// How long they talk.
    pub(crate) duration: Duration,
    /// Within which time a delivery is not late.
    pub(crate) settle: Duration,
    /// Whether the server acknowledges.
    pub(crate) acks: bool,
}

/// What drives the clients.
#[derive(Debug)]
struct Drive {
    setting: Setting,
    swarm: Swarm,
    crowd: Crowd,
    /// When a client makes its next attempt.
    returns: BinaryHeap<Reverse<(Moment, usize)>>,
    /// When an attempt has lasted too long, in order of time.
    timeouts: VecDeque<(Moment, usize)>,
    opening: usize,
    /// The client that is next to talk, counted through all talkers.
    turn: usize,
}

/// Runs the audit to its end.
///
/// # Errors
/// If not everybody can connect at the start, a fault cannot be done, or nobody heard anything.
pub(crate) fn run(
    setting: Setting,
    faults: Faults,
    progress: &mut Progress,
) -> Result<Outcome, Failure> {
    let swarm = Swarm::new(setting.targets[0].clone(), setting.crew.clients())?;
    let clock = swarm.clock();
    let oracle = Oracle::new(setting.crew, setting.settle);
    let course = Course::new(clock.now(), setting.duration)?;
    let (targets, acks) = (setting.targets.len(), setting.acks);
    let ledger = Ledger::new(setting.crew, oracle, faults, course)?;
    let crowd = Crowd::new(ledger, clock, targets, acks);
    let clients = setting.crew.clients();
    let returns = (0..clients).map(|client| Reverse((Moment::default(), client))).collect();
    let timeouts = VecDeque::new();
    let mut drive = Drive { setting, swarm, crowd, returns, timeouts, opening: 0, turn: 0 };
    drive.arrive(progress)?;
    let begin = clock.now();
    drive.talk(begin, progress)?;
    drive.settle(progress)?;
    progress.clear();
    drive.finish(begin)
}

impl Drive {
    /// Everybody connects.
    fn arrive(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        let clock = self.swarm.clock();
        let deadline = clock.now().after(ARRIVAL_MAX);
        let all = self.crowd.clients.len();
        while self.crowd.open < all {
            if clock.now() > deadline {
                let reason = self.crowd.ledger.counts.ends.last().map_or("", |(reason, _)| reason);
                return Err(Failure::new(format!(
                    "{} of {all} clients connected in 20 s {reason}",
                    self.crowd.open
                )));
            }
            progress.show(|| format!("{} of {all} connected", self.crowd.open));
            self.turn_over(deadline)?;
        }
        self.crowd.ledger.counts.ends.clear();
        Ok(())
    }

    /// Everybody talks, and what goes wrong goes wrong.
    fn talk(&mut self, begin: Moment, progress: &mut Progress) -> Result<(), Failure> {
        let end = begin.after(self.setting.duration);
        let clock = self.swarm.clock();
        self.crowd.ledger.course = Course::new(begin, self.setting.duration)?;
        self.crowd.ledger.faults.count_from(begin);
        let mut schedule = Schedule::new(begin, self.setting.rate);
        loop {
            let now = clock.now();
            for _ in 0..SENDS_IN_A_ROW_MAX {
                let Some(due) = schedule.poll_due(Moment(now.0.min(end.0 - 1))) else { break };
                self.say(due);
            }
            if now >= end {
                return Ok(());
            }
            let clients = self.crowd.clients.len();
            self.crowd.ledger.faults.poll(now, clients)?;
            progress.show(|| self.crowd.ledger.progress_line(self.crowd.open, end.since(now)));
            self.turn_over(schedule.next_due().min(self.crowd.ledger.faults.next_due()).min(end))?;
        }
    }

    /// Everybody comes back, all is acknowledged, and nothing is under way any more.
    fn settle(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        let clock = self.swarm.clock();
        let deadline = clock.now().after(RETURN_MAX).after(self.setting.settle);
        let clients = self.crowd.clients.len();
        let mut quiet_since = clock.now();
        loop {
            let now = clock.now();
            let talks = self.crowd.clients.iter().filter_map(|client| client.talk.as_ref());
            let done = self.crowd.open == clients && talks.into_iter().all(|talk| talk.is_done());
            if !done {
                quiet_since = now;
            }
            // Twice the span in which a delivery is not late, for the last one to be judged.
            if now.since(quiet_since) > self.setting.settle * 2 || now > deadline {
                return Ok(());
            }
            self.crowd.ledger.faults.poll(now, clients)?;
            progress.show(|| self.crowd.ledger.progress_line(self.crowd.open, Duration::ZERO));
            self.turn_over(now.after(REST_MAX))?;
        }
    }

    fn finish(mut self, begin: Moment) -> Result<Outcome, Failure> {
        let end = self.swarm.clock().now();
        self.swarm.leave_all()?;
        self.crowd.ledger.close(begin, end, self.crowd.open)
    }

    /// One message more is due.
    fn say(&mut self, due: Moment) {
        let crew = self.setting.crew;
        let (room, place) = (self.turn % crew.rooms, self.turn / crew.rooms % crew.talkers);
        self.turn += 1;
        let client = crew.client_of(room * crew.talkers + place);
        let Some(talk) = &mut self.crowd.clients[client].talk else { return };
        if !talk.say(due) {
            self.crowd.ledger.counts.held_back += 1;
        }
        self.send_waiting(client);
    }

    /// Sends what a client has not sent yet on its connection.
    fn send_waiting(&mut self, client: usize) {
        let now = self.swarm.clock().now();
        while matches!(self.crowd.clients[client].state, State::Open(_))
            && let Some(talk) = &self.crowd.clients[client].talk
            && let Some(said) = talk.next()
        {
            let mut frame = Vec::new();
            let text = self.crowd.message(client, said.id, said.due);
            client_frame::append(OpCode::Text, text.as_bytes(), &mut frame);
            if !self.swarm.send(client, &frame) {
                return;
            }
            let again = self.crowd.ledger.oracle.handle_sent(said.id, now);
            self.crowd.ledger.counts.sent += u64::from(!again);
            self.crowd.ledger.counts.sent_again += u64::from(again);
            if let Some(talk) = &mut self.crowd.clients[client].talk {
                talk.handle_sent();
            }
        }
    }

    /// Waits until `due`, reads what comes, and lets clients come back.
    fn turn_over(&mut self, due: Moment) -> Result<(), Failure> {
        let clock = self.swarm.clock();
        self.open_due(clock.now());
        let next_return = match self.returns.peek() {
            Some(Reverse((at, _))) if self.opening < OPENING_MAX => *at,
            _ => Moment::NEVER,
        };
        let rest = clock.now().after(REST_MAX);
        self.swarm.wait(due.min(next_return).min(rest))?;
        while self.swarm.handle_next(&mut self.crowd) {}
        let now = clock.now();
        self.cut_unanswered(now);
        for client in std::mem::take(&mut self.crowd.ended) {
            let wait = self.crowd.clients[client].handle_end(
                now,
                self.setting.targets.len(),
                fastrand::f64(),
            );
            self.returns.push(Reverse((now.after(wait), client)));
        }
        let states = self.crowd.clients.iter().map(|client| client.state);
        self.opening = states.filter(|state| matches!(state, State::Opening(_))).count();
        for talker in 0..self.setting.crew.talkers_total() {
            self.send_waiting(self.setting.crew.client_of(talker));
        }
        Ok(())
    }

    fn open_due(&mut self, now: Moment) {
        while self.opening < OPENING_MAX
            && let Some(Reverse((at, client))) = self.returns.peek().copied()
            && at <= now
        {
            self.returns.pop();
            let target = &self.setting.targets[self.crowd.clients[client].target];
            let query = self.crowd.query_of(client);
            let opening = target.upgrade_with(&query);
            self.crowd.clients[client].state = State::Opening(now);
            match self.swarm.open_at(client, target.address, opening) {
                Ok(()) => {
                    self.opening += 1;
                    self.timeouts.push_back((now.after(ANSWER_TIMEOUT), client));
                }
                Err(failure) => self.crowd.handle_failure(client, failure.to_string()),
            }
        }
    }

    /// Gives up on those whose upgrade the server has not answered.
    fn cut_unanswered(&mut self, now: Moment) {
        while let Some((at, client)) = self.timeouts.front().copied()
            && at <= now
        {
            self.timeouts.pop_front();
            let late = |since: Moment| since.after(ANSWER_TIMEOUT) == at;
            if matches!(self.crowd.clients[client].state, State::Opening(since) if late(since)) {
                self.swarm.cut(client);
                self.crowd.handle_failure(client, "no answer to the upgrade in 5 s".to_owned());
            }
        }
    }
}
