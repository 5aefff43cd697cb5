//! Who opened and who did not, while a crowd of connections comes or goes.

use std::time::Duration;

use crate::load::connection::{Audience, End};
use crate::measure::moment::Moment;

/// Hears who opened and who did not, while a crowd comes or goes.
#[derive(Debug, Default)]
pub(super) struct Doors {
    /// How many were called.
    pub(super) begun: usize,
    /// How many are in.
    pub(super) opened: usize,
    /// What was the first to go wrong.
    pub(super) trouble: Option<String>,
}

impl Doors {
    /// How many are on their way.
    pub(super) fn opening(&self) -> usize {
        self.begun - self.opened
    }
}

impl Audience for Doors {
    fn handle_open(&mut self, _: usize, _: Duration) {
        self.opened += 1;
    }

    fn handle_text(&mut self, _: usize, _: &[u8], _: Moment) {}

    fn handle_end(&mut self, connection: usize, end: End) {
        let reason = match end {
            End::Left => return,
            End::Closed(code) => format!("the server closed it with code {code}"),
            End::Cut(reason) => reason,
            End::Refused(reason) => format!("refused: {reason}"),
        };
        self.trouble.get_or_insert(format!(
            "connection {connection}, after {} had opened: {reason}",
            self.opened
        ));
    }
}
