//! What goes wrong, and how it ends.

use super::{Event, World};
use crate::connection::{ConnectionId, Pace, Phase};
use crate::fault::Fault;
use crate::plan::Window;
use crate::pod::CALENDAR_START_MILLIS;
use crate::queue::MILLI;
use crate::redis::{Health, Reply, Request};

impl World {
    pub(super) fn begin_fault(&mut self, window: Window) {
        let Window { fault, lasts, target, .. } = window;
        self.trace.note(self.now, || format!("{fault} begins, of {target}"));
        self.open.push(fault);
        match fault {
            Fault::RedisDown => {
                self.cut(None);
                let now = CALENDAR_START_MILLIS + self.now / 1_000;
                self.redis.archive.die(now, &mut self.random);
            }
            Fault::RedisDeaf => self.redis.deafen(),
            Fault::LinkCut => {
                if let Some(pod) = self.places.get(target).copied().flatten() {
                    self.cut(Some(pod));
                }
            }
            Fault::PodKilled => self.kill_pod(target),
            Fault::ShardLag => {
                if let Some(pod) = self.places.get(target).copied().flatten() {
                    let shard = self.random.usize(0..self.pods[pod].sides.len());
                    self.pods[pod].sides[shard].stands_until = self.now + lasts;
                }
            }
            Fault::BusLag => {
                if let Some(pod) = self.places.get(target).copied().flatten() {
                    self.pods[pod].bus.stands_until = self.now + lasts;
                }
            }
            Fault::PodDeaf => {
                if let Some(pod) = self.places.get(target).copied().flatten() {
                    self.redis.mute(pod);
                }
            }
            Fault::PodStands => {
                if let Some(pod) = self.places.get(target).copied().flatten() {
                    let until = self.now + lasts;
                    self.pods[pod].bus.stands_until = until;
                    self.pods[pod].sides.iter_mut().for_each(|side| side.stands_until = until);
                }
            }
            Fault::CalendarStep => self.set_calendar(target),
            Fault::ClientSlow => self.set_pace(target, Pace::Slow),
            Fault::ClientHalfOpen => self.set_pace(target, Pace::Never),
            Fault::ClientReconnects => {
                if let Some(id) = self.connection_of(target) {
                    self.end_connection(id);
                    self.retry(target);
                }
            }
            _ => {}
        }
        self.set_health();
    }

    pub(super) fn end_fault(&mut self, window: Window) {
        let Window { fault, target, .. } = window;
        self.trace.note(self.now, || format!("{fault} ends, of {target}"));
        if let Some(place) = self.open.iter().position(|open| *open == fault) {
            self.open.swap_remove(place);
        }
        match fault {
            Fault::PodKilled if self.places.get(target).is_some_and(Option::is_none) => {
                self.start_pod(target);
            }
            Fault::CalendarStep => self.set_calendar_back(target),
            Fault::ClientSlow => {
                if let Some(id) = self.connection_of(target) {
                    if self.connections[id].pace == Pace::Slow {
                        self.connections[id].pace = Pace::Usual;
                    }
                    self.schedule_read(id);
                }
            }
            // The client itself comes back; its old connection does not.
            Fault::ClientHalfOpen => {
                let id = self.connection_of(target);
                if let Some(id) = id.filter(|id| self.connections[*id].pace == Pace::Never) {
                    self.give_up(id);
                    self.retry(target);
                }
            }
            _ => {}
        }
        self.set_health();
    }

    /// Several windows may be open at once: the worst of them counts.
    fn set_health(&mut self) {
        let health = if self.is_open(Fault::RedisDown) {
            Health::Down
        } else if self.is_open(Fault::RedisDeaf) {
            Health::Deaf
        } else if self.is_open(Fault::RedisFrozen) {
            Health::Frozen
        } else {
            Health::Up
        };
        if health == Health::Up && self.redis.health == Health::Frozen {
            let replies = self.redis.thaw(CALENDAR_START_MILLIS + self.now / 1_000);
            self.carry_replies(replies);
        }
        if self.redis.health == Health::Down && health != Health::Down {
            self.redis.archive.begin(CALENDAR_START_MILLIS + self.now / 1_000);
        }
        self.redis.health = health;
    }

    fn cut(&mut self, pod: Option<usize>) {
        for session in self.redis.cut(pod) {
            let at = self.now + self.delay(50, 3 * MILLI);
            self.queue.push(at, Event::FromRedis(session, Reply::Ended));
        }
    }

    fn kill_pod(&mut self, place: usize) {
        let Some(pod) = self.places.get_mut(place).and_then(Option::take) else { return };
        self.pods[pod].is_alive = false;
        self.oracle.pod_died(pod);
        if let Some(session) = self.pods[pod].bus.session {
            self.send(session, Request::Close);
        }
        let own: Vec<ConnectionId> = (0..self.connections.len())
            .filter(|id| self.connections[*id].pod == pod)
            .filter(|id| self.connections[*id].phase != Phase::Gone)
            .collect();
        for id in own {
            self.connections[id].phase = Phase::Gone;
            self.connections[id].socket.clear();
            let at = self.now + self.delay(100, 20 * MILLI);
            self.queue.push(at, Event::PodGone(id));
        }
    }

    fn set_calendar(&mut self, place: usize) {
        let step = self.random.i64(600..20_000) * if self.random.bool() { 1 } else { -1 };
        if let Some(pod) = self.places.get(place).copied().flatten() {
            self.pods[pod].skew_millis += step;
            self.pods[pod].was_set = true;
            self.trace.note(self.now, || format!("the calendar of pod {pod} is set by {step} ms"));
        }
    }

    fn set_calendar_back(&mut self, place: usize) {
        if let Some(pod) = self.places.get(place).copied().flatten() {
            self.pods[pod].skew_millis = 0;
        }
    }

    fn set_pace(&mut self, client: usize, pace: Pace) {
        if let Some(id) = self.connection_of(client) {
            self.connections[id].pace = pace;
            self.connections[id].was_slow = true;
            if pace == Pace::Never {
                self.oracle.over(self.now, id);
            }
        }
    }

    fn connection_of(&self, client: usize) -> Option<ConnectionId> {
        self.clients.get(client)?.connection
    }
}
