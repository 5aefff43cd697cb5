//! What the processes of one load say to each other, a line of JSON each.

use serde::{Deserialize, Serialize};

use crate::load::step::{Step, StepFigures};
use crate::measure::moment::Moment;

/// What the first process tells the others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Talk, each on its own beat of the one schedule.
    Step(Step, Start),
    /// Wait for what is outstanding of what all talkers of all processes said, and judge.
    Judge(Vec<u32>),
    /// Leave with all connections, and end.
    Leave,
}

/// Where the one schedule of all processes begins.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Start {
    /// When its first message is due.
    pub(crate) begin: Moment,
    /// Whose turn that is: turns are counted through all steps.
    pub(crate) turn: u64,
}

/// What another process answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// All of its connections are open.
    Opened,
    /// It has said what it had to: how much, by the talkers of all processes (0 for another's).
    Talked(Vec<u32>),
    /// It has judged what it heard.
    Judged(Box<StepFigures>),
    /// All of its connections have left.
    Left,
}
