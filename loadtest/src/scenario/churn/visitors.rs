//! Those who come and go, one join and one leave at each beat of an open-loop schedule.
//!
//! A visitor is owed everything that is said from its handshake, or its `joined`, until it decides
//! to leave. Having decided it waits until it has heard that, for a bounded time, and only then
//! asks to leave: what is under way when it asks is owed to nobody, and is not judged.

use std::collections::VecDeque;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::By;
use crate::failure::Failure;
use crate::load::client_frame;
use crate::load::connection::End;
use crate::load::guests::{Guests, Scene, Slots};
use crate::load::schedule::Schedule;
use crate::load::seating::Seating;
use crate::load::swarm::Call;
use crate::load::target::Target;
use crate::measure::moment::Moment;
use crate::measure::span_count::SpanCount;
use crate::measure::timeline::{SLICES_OF_A_SPAN, Timeline};
use crate::report::Report;
use crate::report::figure::{Figure, grouped};
use crate::scenario::fanout::describe_end;
use crate::verdict::findings::{Fault, Findings};
use crate::verdict::hall;
use crate::verdict::hearing::{Heard, Hearing, ServerEvent};
use crate::verdict::stamp::{RunId, Stamp};
use crate::verdict::visit::Visit;

use stentor_wire::frame::OpCode;

/// How many beats are worked off in a row.
const BEATS_IN_A_ROW_MAX: usize = 1_024;

/// How they come and go.
#[derive(Copy, Clone, Debug)]
pub(super) struct Plan {
    /// With connections, or with messages.
    pub(super) by: By,
    /// Joins a second.
    pub(super) rate: f64,
    /// How long one who leaves waits for what it is owed.
    pub(super) wait: Duration,
}

/// Where a visitor is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum State {
    Out,
    /// It has asked to join.
    Coming {
        since: Moment,
    },
    In,
    /// It wants to leave, and waits for what had been said when it decided.
    Deciding {
        until: Vec<u32>,
        deadline: Moment,
    },
    /// It has asked to leave.
    Leaving {
        until: Vec<u32>,
    },
    /// Its standing connection ended, and it is out for good.
    Gone,
}

/// One who comes and goes.
#[derive(Debug)]
struct Visitor {
    room: usize,
    state: State,
    visit: Visit,
}

/// All who come and go.
#[derive(Debug)]
pub(super) struct Visitors {
    plan: Plan,
    talkers: usize,
    target: Target,
    hearing: Hearing,
    visitors: Vec<Visitor>,
    beats: Option<Schedule>,
    /// Those who are out, in, or waiting to leave, in the order in which they got there.
    out: VecDeque<usize>,
    inside: VecDeque<usize>,
    deciding: Vec<usize>,
    latency: Histogram<u64>,
    /// How long joins took within the measured span, by when they were answered.
    pub(super) timeline: Option<Timeline>,
    pub(super) joins: SpanCount,
    /// Messages that visitors heard.
    pub(super) delivered: SpanCount,
    /// Beats at which nobody was out to come in.
    idle_beats: u64,
    findings: Findings,
}

