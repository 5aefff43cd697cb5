//! Acting: what happened goes to the values, and what they say is done.

use std::sync::Arc;
use std::time::Duration;

use fred::error::Error;
use futures_util::{FutureExt, StreamExt};
use stentor_wire::presence::{Here, Tale};
use stentor_wire::time::{Instant, Now};

use super::{ALIVE_INTERVAL, AT_ONCE_MAX, Control, Driver, Errand};
use crate::channel::Audience;
use crate::inbox::Arrival;
use crate::link::{LinkAction, LinkState};
use crate::mode::Mode;
use crate::pipeline::{Outcome, Publish};
use crate::publisher::Outgoing;
use crate::relay;
use crate::session::{self, Plan, Session, SessionEvent};
use crate::subscriptions::{Command, CommandKind};
use crate::waiters::WaiterId;

/// A batch for the shards is closed at so many bytes.
const BATCH_BYTES_MAX: usize = 256 * 1024;

/// A batch for the shards is closed at so many arrivals.
const BATCH_ARRIVALS_MAX: usize = 256;

impl Driver {
    pub(super) fn handle_said(&mut self, messages: Vec<Outgoing>) {
        self.is_silent = messages.is_empty();
        self.said.extend(messages);
        self.number_what_was_said();
    }

    /// Takes whatever has been said by now.
    pub(super) fn take_what_was_said(&mut self) {
        self.ends.outgoings.take_all(&mut self.said);
        self.number_what_was_said();
    }

    /// One after the other, so that a panic costs one message and leaves a hole for it.
    fn number_what_was_said(&mut self) {
        let now = self.clock.now().instant;
        if let Some(first) = self.said.front() {
            self.delays.handle_taken(self.clock.now(), &first.message);
        }
        while let Some(mut outgoing) = self.said.pop_front() {
            let follow = outgoing.follow.take();
            self.pipeline.handle_outgoing(now, outgoing);
            if let Some(follow) = follow {
                self.follow_newest(follow);
            }
        }
        for (audience, count) in self.ends.outgoings.take_overflow() {
            self.pipeline.handle_overflow(now, &audience, count);
        }
    }

    pub(super) fn handle_control(&mut self, first: Control) {
        self.take_control(first);
        for _ in 1..AT_ONCE_MAX {
            let Ok(control) = self.ends.controls.try_recv() else { return };
            self.take_control(control);
        }
    }

    pub(super) fn handle_session(&mut self, first: SessionEvent) {
        self.take_event(first);
        for _ in 1..AT_ONCE_MAX {
            let Some(event) = self.session.as_mut().and_then(Session::try_event) else { return };
            self.take_event(event);
        }
    }

    pub(super) fn handle_published(&mut self, errand: Errand, result: Result<(), Error>) {
        self.take_published(errand, result);
        for _ in 1..AT_ONCE_MAX {
            let Some(Some((errand, result))) = self.publishes.next().now_or_never() else { return };
            self.take_published(errand, result);
        }
    }

    pub(super) fn handle_connected(&mut self, result: Result<Session, Error>) {
        match result {
            Ok(session) => {
                self.known = session.servers().to_vec();
                self.session = Some(session);
                self.link.handle_connected(self.clock.now().instant);
            }
            Err(error) => self.handle_disconnected(error.details()),
        }
    }

    pub(super) fn handle_disconnected(&mut self, why: &str) {
        self.telling.failed(why);
        self.drop_session();
        self.link.handle_disconnected(self.clock.now().instant, self.random.u64(..));
    }

    /// Something here has panicked. The values stand, because each is whole between two calls, and
    /// so do the numbers that were given out: whatever was lost leaves a hole. What was being heard
    /// may be lost without one, and is told of. The session is made anew.
    pub(super) fn handle_panic(&mut self) {
        self.panics += 1;
        self.telling.panicked(self.panics);
        let now = self.clock.now();
        for audience in self.subscriptions.confirmed() {
            self.inbox.handle_lag(audience, &mut self.arrivals);
        }
        self.handle_disconnected("the bus has panicked");
        self.follow_link();
        self.number_what_was_said();
        self.pass_on();
        self.tell_figures_now(now.instant);
    }

