//! What lies between pods and Redis: the bus threads, the connections, the delays.

use super::{Event, World};
use crate::bus::{Effect, Input};
use crate::client::Text;
use crate::fault::Fault;
use crate::pod::CALENDAR_START_MILLIS;
use crate::queue::{MILLI, Micros, SECOND};
use crate::redis::{Reply, Request, SessionId};

/// How long anything takes between a pod and Redis.
const NETWORK: (Micros, Micros) = (50, 2 * MILLI);

impl World {
    /// Tells a bus something; what one pod tells comes in order.
    pub(super) fn tell_bus(&mut self, pod: usize, input: Input) {
        let delay = self.delay(5, 200);
        let at = self.pods[pod].to_bus.arrival(self.now, delay);
        self.queue.push(at, Event::ToBus { pod, input });
    }

    pub(super) fn bring_to_bus(&mut self, pod: usize, input: Input) {
        if !self.pods[pod].is_alive {
            return;
        }
        if let Input::Said { message, .. } = &input
            && let Ok(text) = serde_json::from_slice::<Text>(message)
            && let Some(number) = text.data.n
        {
            self.oracle.passed_on(pod, number);
        }
        self.pods[pod].bus.inputs.push_back(input);
        let delay = self.delay(0, 100);
        self.wake_bus(pod, delay);
    }

    pub(super) fn wake_bus(&mut self, pod: usize, delay: Micros) {
        let bus = &mut self.pods[pod].bus;
        let at = (self.now + delay).max(bus.stands_until);
        if bus.wakes_at.is_none_or(|wakes_at| wakes_at > at) {
            bus.wakes_at = Some(at);
            self.queue.push(at, Event::Bus { pod });
        }
    }

    pub(super) fn bus_wakes(&mut self, pod: usize) {
        let running = &mut self.pods[pod];
        if !running.is_alive || running.bus.wakes_at != Some(self.now) {
            return;
        }
        running.bus.wakes_at = None;
        if running.bus.stands_until > self.now {
            self.wake_bus(pod, 0);
            return;
        }
        let now = running.now(self.now);
        running.bus.run(now);
        self.do_effects(pod);
        let due = self.pods[pod].bus.poll_timeout();
        self.wake_bus(pod, due.saturating_sub(self.now).max(20));
    }

    pub(super) fn bring_to_redis(&mut self, session: SessionId, request: Request) {
        let now = CALENDAR_START_MILLIS + self.now / 1_000;
        let replies = self.redis.handle(now, session, request);
        self.carry_replies(replies);
    }

    pub(super) fn bring_from_redis(&mut self, session: SessionId, reply: Reply) {
        let Some(of) = self.redis.sessions.get(&session) else { return };
        if of.is_cut && !matches!(reply, Reply::Ended) || of.is_deaf {
            return;
        }
        if of.is_mute && matches!(reply, Reply::Heard { .. }) {
            return;
        }
        self.bring_to_bus(of.pod, Input::FromRedis(session, reply));
    }

    /// Carries replies to their pods, each connection's in order.
    pub(super) fn carry_replies(&mut self, replies: Vec<(SessionId, Reply)>) {
        for (id, reply) in replies {
            let mut delay = self.redis_delay();
            let is_late = self.is_open(Fault::AnswersLost);
            if matches!(reply, Reply::Published(Some(_))) && is_late {
                match self.random.u32(0..3) {
                    0 => continue,
                    1 => delay += self.random.u64(0..2 * SECOND),
                    _ => {}
                }
            }
            let is_reordered = self.is_open(Fault::ChannelsReordered);
            if is_reordered && self.random.u32(0..5) == 0 {
                delay += self.random.u64(0..100 * MILLI);
            }
            let now = self.now;
            let Some(session) = self.redis.sessions.get_mut(&id) else { continue };
            let lane = match &reply {
                Reply::Heard { channel, .. } if is_reordered => {
                    session.by_channel.entry(channel.clone()).or_default()
                }
                Reply::Heard { .. } | Reply::Answered(_) => &mut session.replies[1],
                Reply::Found(..) => &mut session.replies[2],
                Reply::Published(_) | Reply::LackWritten(_) | Reply::Connected | Reply::Ended => {
                    &mut session.replies[0]
                }
            };
            let at = lane.arrival(now, delay);
            self.queue.push(at, Event::FromRedis(id, reply));
        }
    }

    /// Sends a request of a pod on its way.
    pub(super) fn send(&mut self, id: SessionId, request: Request) {
        let delay = self.redis_delay();
        let Some(session) = self.redis.sessions.get_mut(&id) else { return };
        let [publisher, subscriber, reader] = &mut session.requests;
        let at = match &request {
            Request::Connect { .. }
            | Request::Publish { .. }
            | Request::Append { .. }
            | Request::Renew { .. }
            | Request::Lack { .. } => publisher.arrival(self.now, delay),
            Request::Read { .. } => reader.arrival(self.now, delay),
            Request::Command { .. } => subscriber.arrival(self.now, delay),
            // What was written before the end arrives before it.
            Request::Close => {
                publisher.arrival(self.now, delay).max(subscriber.arrival(self.now, delay))
            }
        };
        self.queue.push(at, Event::ToRedis(id, request));
    }

    fn do_effects(&mut self, pod: usize) {
        loop {
            let effects = std::mem::take(&mut self.pods[pod].bus.effects);
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Connect => {
                        let session = self.redis.begin(pod);
                        self.trace.note(self.now, || format!("pod {pod} connects, {session}"));
                        self.pods[pod].bus.handle_connecting(session);
                    }
                    Effect::Send(session, request) => {
                        self.trace
                            .note(self.now, || format!("pod {pod} on {session}: {request:?}"));
                        self.send(session, request);
                    }
                    Effect::Released(waiter, release) => self.released(pod, waiter, release),
                    Effect::Answered(ask, found) => self.take_answer(ask, found),
                    Effect::Batch(batch) => {
                        self.pods[pod].pass_on(&batch);
                        for shard in 0..self.pods[pod].sides.len() {
                            let delay = self.delay(5, 200);
                            self.wake_shard(pod, shard, delay);
                        }
                    }
                }
            }
        }
    }

    fn redis_delay(&mut self) -> Micros {
        let usual = self.delay(NETWORK.0, NETWORK.1);
        if self.is_open(Fault::RedisSlow) {
            return usual + self.delay(0, 250 * MILLI);
        }
        usual
    }
}