impl Visitors {
    /// So many visitors, all of them out, dealt to the rooms in turn.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(super) fn new(
        plan: Plan,
        count: usize,
        seating: Seating,
        target: Target,
        run: RunId,
    ) -> Result<Self, Failure> {
        let talkers = seating.talkers;
        let visitor = |number: usize| {
            let room = number % seating.rooms;
            Visitor { room, state: State::Out, visit: Visit::new(room, talkers) }
        };
        Ok(Self {
            plan,
            talkers,
            target,
            hearing: Hearing::new(run),
            visitors: (0..count).map(visitor).collect(),
            beats: None,
            out: (0..count).collect(),
            inside: VecDeque::new(),
            deciding: Vec::new(),
            latency: hall::latency_histogram()?,
            timeline: None,
            joins: SpanCount::default(),
            delivered: SpanCount::default(),
            idle_beats: 0,
            findings: Findings::default(),
        })
    }

    /// How long a share of the joins took at most; none if there were none.
    pub(super) fn join_latency(&self, quantile: f64) -> Option<Figure> {
        let nanoseconds = self.latency.value_at_quantile(quantile);
        (!self.latency.is_empty()).then(|| Figure::Latency(Duration::from_nanos(nanoseconds)))
    }

    /// Judges those who are not out when nothing more is waited for.
    pub(super) fn close(&mut self, said: &[u32]) {
        for number in 0..self.visitors.len() {
            let visitor = &self.visitors[number];
            let said = visitor.visit.of_room(said).to_vec();
            let unanswered = match &visitor.state {
                State::Out | State::Gone => continue,
                State::In => {
                    self.end_visit(number, &said);
                    continue;
                }
                State::Deciding { until, .. } => {
                    let until = until.clone();
                    self.end_visit(number, &until);
                    continue;
                }
                State::Coming { .. } => "asked to join, and was not answered",
                State::Leaving { .. } => "asked to leave, and was not answered",
            };
            let room = visitor.room;
            self.findings.add(Fault::Refused, 1, || format!("{}: {unanswered}", who(number, room)));
        }
    }

    /// Adds what a reader must know, and the faults.
    pub(super) fn add_to(&self, report: &mut Report) {
        if self.idle_beats > 0 {
            report.remark(format!(
                "{} joins left out: nobody was out (more --visitors, or a lower --churn-rate)",
                grouped(self.idle_beats)
            ));
        }
        self.findings.add_to("visitors", report);
    }

    fn beat(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<(), Failure> {
        match self.out.pop_front() {
            Some(number) => self.come(number, scene, slots)?,
            None => self.idle_beats += 1,
        }
        if self.inside.len() > self.visitors.len() / 2
            && let Some(number) = self.inside.pop_front()
        {
            self.decide(number, scene);
        }
        Ok(())
    }

    fn come(
        &mut self,
        number: usize,
        scene: Scene<'_>,
        slots: &mut Slots<'_>,
    ) -> Result<(), Failure> {
        let visitor = &mut self.visitors[number];
        visitor.state = State::Coming { since: scene.now };
        visitor.visit = Visit::new(visitor.room, self.talkers);
        match self.plan.by {
            By::Connection => {
                let (address, opening) =
                    (self.target.address, self.target.upgrade(Some(visitor.room)));
                slots.call(number, Call { address, opening, receive_bytes: None })
            }
            By::Join => {
                slots.send(number, &membership_frame("join", visitor.room));
                Ok(())
            }
        }
    }

    fn decide(&mut self, number: usize, scene: Scene<'_>) {
        let visitor = &mut self.visitors[number];
        let until = visitor.visit.of_room(scene.said).to_vec();
        let deadline = scene.now.after(self.plan.wait);
        visitor.state = State::Deciding { until, deadline };
        self.deciding.push(number);
    }

    /// Those who have heard what they are owed, or have waited too long, ask to leave.
    fn let_go(&mut self, now: Moment, slots: &mut Slots<'_>) {
        let mut at = 0;
        while let Some(&number) = self.deciding.get(at) {
            let visitor = &mut self.visitors[number];
            let State::Deciding { until, deadline } = &mut visitor.state else {
                self.deciding.swap_remove(at);
                continue;
            };
            if !visitor.visit.is_settled(until) && now < *deadline {
                at += 1;
                continue;
            }
            visitor.state = State::Leaving { until: std::mem::take(until) };
            match self.plan.by {
                By::Connection => slots.leave(number),
                By::Join => {
                    slots.send(number, &membership_frame("leave", visitor.room));
                }
            }
            self.deciding.swap_remove(at);
        }
    }

    fn arrive(&mut self, number: usize, took: Duration, scene: Scene<'_>) {
        let visitor = &mut self.visitors[number];
        visitor.visit.open(scene.said);
        visitor.state = State::In;
        self.inside.push_back(number);
        self.joins.add(1);
        let nanoseconds = took.as_nanos() as u64;
        self.latency.saturating_record(nanoseconds);
        if let Some(timeline) = self.timeline.as_mut().filter(|line| scene.now >= line.begin()) {
            timeline.record(scene.now, nanoseconds);
        }
    }

    /// Judges a visit that ended as it should.
    fn end_visit(&mut self, number: usize, until: &[u32]) {
        let Visitor { room, visit, .. } = &self.visitors[number];
        visit.close(until, &mut self.findings, || who(number, *room));
    }

    fn depart(&mut self, number: usize) {
        if let State::Leaving { until } = &self.visitors[number].state {
            let until = until.clone();
            self.end_visit(number, &until);
        }
        self.visitors[number].state = State::Out;
        self.out.push_back(number);
    }

    fn handle_message(&mut self, number: usize, stamp: &Stamp) {
        let visitor = &mut self.visitors[number];
        let room = visitor.room;
        if matches!(visitor.state, State::Out | State::Gone) {
            self.findings.add(Fault::Misrouted, 1, || {
                format!("{}: message {} after it had left", who(number, room), stamp.sequence)
            });
            return;
        }
        let heard = visitor.visit.hear(stamp, &mut self.findings, || who(number, room));
        self.delivered.add(u64::from(heard));
    }

    fn handle_event(&mut self, number: usize, event: &ServerEvent, scene: Scene<'_>) {
        let state = self.visitors[number].state.clone();
        match (event, state) {
            (ServerEvent::Joined, State::Coming { since }) if self.plan.by == By::Join => {
                self.arrive(number, scene.now.since(since), scene);
            }
            (ServerEvent::Left, State::Leaving { .. }) if self.plan.by == By::Join => {
                self.depart(number);
            }
            (ServerEvent::Joined | ServerEvent::Left, state) => {
                let room = self.visitors[number].room;
                self.findings.add(Fault::Untrue, 1, || {
                    format!("{}: {event:?} while it was {state:?}", who(number, room))
                });
            }
            _ => {}
        }
    }
}

