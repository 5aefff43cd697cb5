//! Leaving politely: closes spread over a window, so that the others are not stormed at once.

use std::time::Duration;

use stentor_wire::close::CloseCode;
use stentor_wire::event::Event as Notice;

use crate::numbers::MemberId;
use crate::shard::Shard;
use crate::time::{Instant, Now, millis};

/// The closes of one turn at the most.
const CLOSES_PER_TURN_MAX: usize = 1_024;

/// How often a drain goes on.
const STEP: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(super) struct Drain {
    began: Instant,
    window: Duration,
    /// Members below this index are served.
    cursor: usize,
    /// Members there were in the beginning.
    total: usize,
    closed: usize,
    next_at: Option<Instant>,
}

impl Drain {
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.next_at
    }
}

impl Shard {
    /// Begins to close every member with 1001, spread evenly over `window`. Members that hear
    /// events are told first when they should connect again, spread over the window too, or over a
    /// second where that is shorter.
    pub fn handle_drain(&mut self, now: Now, window: Duration) {
        if self.drain.is_some() {
            return;
        }
        self.announce_drain(now, window);
        self.drain = Some(Drain {
            began: now.instant,
            window,
            cursor: 0,
            total: self.members_open,
            closed: 0,
            next_at: Some(now.instant),
        });
        self.continue_drain(now);
    }

    pub(super) fn continue_drain(&mut self, now: Now) {
        let Some(mut drain) = self.drain.take() else { return };
        let due = if now.instant.since(drain.began) >= drain.window {
            usize::MAX
        } else {
            let elapsed = now.instant.since(drain.began).as_secs_f64();
            (drain.total as f64 * elapsed / drain.window.as_secs_f64()) as usize
        };
        let mut budget = CLOSES_PER_TURN_MAX;
        while drain.cursor < self.members.len() && drain.closed < due && budget > 0 {
            let id = MemberId(drain.cursor as u32);
            drain.cursor += 1;
            if self.is_open(id) {
                self.handle_close(id, CloseCode::GoingAway);
                drain.closed += 1;
                budget -= 1;
            }
        }
        let done = drain.cursor >= self.members.len();
        drain.next_at = (!done).then(|| now.instant + STEP);
        self.drain = Some(drain);
    }

    fn announce_drain(&mut self, now: Now, window: Duration) {
        let window_ms = millis(window).max(1_000);
        let listeners: Vec<MemberId> = (0..self.members.len() as u32)
            .map(MemberId)
            .filter(|id| {
                self.member(*id).is_some_and(|member| member.is_open() && member.options.events)
            })
            .collect();
        for id in listeners {
            let reconnect_after_ms = self.ids.random_below(window_ms);
            self.tell_event(now, id, None, &Notice::Drain { reconnect_after_ms });
        }
    }
}
