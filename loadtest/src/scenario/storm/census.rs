//! How many connections the server itself counts, asked of its statistics by a thread apart.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use crate::load::target::Target;
use crate::measure::moment::{Clock, Moment};

/// How long the thread rests between two questions.
const REST: Duration = Duration::from_millis(25);
/// How many answers may wait to be heard; further ones are let go.
const ANSWERS_MAX: usize = 64;

/// The answers as they come.
#[derive(Debug)]
pub(super) struct Census {
    answers: Receiver<(Moment, u64)>,
}

impl Census {
    /// Begins to ask; the thread ends with this value.
    pub(super) fn begin(target: Target) -> Self {
        let (tx, answers) = mpsc::sync_channel(ANSWERS_MAX);
        thread::spawn(move || {
            loop {
                // A question that found no answer in a storm is asked again.
                if let Ok(count) = target.count_connections() {
                    let answer = (Clock.now(), count);
                    if matches!(tx.try_send(answer), Err(mpsc::TrySendError::Disconnected(_))) {
                        return;
                    }
                }
                thread::sleep(REST);
            }
        });
        Self { answers }
    }

    /// The next answer: when it came, and how many connections there were.
    pub(super) fn poll(&self) -> Option<(Moment, u64)> {
        self.answers.try_recv().ok()
    }
}