impl Guests for Visitors {
    fn act(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<(), Failure> {
        let rate = self.plan.rate;
        for _ in 0..BEATS_IN_A_ROW_MAX {
            let beats = self.beats.get_or_insert_with(|| Schedule::new(scene.now, rate));
            if beats.poll_due(scene.now).is_none() {
                break;
            }
            self.beat(scene, slots)?;
        }
        self.let_go(scene.now, slots);
        Ok(())
    }

    fn finish(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<bool, Failure> {
        self.beats = None;
        while let Some(number) = self.inside.pop_front() {
            self.decide(number, scene);
        }
        self.let_go(scene.now, slots);
        let is_done = |visitor: &Visitor| matches!(visitor.state, State::Out | State::Gone);
        Ok(self.visitors.iter().all(is_done))
    }

    fn next_due(&self) -> Moment {
        self.beats.as_ref().map_or(Moment::NEVER, Schedule::next_due)
    }

    fn handle_span(&mut self, from: Moment, to: Moment) -> Result<(), Failure> {
        self.timeline = Some(Timeline::over(from, to, SLICES_OF_A_SPAN));
        Ok(())
    }

    fn handle_mark(&mut self) -> Result<(), Failure> {
        self.joins.mark();
        self.delivered.mark();
        Ok(())
    }

    fn handle_open(&mut self, guest: usize, took: Duration, scene: Scene<'_>) {
        self.arrive(guest, took, scene);
    }

    fn handle_text(&mut self, guest: usize, payload: &[u8], scene: Scene<'_>) {
        match self.hearing.read(payload) {
            Heard::Message(stamp) => self.handle_message(guest, &stamp),
            Heard::Event(event) => self.handle_event(guest, &event, scene),
            Heard::Error(words) => {
                let room = self.visitors[guest].room;
                self.findings.add(Fault::Refused, 1, || format!("{}: {words}", who(guest, room)));
            }
            Heard::Foreign => {}
        }
    }

    fn handle_end(&mut self, guest: usize, end: End, _: Scene<'_>) {
        let leaving = matches!(self.visitors[guest].state, State::Leaving { .. });
        if leaving && end == End::Left && self.plan.by == By::Connection {
            return self.depart(guest);
        }
        let Visitor { room, visit, .. } = &self.visitors[guest];
        self.findings
            .add(Fault::Ended, 1, || format!("{}: {}", who(guest, *room), describe_end(&end)));
        visit.close_early(&mut self.findings, || who(guest, *room));
        self.inside.retain(|&number| number != guest);
        self.visitors[guest].state = State::Gone;
        if self.plan.by == By::Connection {
            self.visitors[guest].state = State::Out;
            self.out.push_back(guest);
        }
    }
}

fn membership_frame(kind: &str, room: usize) -> Vec<u8> {
    let text = format!(r#"{{"type":"{kind}","room":"r{room}"}}"#);
    let mut frame = Vec::with_capacity(text.len() + 8);
    client_frame::append(OpCode::Text, text.as_bytes(), &mut frame);
    frame
}

fn who(number: usize, room: usize) -> String {
    format!("visitor {number} in r{room}")
}
