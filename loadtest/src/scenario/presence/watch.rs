//! One step of the chat beside the crowd: when it is told to come or to go, and what it says.

use std::time::Duration;

use crate::failure::Failure;
use crate::load::connection::End;
use crate::load::guests::{Guests, Scene, Slots};
use crate::measure::meter::ServerMeter;
use crate::measure::own_delay::OwnDelay;
use crate::process::child::Other;
use crate::process::talk;
use crate::scenario::presence::words::{Answer, Move, Order, Told};

/// The crowd's process in one step, and what the pods spend meanwhile.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    crowd: &'a mut Other,
    /// What it is told when the step begins.
    order: Order,
    servers: &'a [ServerMeter],
    /// Their CPU time together at the ends of the step.
    cpu: Vec<Duration>,
    own: OwnDelay,
    /// The most that this process may have added to a latency.
    pub(super) late_max: Duration,
    is_asked: bool,
    pub(super) moved: Option<Move>,
    pub(super) told: Option<Told>,
}

impl<'a> Watch<'a> {
    /// A step in which the crowd carries out an order.
    pub(super) fn new(crowd: &'a mut Other, order: Order, servers: &'a [ServerMeter]) -> Self {
        Self {
            crowd,
            order,
            servers,
            cpu: Vec::new(),
            own: OwnDelay::begin(),
            late_max: Duration::ZERO,
            is_asked: false,
            moved: None,
            told: None,
        }
    }

    /// What all pods spent in the step; none where no process was named.
    pub(super) fn server_cpu(&self) -> Option<Duration> {
        let [first, .., last] = self.cpu.as_slice() else { return None };
        (!self.servers.is_empty()).then(|| last.saturating_sub(*first))
    }

    fn hear(&mut self) -> Result<(), Failure> {
        while let Some(line) = self.crowd.poll_line()? {
            match talk::read(&line)? {
                Answer::Ready => {}
                Answer::Done(moved) => self.moved = Some(moved),
                Answer::Told(told) => self.told = Some(told),
            }
        }
        Ok(())
    }
}

impl Guests for Watch<'_> {
    fn act(&mut self, _: Scene<'_>, _: &mut Slots<'_>) -> Result<(), Failure> {
        self.late_max = self.late_max.max(self.own.since_last_look());
        self.hear()
    }

    fn finish(&mut self, _: Scene<'_>, _: &mut Slots<'_>) -> Result<bool, Failure> {
        self.hear()?;
        if self.moved.is_some() && !self.is_asked {
            self.is_asked = true;
            self.crowd.say(&talk::line(&Order::Tell)?)?;
        }
        Ok(self.told.is_some())
    }

    fn handle_mark(&mut self) -> Result<(), Failure> {
        let spent = self.servers.iter().map(ServerMeter::cpu).sum::<Result<Duration, _>>()?;
        self.cpu.push(spent);
        if self.cpu.len() == 1 {
            self.own.since_last_look();
            self.late_max = Duration::ZERO;
            self.crowd.say(&talk::line(&self.order)?)?;
        }
        Ok(())
    }

    fn handle_open(&mut self, _: usize, _: Duration, _: Scene<'_>) {}

    fn handle_text(&mut self, _: usize, _: &[u8], _: Scene<'_>) {}

    fn handle_end(&mut self, _: usize, _: End, _: Scene<'_>) {}
}