    pub(super) fn handle_stop(&mut self, patience: Duration) {
        self.stop_at = Some(self.clock.now().instant + patience);
        self.ends.outgoings.close();
    }

    /// Does what is due and what the values ask for.
    pub(super) fn act(&mut self) {
        let now = self.clock.now();
        self.link.handle_timeout(now.instant, self.random.u64(..));
        self.pipeline.handle_timeout(now.instant);
        self.forget_settled();
        self.subscriptions.handle_timeout(now.instant);
        while let Some(audience) = self.subscriptions.poll_let_in_unheard() {
            self.inbox.handle_interrupted(now, &audience);
            self.hearing.handle_interrupted(now);
        }
        self.inbox.handle_timeout(now);
        self.follow_link();
        self.keep_up();
        self.give_up_on_echoes(now.instant);
        for _ in 0..AT_ONCE_MAX {
            let Some(publish) = self.pipeline.poll_publish(now.instant) else { break };
            self.publish(publish);
        }
        self.read();
        while let Some(command) = self.subscriptions.poll_command(now.instant) {
            self.command(now, command);
        }
        self.look_for_delays(now.instant);
        // First what is heard, then those who wait for it: they find it told.
        self.pass_on();
        self.answer();
        while let Some((waiter, release)) = self.subscriptions.poll_released() {
            if let Some(released) = self.waiters.remove(&waiter) {
                // Who waited may have given up.
                let _ = released.send(release);
            }
        }
        while let Some(healed) = self.pipeline.poll_healed() {
            self.telling.healed(&healed);
        }
        self.tell_alive(now.instant);
        if self.stop_at.is_some() {
            self.say_farewell(now);
        } else if let Some(testimony) = self.hearing.poll_testimony(now) {
            self.tell(&None, &Tale::Heard(testimony));
        }
        self.tell_figures(now.instant);
    }

    fn take_published(&mut self, errand: Errand, result: Result<(), Error>) {
        match errand {
            Errand::Append(audience) => return self.take_appended(&audience, result),
            Errand::Renew(audience) => return self.take_renewed(&audience, &result),
            Errand::Farewell => return self.handle_farewell_taken(),
            Errand::Lack(audience) => return self.take_lack_written(&audience, &result),
            Errand::Echo(audience, number) if result.is_err() => {
                return self.handle_unsaid(&audience, number);
            }
            Errand::Echo(..) => return,
            Errand::Record(_) | Errand::Base | Errand::Probe(_) | Errand::Tale => {}
        }
        if let Err(error) = &result {
            self.telling.failed(error.details());
            if let Some(session) = &mut self.session {
                session.handle_publish_error(error);
            }
        }
        let now = self.clock.now().instant;
        match errand {
            Errand::Record(ticket) => {
                // Of several nodes one may take nothing while the others do.
                if result.is_ok() && self.session.as_ref().is_some_and(Session::is_of_one_node) {
                    self.link.handle_answer(now);
                }
                let outcome = session::outcome(&result);
                self.followed.end(ticket, outcome);
                self.pipeline.handle_outcome(now, ticket, outcome);
            }
            Errand::Probe(number) if result.is_ok() => self.link.handle_probe_taken(now, number),
            _ => {}
        }
    }

    fn take_control(&mut self, control: Control) {
        let now = self.clock.now().instant;
        match control {
            Control::Want(room) => self.subscriptions.handle_wanted(&room),
            Control::Unwant(room) => self.subscriptions.handle_unwanted(now, &room),
            #[cfg(test)]
            Control::Panic => panic!("a test asks for it"),
            Control::Tell(audience, tale) => self.tell(&audience, &tale),
            Control::Wait(rooms, released) => {
                self.waiters_count += 1;
                let waiter = WaiterId(self.waiters_count);
                self.waiters.insert(waiter, released);
                self.subscriptions.handle_wait(now, waiter, &rooms);
            }
        }
    }

