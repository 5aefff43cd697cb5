//! One step of the chat beside the crowd: when it is told to come or to go, and what it says.

use std::time::Duration;

use crate::failure::Failure;
use crate::load::connection::End;
use crate::load::guests::{Guests, Scene, Slots};
use crate::measure::meter::ServerMeter;
use crate::measure::moment::Moment;
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
    /// How long numbers are waited for once all have come, or gone.
    telling: Duration,
    /// Their CPU time together when the crowd was told, and when it was asked.
    cpu: [Option<Duration>; 2],
    own: OwnDelay,
    /// The most that this process may have added to a latency.
    pub(super) late_max: Duration,
    moved_at: Moment,
    is_told: bool,
    is_asked: bool,
    pub(super) moved: Option<Move>,
    pub(super) told: Option<Told>,
}

impl<'a> Watch<'a> {
    /// A step in which the crowd carries out an order.
    pub(super) fn new(
        crowd: &'a mut Other,
        order: Order,
        telling: Duration,
        servers: &'a [ServerMeter],
    ) -> Self {
        Self {
            crowd,
            order,
            servers,
            telling,
            cpu: [None; 2],
            own: OwnDelay::begin(),
            late_max: Duration::ZERO,
            moved_at: Moment::NEVER,
            is_told: false,
            is_asked: false,
            moved: None,
            told: None,
        }
    }

    /// What all pods spent from the word to the question; none where no process was named.
    pub(super) fn server_cpu(&self) -> Option<Duration> {
        let [Some(first), Some(last)] = self.cpu else { return None };
        Some(last.saturating_sub(first))
    }

    fn read_cpu(&self) -> Result<Option<Duration>, Failure> {
        let spent = self.servers.iter().map(ServerMeter::cpu).sum::<Result<Duration, _>>()?;
        Ok(Some(spent).filter(|_| !self.servers.is_empty()))
    }

    fn hear(&mut self, now: Moment) -> Result<(), Failure> {
        while let Some(line) = self.crowd.poll_line()? {
            match talk::read(&line)? {
                Answer::Ready => {}
                Answer::Done(moved) => {
                    self.moved = Some(moved);
                    self.moved_at = now;
                }
                Answer::Told(told) => self.told = Some(told),
            }
        }
        Ok(())
    }
}

impl Guests for Watch<'_> {
    fn act(&mut self, scene: Scene<'_>, _: &mut Slots<'_>) -> Result<(), Failure> {
        self.late_max = self.late_max.max(self.own.since_last_look());
        self.hear(scene.now)
    }

    fn finish(&mut self, scene: Scene<'_>, _: &mut Slots<'_>) -> Result<bool, Failure> {
        self.hear(scene.now)?;
        let is_over = self.moved.is_some() && scene.now >= self.moved_at.after(self.telling);
        if is_over && !self.is_asked {
            self.is_asked = true;
            self.cpu[1] = self.read_cpu()?;
            self.crowd.say(&talk::line(&Order::Tell)?)?;
        }
        Ok(self.told.is_some())
    }

    fn handle_mark(&mut self) -> Result<(), Failure> {
        // The measured span begins; its end says nothing, for the crowd may take longer.
        if !self.is_told {
            self.is_told = true;
            self.cpu[0] = self.read_cpu()?;
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
