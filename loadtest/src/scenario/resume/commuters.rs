//! Listeners who stay for a while, are away for a while, and return with what they heard last.
//!
//! One who is to leave waits, for a bounded time, until it has heard what had been said by then:
//! so a loss while it was there is told from one while it was away.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::load::connection::End;
use crate::load::guests::{Guests, Scene, Slots};
use crate::load::seating::Seating;
use crate::load::swarm::Call;
use crate::load::target::Target;
use crate::measure::moment::Moment;
use crate::measure::span_count::SpanCount;
use crate::report::Report;
use crate::report::figure::Figure;
use crate::scenario::fanout::describe_end;
use crate::verdict::comeback::Listener;
use crate::verdict::findings::{Fault, Findings};
use crate::verdict::hall;
use crate::verdict::hearing::{self, Heard, Hearing, ServerEvent};
use crate::verdict::stamp::RunId;

/// When they come and go.
#[derive(Copy, Clone, Debug)]
pub(super) struct Rhythm {
    /// How long they are away and how long they stay, a quarter more or less.
    pub(super) away: Duration,
    pub(super) stay: Duration,
    /// Whether they go without a close frame.
    pub(super) cut: bool,
    /// How long one who is to leave waits for what it is owed.
    pub(super) wait: Duration,
}

/// Where a listener is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum State {
    Away { due: Moment },
    Coming,
    In { until: Moment },
    Deciding { until: Vec<u32>, deadline: Moment },
    Leaving,
}

/// One who comes and goes.
#[derive(Debug)]
struct Commuter {
    room: usize,
    state: State,
    /// The id of the last message heard.
    last_id: Option<String>,
    account: Listener,
    /// When the present return began, until the last of the replay is there.
    called: Option<Moment>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Commuters {
    rhythm: Rhythm,
    target: Target,
    hearing: Hearing,
    commuters: Vec<Commuter>,
    /// When anybody is next to come or to go.
    next_due: Moment,
    /// Whether one was heard from who waits to leave, or came.
    has_news: bool,
    is_over: bool,
    returns: u64,
    answered: u64,
    recovered: u64,
    /// From the call to the last replayed message, in nanoseconds.
    recovery: Histogram<u64>,
    /// Messages that they heard, replayed ones too.
    pub(super) delivered: SpanCount,
    findings: Findings,
}

impl Commuters {
    /// So many listeners, dealt to the rooms in turn; the first one comes at once.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(super) fn new(
        rhythm: Rhythm,
        count: usize,
        seating: Seating,
        target: Target,
        run: RunId,
    ) -> Result<Self, Failure> {
        let commuter = |number: usize| {
            let room = number % seating.rooms;
            let name = format!("listener {number} in r{room}");
            Commuter {
                room,
                state: State::Away { due: Moment::default() },
                last_id: None,
                account: Listener::new(name, room, seating.talkers),
                called: None,
            }
        };
        Ok(Self {
            rhythm,
            target,
            hearing: Hearing::new(run),
            commuters: (0..count).map(commuter).collect(),
            next_due: Moment::default(),
            has_news: true,
            is_over: false,
            returns: 0,
            answered: 0,
            recovered: 0,
            recovery: hall::latency_histogram()?,
            delivered: SpanCount::default(),
            findings: Findings::default(),
        })
    }

    /// Judges all when nothing more is waited for.
    pub(super) fn close(&mut self, said: &[u32]) {
        for (number, commuter) in self.commuters.iter_mut().enumerate() {
            let said = commuter.account.of_room(said).to_vec();
            match &commuter.state {
                State::In { .. } | State::Deciding { .. } => {
                    commuter.account.close(&said, &mut self.findings);
                }
                State::Away { .. } => {}
                State::Coming | State::Leaving => {
                    let state = commuter.state.clone();
                    self.findings.add(Fault::Refused, 1, || {
                        format!("listener {number}: was left without an answer ({state:?})")
                    });
                }
            }
        }
    }

    /// How long returns took, from the call to the last replayed message, in nanoseconds.
    pub(super) fn recovery(&self) -> &Histogram<u64> {
        &self.recovery
    }

    /// Adds how many returned, and what came of it.
    pub(super) fn add_figures(&self, report: &mut Report) {
        let sum = |of: fn(&Listener) -> u64| -> u64 {
            self.commuters.iter().map(|commuter| of(&commuter.account)).sum()
        };
        let share = |part: u64| Figure::Share(part as f64 / self.returns.max(1) as f64);
        report.add("returns", Figure::Count(self.returns));
        report.add("answered", share(self.answered));
        report.add("recovered", share(self.recovered));
        report.add("replayed", Figure::Count(sum(|account| account.replayed)));
        report.add("repeated", Figure::Count(sum(|account| account.repeated)));
        report.add("announced_as_lost", Figure::Count(sum(|account| account.missed)));
        if !self.recovery.is_empty() {
            for (name, quantile) in [("recovery_p50", 0.5), ("recovery_p99", 0.99)] {
                let nanoseconds = self.recovery.value_at_quantile(quantile);
                report.add(name, Figure::Latency(Duration::from_nanos(nanoseconds)));
            }
        }
    }

    /// Adds the faults, and a remark where nothing was tried.
    pub(super) fn add_faults(&self, report: &mut Report) {
        if self.returns == 0 {
            report.fault("nobody returned: nothing was judged (a longer --duration)");
        }
        self.findings.add_to("listeners", report);
    }