    fn take_event(&mut self, event: SessionEvent) {
        let now = self.clock.now();
        match event {
            SessionEvent::Message { channel, payload } => {
                let channel = std::str::from_utf8(&channel).unwrap_or_default();
                if let Some(audience) = self.audiences.get(channel) {
                    let new_from = self.arrivals.len();
                    self.inbox.handle_payload(now, audience, &payload, &mut self.arrivals);
                    self.look_for_foreign(new_from);
                    self.take_echoes();
                }
            }
            SessionEvent::Answered(id, answers, reason) => {
                if let Some(error) = reason {
                    self.telling.failed(error.details());
                }
                match (self.settings.mode, &answers[..]) {
                    // One command for all of them, which Redis refuses whole.
                    (Mode::Classic, [answer, ..]) => {
                        self.subscriptions.handle_answer(now.instant, id, *answer);
                    }
                    _ => self.subscriptions.handle_answers(now.instant, id, &answers),
                }
                self.take_tellings();
            }
            SessionEvent::Unsubscribed(channel) => {
                let channel = std::str::from_utf8(&channel).unwrap_or_default();
                if let Some(audience) = self.audiences.get(channel) {
                    self.subscriptions.handle_ended(audience);
                }
                self.take_tellings();
            }
            SessionEvent::Probed(number) => {
                self.link.handle_probe_heard(now.instant, number);
                self.arrivals.extend(self.hearing.handle_probe_heard(now, number));
            }
            SessionEvent::Moved => self.pipeline.handle_moved(now.instant),
            SessionEvent::Ended(why) => self.handle_disconnected(&why),
        }
    }

    /// Tells other pods of presence, where they can be told now.
    fn tell(&mut self, audience: &Audience, tale: &Tale) {
        self.tell_as(Errand::Tale, audience, tale);
    }

    /// The same as this errand; `false` where they cannot be told.
    pub(super) fn tell_as(&mut self, errand: Errand, audience: &Audience, tale: &Tale) -> bool {
        if *self.ends.link.borrow() != LinkState::Up {
            return false;
        }
        let Some(session) = &self.session else { return false };
        let mut record = relay::encode_tale(&self.settings.pod, tale);
        if record.len() > relay::RECORD_BYTES_MAX
            && let Tale::Here(here) = tale
        {
            // Long names: how many there are must do.
            let here = Here { people: None, ..here.clone() };
            record = relay::encode_tale(&self.settings.pod, &Tale::Here(here));
        }
        let telling = session.publish(self.settings.names.of(audience), record);
        let is_told = telling.is_some();
        if let Some(telling) = telling {
            self.start(errand, telling);
        }
        is_told
    }

    /// Gives other pods a sign of life when it is time.
    fn tell_alive(&mut self, now: Instant) {
        if self.alive_at <= now {
            self.alive_at = now + ALIVE_INTERVAL;
            self.tell(&None, &Tale::Alive);
        }
    }

    /// Follows the link: connects, proves, tears down, and tells the others of its state.
    fn follow_link(&mut self) {
        while let Some(action) = self.link.poll_action() {
            match action {
                LinkAction::Connect => {
                    let plan = Plan {
                        address: self.settings.address.clone(),
                        mode: self.settings.mode,
                        probe: self.probe_channel.clone(),
                        known: self.known.clone(),
                        random: self.random.u64(..),
                        history: self.settings.history,
                    };
                    self.connecting = Some(Box::pin(Session::connect(plan)));
                }
                LinkAction::Probe(number) => {
                    let Some(session) = &mut self.session else { continue };
                    self.hearing.handle_probe(self.clock.now(), number);
                    for probing in session.probe(number) {
                        self.start(Errand::Probe(number), probing);
                    }
                }
                LinkAction::TearDown => {
                    if self.connecting.is_some() {
                        self.telling.failed("no answer");
                    }
                    self.drop_session();
                }
            }
        }
        let now = self.clock.now();
        while let Some(state) = self.link.poll_change() {
            match state {
                LinkState::Up => {
                    self.hearing.handle_link_up(now);
                    self.pipeline.handle_link_up(now.instant);
                    self.subscriptions.handle_link_up(now.instant);
                }
                LinkState::Down => {
                    self.hearing.handle_link_down(now);
                    self.pipeline.handle_link_down(now.instant);
                    self.followed.end_all();
                    self.subscriptions.handle_link_down();
                    self.audiences.clear();
                }
                LinkState::Connecting | LinkState::Deaf => {}
            }
            self.telling.link(state);
            self.ends.link.send_replace(state);
        }
    }

