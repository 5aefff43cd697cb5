//! Waiting: what the next turn begins with.

use std::future::pending;

use futures_util::StreamExt;
use tokio::time::sleep_until;

use super::remembering::{Memory, next_ask, next_read};
use super::{AT_ONCE_MAX, Driver, Event};
use crate::session::{Session, SessionEvent};

impl Driver {
    /// Waits for the next thing to happen; all that it waits for may be dropped unharmed.
    pub(super) async fn next_event(&mut self) -> Event {
        let due = self.clock.runtime_instant(self.next_due());
        let mut said = Vec::new();
        let is_stopping = self.stop_at.is_some();
        let memory = self.memory.as_mut();
        let (asks, reading) = memory.map(|memory| (&mut memory.asks, &mut memory.reading)).unzip();
        tokio::select! {
            Some(control) = self.ends.controls.recv() => Event::Control(control),
            patience = &mut self.ends.stop, if !is_stopping => {
                // Whoever held the bus has dropped it, and waits for nothing.
                Event::Stop(patience.unwrap_or_default())
            }
            Some((errand, result)) = self.publishes.next() => Event::Published(errand, result),
            result = connected(&mut self.connecting) => {
                self.connecting = None;
                Event::Connected(Box::new(result))
            }
            event = session_event(&mut self.session) => Event::Session(event),
            _ = self.ends.outgoings.recv_many(&mut said, AT_ONCE_MAX), if !self.is_silent => {
                Event::Said(said)
            }
            Some(ask) = next_ask(asks) => Event::Asked(ask),
            Some((audience, result)) = next_read(reading) => Event::Read(audience, result),
            () = sleep_until(due) => Event::Due,
        }
    }

    fn next_due(&self) -> stentor_wire::time::Instant {
        let dues = [
            self.pipeline.poll_timeout(),
            self.subscriptions.poll_timeout(),
            Some(self.link.poll_timeout()),
            Some(self.telling.next_figures_at()),
            self.stop_at,
            self.upkeep_due(),
            self.memory.as_ref().and_then(Memory::poll_timeout),
            Some(self.alive_at),
            self.hearing.poll_timeout(),
            self.delays.poll_timeout(self.pipeline.oldest_said_at()),
        ];
        dues.into_iter().flatten().min().unwrap_or_default()
    }
}

async fn connected(
    connecting: &mut Option<super::Connecting>,
) -> Result<Session, fred::error::Error> {
    match connecting {
        Some(connecting) => connecting.await,
        None => pending().await,
    }
}

async fn session_event(session: &mut Option<Session>) -> SessionEvent {
    match session {
        Some(session) => session.event().await,
        None => pending().await,
    }
}