    fn call(&mut self, number: usize, now: Moment, slots: &mut Slots<'_>) -> Result<(), Failure> {
        let commuter = &mut self.commuters[number];
        let opening = match &commuter.last_id {
            Some(id) => {
                commuter.called = Some(now);
                self.target.upgrade_asking(commuter.room, &format!("last_id={id}"))
            }
            None => self.target.upgrade(Some(commuter.room)),
        };
        commuter.state = State::Coming;
        slots.call(number, Call { address: self.target.address, opening, receive_bytes: None })
    }

    /// One listener's part of [`Guests::act`].
    fn step(
        &mut self,
        number: usize,
        scene: Scene<'_>,
        slots: &mut Slots<'_>,
    ) -> Result<(), Failure> {
        let now = scene.now;
        let commuter = &mut self.commuters[number];
        match &commuter.state {
            State::Away { due } if now >= *due || self.is_over => self.call(number, now, slots)?,
            State::In { until } if now >= *until && !self.is_over => {
                let until = commuter.account.of_room(scene.said).to_vec();
                let deadline = now.after(self.rhythm.wait);
                commuter.state = State::Deciding { until, deadline };
                self.step(number, scene, slots)?;
            }
            State::Deciding { until, deadline } => {
                let is_settled = commuter.account.is_settled(until);
                if !is_settled && now < *deadline {
                    return Ok(());
                }
                if !is_settled {
                    let until = until.clone();
                    commuter.account.close(&until, &mut self.findings);
                }
                self.go(number, now, slots);
            }
            State::Away { .. } | State::In { .. } | State::Coming | State::Leaving => {}
        }
        Ok(())
    }

    fn go(&mut self, number: usize, now: Moment, slots: &mut Slots<'_>) {
        if self.rhythm.cut {
            slots.cut(number);
            self.depart(number, now);
        } else {
            slots.leave(number);
            self.commuters[number].state = State::Leaving;
        }
    }

    fn depart(&mut self, number: usize, now: Moment) {
        let due = now.after(around(self.rhythm.away));
        self.commuters[number].state = State::Away { due };
        self.next_due = self.next_due.min(due);
    }

    /// Ends the return's clock where the last of the replay is there.
    fn note_recovery(&mut self, number: usize, now: Moment) {
        let commuter = &mut self.commuters[number];
        if commuter.account.is_back()
            && let Some(called) = commuter.called.take()
        {
            self.recovery.saturating_record(now.since(called).as_nanos() as u64);
        }
    }
}

impl Guests for Commuters {
    fn act(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<(), Failure> {
        if scene.now < self.next_due && !self.has_news {
            return Ok(());
        }
        self.has_news = false;
        for number in 0..self.commuters.len() {
            self.step(number, scene, slots)?;
        }
        let due = self.commuters.iter().map(|commuter| match &commuter.state {
            State::Away { due } => *due,
            State::In { until } => *until,
            State::Deciding { deadline, .. } => *deadline,
            State::Coming | State::Leaving => Moment::NEVER,
        });
        self.next_due = due.min().unwrap_or(Moment::NEVER);
        Ok(())
    }

    fn finish(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<bool, Failure> {
        self.is_over = true;
        for number in 0..self.commuters.len() {
            self.step(number, scene, slots)?;
        }
        self.next_due = Moment::NEVER;
        let is_done = |commuter: &Commuter| {
            let said = commuter.account.of_room(scene.said);
            matches!(commuter.state, State::In { .. }) && commuter.account.is_settled(said)
        };
        Ok(self.commuters.iter().all(is_done))
    }

    fn next_due(&self) -> Moment {
        self.next_due
    }

    fn handle_mark(&mut self) -> Result<(), Failure> {
        self.delivered.mark();
        Ok(())
    }

    fn handle_open(&mut self, guest: usize, _: Duration, scene: Scene<'_>) {
        self.has_news = true;
        let commuter = &mut self.commuters[guest];
        if commuter.last_id.is_some() {
            self.returns += 1;
            commuter.account.reopen(scene.said, &mut self.findings);
        } else {
            commuter.account.open(scene.said);
        }
        commuter.state = State::In { until: scene.now.after(around(self.rhythm.stay)) };
    }

    fn handle_text(&mut self, guest: usize, payload: &[u8], scene: Scene<'_>) {
        let commuter = &mut self.commuters[guest];
        self.has_news |= matches!(commuter.state, State::Deciding { .. });
        match self.hearing.read(payload) {
            Heard::Message(stamp) => {
                self.delivered.add(1);
                // A message that was heard before is no step back.
                if commuter.account.hear(&stamp, &mut self.findings) {
                    commuter.last_id = hearing::message_id(payload).map(str::to_owned);
                }
            }
            Heard::Event(ServerEvent::Resume { recovered, replayed }) => {
                self.answered += 1;
                self.recovered += u64::from(recovered);
                commuter.account.handle_resume(recovered, replayed, &mut self.findings);
            }
            Heard::Event(_) => {}
            Heard::Error(words) => {
                self.findings.add(Fault::Refused, 1, || format!("listener {guest}: {words}"));
            }
            Heard::Foreign => commuter.account.hear_foreign(),
        }
        self.note_recovery(guest, scene.now);
    }

    fn handle_end(&mut self, guest: usize, end: End, scene: Scene<'_>) {
        let leaving = self.commuters[guest].state == State::Leaving;
        if !(leaving && end == End::Left) {
            self.findings
                .add(Fault::Ended, 1, || format!("listener {guest}: {}", describe_end(&end)));
        }
        self.depart(guest, scene.now);
    }
}

/// A span a quarter longer or shorter, so that they do not all move at once.
fn around(span: Duration) -> Duration {
    span.mul_f64(0.75 + fastrand::f64() / 2.0)
}