    fn drop_session(&mut self) {
        self.session = None;
        self.connecting = None;
        self.publishes.clear();
        self.forget_farewell();
        self.forget_session();
    }

    fn publish(&mut self, publish: Publish) {
        let Some(session) = &self.session else { return };
        let Publish { ticket, audience, payload, entry } = publish;
        let record = payload.clone();
        match (session.publish(self.settings.names.of(&audience), payload), ticket) {
            (Some(publishing), ticket) => {
                if let Some(entry) = entry {
                    self.append(&audience, entry, record);
                }
                self.start(ticket.map_or(Errand::Base, Errand::Record), publishing);
            }
            (None, Some(ticket)) => {
                self.followed.end(ticket, Outcome::Away);
                self.pipeline.handle_outcome(self.clock.now().instant, ticket, Outcome::Away);
            }
            (None, None) => {}
        }
    }

    pub(super) fn start<F>(&mut self, errand: Errand, publishing: F)
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let mut publishing = Box::pin(async move { (errand, publishing.await) });
        // The first look hands it to fred, and so the order of these calls is the order on the
        // wire, in whatever order the set of them looks at its members later.
        match (&mut publishing).now_or_never() {
            Some((errand, result)) => self.take_published(errand, result),
            None => self.publishes.push(publishing),
        }
    }

    fn command(&mut self, now: Now, command: Command) {
        let Some(session) = &mut self.session else { return };
        let Command { id, kind, audiences } = command;
        let names: Vec<String> =
            audiences.iter().map(|audience| self.settings.names.of(audience)).collect();
        for (name, audience) in names.iter().zip(&audiences) {
            match kind {
                CommandKind::Subscribe => {
                    self.audiences.insert(name.clone(), audience.clone());
                    if self.subscriptions.is_interrupted(audience) {
                        self.inbox.handle_interrupted(now, audience);
                        self.hearing.handle_interrupted(now);
                    }
                }
                CommandKind::Unsubscribe => {
                    self.audiences.remove(name);
                    self.inbox.handle_unsubscribed(audience);
                }
            }
        }
        session.command(id, kind, names);
    }

    /// Puts what is told of subscriptions behind what was heard before it.
    fn take_tellings(&mut self) {
        let now = self.clock.now();
        while let Some(telling) = self.subscriptions.poll_telling() {
            if let Arrival::Lost(_) = &telling {
                self.hearing.handle_interrupted(now);
            }
            self.arrivals.push(telling);
        }
    }

    /// Tells the shards where what was said here waits, while they hear other pods.
    fn look_for_delays(&mut self, now: Instant) {
        let is_up = self.link.state() == LinkState::Up;
        let are_late = self.delays.poll(now, self.pipeline.oldest_said_at());
        if are_late && is_up && self.settings.testifies {
            self.arrivals.push(Arrival::Delayed);
        }
    }

    /// Gives the shards what has arrived.
    fn pass_on(&mut self) {
        self.take_tellings();
        let mut bytes = 0;
        let mut batch = Vec::new();
        for arrival in self.arrivals.drain(..) {
            if let Arrival::Delivery(delivery) = &arrival {
                bytes += delivery.frame.len();
            }
            batch.push(arrival);
            if bytes >= BATCH_BYTES_MAX || batch.len() >= BATCH_ARRIVALS_MAX {
                // An error says that no shard is left.
                let _ = self.ends.arrivals.send(Arc::from(std::mem::take(&mut batch)));
                bytes = 0;
            }
        }
        if !batch.is_empty() {
            // As above.
            let _ = self.ends.arrivals.send(Arc::from(batch));
        }
    }
}
