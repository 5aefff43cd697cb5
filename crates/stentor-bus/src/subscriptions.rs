//! Subscriptions: which channels are to be heard, and which Redis has confirmed.
//!
//! `global` always; a room while it has members on some shard, and 30 seconds longer unless set
//! otherwise, so that people who come and go cost Redis nothing. Commands go out in batches, one at a time for a
//! channel, so that a subscribe cannot overtake an unsubscribe. A new link starts from nothing.
//!
//! What Redis has confirmed can be lost without a word (a moved slot, a failover), and Redis has
//! no question whose answer says what *this* connection hears. So the audit subscribes to
//! everything again every 20 seconds: Redis confirms what is there and repairs what is not.
//!
//! Shards are told which channels are heard, in one order with what is heard on them. They are
//! told late that a channel is heard and early that it is not, never the other way round.
//!
//! There are as many channels as rooms with members, and those that linger. The first are bounded
//! by the engine, which bounds connections and the rooms of each; the others here.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::counters::SubscriptionCounters;
use crate::inbox::Arrival;
use crate::waiters::{Release, WaiterId, Waiters};

/// The most channels of one command.
pub const CHANNELS_PER_COMMAND_MAX: usize = 128;

/// The most commands under way: one, because an answer that is not the expected one must not be
/// taken for that of the next. What is wanted meanwhile goes into the next one together.
pub const COMMANDS_MAX: usize = 1;

/// A room without members is heard for so long, where nothing else is set.
pub const LINGER: Duration = Duration::from_secs(30);

/// The most rooms that linger; past it the one that was left first goes at once.
pub const LINGERING_MAX: usize = 65_536;

/// How often everything is subscribed to again.
pub const AUDIT_INTERVAL: Duration = Duration::from_secs(20);

/// How long Redis may take to confirm a command.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(1);

/// After a command that failed nothing is asked for so long.
const PAUSE: Duration = Duration::from_millis(250);

/// Names a command; an answer to one of an earlier link says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(u64);

impl CommandId {
    /// A number from 1 on, no number twice.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// What Redis is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What [`Subscriptions::handle_answer`] is told.
    pub id: CommandId,
    /// Which of the two.
    pub kind: CommandKind,
    /// At most [`CHANNELS_PER_COMMAND_MAX`], no channel twice.
    pub audiences: Vec<Audience>,
}

/// `SUBSCRIBE` or `UNSUBSCRIBE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// `SUBSCRIBE`
    Subscribe,
    /// `UNSUBSCRIBE`
    Unsubscribe,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Redis has confirmed it.
    Confirmed,
    /// No answer, or "not now": it is tried again soon.
    Failed,
    /// Redis says that this user may not. The channels of the command are tried one by one, and
    /// one that is refused alone is tried again at the next audit.
    Refused,
    /// The node of the channel is not there, others are: it is tried again at the next audit.
    Away,
}

/// Which channels a pod hears.
#[derive(Debug)]
pub struct Subscriptions {
    /// In the order of their names, so that what Redis is told is decided by the rooms alone.
    channels: BTreeMap<Audience, Channel>,
    to_subscribe: VecDeque<Audience>,
    to_unsubscribe: VecDeque<Audience>,
    lingering: VecDeque<(Instant, Audience)>,
    under_way: HashMap<CommandId, UnderWay>,
    next_command: u64,
    link_up: bool,
    linger: Duration,
    held_until: Instant,
    audit_at: Instant,
    waiters: Waiters,
    /// What shards are to be told; whoever drives this takes it out after each thing it brought.
    tellings: VecDeque<Arrival>,
    /// Rooms that members were let into though they are not heard yet.
    unheard: BTreeSet<RoomName>,
    counters: SubscriptionCounters,
}

#[derive(Debug)]
struct Channel {
    /// By how many shards.
    wanted: u32,
    unwanted_at: Instant,
    /// Whether it stands in the queue of those that linger.
    lingers: bool,
    /// Whether it goes into a command by itself.
    alone: bool,
    /// Whether it has members who were owed something while it was not heard.
    interrupted: bool,
    /// Whether shards were told last that it is heard.
    told: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Not heard, and stands in the queue to be while the link is up.
    Missing,
    /// Not heard, and Redis has refused it.
    Forbidden,
    /// Not heard, because its node is not there.
    Away,
    /// Not heard yet; a command is under way.
    Asked,
    /// Heard.
    Confirmed,
    /// Heard, and a command is under way that subscribes to it again.
    Renewing,
    /// Stands in the queue to be heard no more, or a command is under way.
    Leaving,
}

#[derive(Debug)]
struct UnderWay {
    command: Command,
    deadline: Instant,
}

impl Default for Subscriptions {
    /// Rooms without members are heard for [`LINGER`].
    fn default() -> Subscriptions {
        Subscriptions::new(LINGER)
    }
}

impl Subscriptions {
    /// The link is down; a room is to be heard for `linger` after its last member left.
    pub fn new(linger: Duration) -> Subscriptions {
        let mut subscriptions = Subscriptions {
            channels: BTreeMap::new(),
            to_subscribe: VecDeque::new(),
            to_unsubscribe: VecDeque::new(),
            lingering: VecDeque::new(),
            under_way: HashMap::new(),
            next_command: 0,
            link_up: false,
            linger,
            held_until: Instant::default(),
            audit_at: Instant::default(),
            waiters: Waiters::default(),
            tellings: VecDeque::new(),
            unheard: BTreeSet::new(),
            counters: SubscriptionCounters::default(),
        };
        subscriptions.want(None);
        subscriptions
    }

    /// A shard has its first member of a room.
    pub fn handle_wanted(&mut self, room: &RoomName) {
        self.want(Some(room.clone()));
    }

    /// A shard has lost its last member of a room.
    pub fn handle_unwanted(&mut self, now: Instant, room: &RoomName) {
        let audience = Some(room.clone());
        let Some(channel) = self.channels.get_mut(&audience) else { return };
        channel.wanted = channel.wanted.saturating_sub(1);
        if channel.wanted > 0 {
            return;
        }
        channel.unwanted_at = now;
        if !channel.lingers {
            channel.lingers = true;
            self.lingering.push_back((now + self.linger, audience));
        }
        while self.lingering.len() > LINGERING_MAX {
            let Some((_, oldest)) = self.lingering.pop_front() else { break };
            self.leave(&oldest);
        }
    }

    /// `waiter` waits until all of these rooms are heard; they are wanted already.
    pub fn handle_wait(&mut self, now: Instant, waiter: WaiterId, rooms: &[RoomName]) {
        if !self.link_up {
            self.waiters.release(waiter, Release::LinkDown);
            return;
        }
        let mut pending: Vec<RoomName> =
            rooms.iter().filter(|room| !self.is_heard(&Some((*room).clone()))).cloned().collect();
        pending.sort_unstable();
        pending.dedup();
        self.waiters.insert(now, waiter, pending);
    }

    /// The link is proven; nothing is subscribed on it.
    pub fn handle_link_up(&mut self, now: Instant) {
        self.link_up = true;
        self.held_until = now;
        self.audit_at = now + AUDIT_INTERVAL;
        self.to_subscribe.extend(self.channels.keys().cloned());
        // Everybody is heard again first: there is one such channel, and everybody listens.
        if let Some(place) = self.to_subscribe.iter().position(Option::is_none) {
            self.to_subscribe.swap(0, place);
        }
    }

    /// The link is down, and with it every subscription.
    pub fn handle_link_down(&mut self) {
        self.link_up = false;
        self.under_way.clear();
        self.to_subscribe.clear();
        self.to_unsubscribe.clear();
        if self.channels.values().any(|channel| channel.told) {
            self.tellings.push_back(Arrival::Unheard);
        }
        self.channels.retain(|_, channel| channel.wanted > 0 || channel.lingers);
        for channel in self.channels.values_mut() {
            channel.state = State::Missing;
            channel.alone = false;
            channel.told = false;
            channel.interrupted |= channel.wanted > 0;
        }
        self.waiters.handle_link_down();
    }

    /// What became of a command, where one answer is for all of its channels.
    pub fn handle_answer(&mut self, now: Instant, id: CommandId, answer: Answer) {
        let Some(under_way) = self.under_way.get(&id) else { return };
        let answers = vec![answer; under_way.command.audiences.len()];
        let is_single = answers.len() == 1;
        self.end_command(now, id, &answers, is_single);
    }

    /// What became of a command, where each of its channels has an answer of its own; `answers`
    /// are as many, in their order.
    pub fn handle_answers(&mut self, now: Instant, id: CommandId, answers: &[Answer]) {
        self.end_command(now, id, answers, true);
    }

    /// Redis has ended a subscription by itself, as it does where a slot moves.
    pub fn handle_ended(&mut self, audience: &Audience) {
        let Some(channel) = self.channels.get_mut(audience) else { return };
        channel.interrupted |= channel.state.is_heard() && channel.wanted > 0;
        if std::mem::take(&mut channel.told) {
            self.tellings.push_back(Arrival::Lost(audience.clone()));
        }
        if channel.state.is_heard() {
            // A command may be under way that came too late for it: once more does no harm.
            channel.state = State::Missing;
            self.to_subscribe.push_back(audience.clone());
        }
    }

    /// Lingering, deadlines, the audit.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.counters.overdue += self.waiters.handle_timeout(now, &mut self.unheard);
        self.end_lingering(now);
        let expired = |under_way: &UnderWay| under_way.deadline <= now;
        let mut late: Vec<CommandId> = self
            .under_way
            .iter()
            .filter(|(_, under_way)| expired(under_way))
            .map(|(id, _)| *id)
            .collect();
        late.sort_unstable();
        late.into_iter().for_each(|id| self.handle_answer(now, id, Answer::Failed));
        if self.link_up && now >= self.audit_at {
            self.audit_at = now + AUDIT_INTERVAL;
            self.audit();
        }
    }

    /// The next command for Redis, if there is one.
    pub fn poll_command(&mut self, now: Instant) -> Option<Command> {
        if !self.link_up || now < self.held_until || self.under_way.len() >= COMMANDS_MAX {
            return None;
        }
        let (kind, audiences) = match self.subscribe_batch() {
            batch if batch.is_empty() => (CommandKind::Unsubscribe, self.unsubscribe_batch()),
            batch => (CommandKind::Subscribe, batch),
        };
        if audiences.is_empty() {
            return None;
        }
        self.next_command += 1;
        self.counters.commands += 1;
        let command = Command { id: CommandId(self.next_command), kind, audiences };
        let deadline = now + COMMAND_TIMEOUT;
        self.under_way.insert(command.id, UnderWay { command: command.clone(), deadline });
        Some(command)
    }

    /// Which channels are heard now, or no more: to be told to shards before anything that is heard
    /// after it.
    pub fn poll_telling(&mut self) -> Option<Arrival> {
        self.tellings.pop_front()
    }

    /// A room that somebody was let into though it is not heard yet, and is owed what is said there.
    pub fn poll_let_in_unheard(&mut self) -> Option<Audience> {
        self.unheard.pop_first().map(Some)
    }

    /// A waiter that need not wait any longer.
    pub fn poll_released(&mut self) -> Option<(WaiterId, Release)> {
        self.waiters.poll_released()
    }

    /// When something is due by itself.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let lingering = self.lingering.front().map(|(due, _)| *due);
        let commands = self.under_way.values().map(|under_way| under_way.deadline).min();
        let audit = self.link_up.then_some(self.audit_at);
        let queued = !self.to_subscribe.is_empty() || !self.to_unsubscribe.is_empty();
        let has_room = self.under_way.len() < COMMANDS_MAX;
        let held = (self.link_up && queued && has_room).then_some(self.held_until);
        [lingering, commands, audit, held, self.waiters.poll_timeout()].into_iter().flatten().min()
    }

    /// Every channel that is confirmed: whom a loss of unknown payloads may have concerned.
    pub fn confirmed(&self) -> impl Iterator<Item = &Audience> {
        self.channels
            .iter()
            .filter(|(_, channel)| channel.state.is_heard())
            .map(|(audience, _)| audience)
    }

    /// Whether a channel is heard.
    pub fn is_heard(&self, audience: &Audience) -> bool {
        self.channels.get(audience).is_some_and(|channel| channel.state.is_heard())
    }

    /// Whether a channel that is being asked for was not heard for a while though there were
    /// members of it: since a link or a subscription was lost, or since they were let in without.
    pub fn is_interrupted(&self, audience: &Audience) -> bool {
        let channel = self.channels.get(audience);
        channel.is_some_and(|channel| channel.interrupted)
    }

    /// The figures.
    pub fn counters(&self) -> SubscriptionCounters {
        SubscriptionCounters {
            desired: self.channels.len() as u64,
            confirmed: self.confirmed().count() as u64,
            forbidden: self.count(State::Forbidden),
            away: self.count(State::Away),
            waiting: self.waiters.len() as u64,
            ..self.counters
        }
    }

    fn count(&self, state: State) -> u64 {
        self.channels.values().filter(|channel| channel.state == state).count() as u64
    }

    fn want(&mut self, audience: Audience) {
        match self.channels.get_mut(&audience) {
            Some(channel) => channel.wanted += 1,
            None => {
                let channel = Channel {
                    wanted: 1,
                    unwanted_at: Instant::default(),
                    lingers: false,
                    alone: false,
                    // Who joins a room while the link is down is let in at once.
                    interrupted: !self.link_up && audience.is_some(),
                    told: false,
                    state: State::Missing,
                };
                self.channels.insert(audience.clone(), channel);
                // A link that comes up begins with all that is wanted then.
                if self.link_up {
                    self.to_subscribe.push_back(audience);
                }
            }
        }
    }

    fn end_lingering(&mut self, now: Instant) {
        let linger = self.linger;
        while self.lingering.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, audience)) = self.lingering.pop_front() else { break };
            match self.channels.get(&audience) {
                Some(channel) if channel.wanted == 0 && channel.unwanted_at + linger > now => {
                    self.lingering.push_back((channel.unwanted_at + linger, audience));
                }
                _ => self.leave(&audience),
            }
        }
    }

    /// A room stops lingering: it has members again, or is left.
    fn leave(&mut self, audience: &Audience) {
        let Some(channel) = self.channels.get_mut(audience) else { return };
        channel.lingers = false;
        if channel.wanted > 0 {
            return;
        }
        match channel.state {
            // Not asked for: whatever stands in a queue finds nothing.
            State::Missing | State::Forbidden | State::Away => drop(self.channels.remove(audience)),
            State::Confirmed => {
                channel.state = State::Leaving;
                self.to_unsubscribe.push_back(audience.clone());
            }
            // The answer that is under way sees that nobody wants it.
            State::Asked | State::Renewing | State::Leaving => {}
        }
    }

    fn end_command(&mut self, now: Instant, id: CommandId, answers: &[Answer], is_own: bool) {
        let Some(UnderWay { command, .. }) = self.under_way.remove(&id) else { return };
        let is_failed = |answer: &Answer| matches!(answer, Answer::Failed | Answer::Refused);
        if answers.iter().any(is_failed) {
            self.counters.failures += 1;
            self.held_until = now + PAUSE;
        }
        for (audience, answer) in command.audiences.into_iter().zip(answers) {
            match command.kind {
                CommandKind::Subscribe => self.end_subscribe(audience, *answer, is_own),
                CommandKind::Unsubscribe => self.end_unsubscribe(audience),
            }
        }
    }

    fn end_subscribe(&mut self, audience: Audience, answer: Answer, is_own: bool) {
        let Some(channel) = self.channels.get_mut(&audience) else { return };
        // Who waits for it is let in without it when the patience of the waiters ends.
        channel.interrupted |= answer != Answer::Confirmed && channel.wanted > 0;
        if channel.told && answer != Answer::Confirmed {
            self.tellings.push_back(Arrival::Lost(audience.clone()));
        } else if !channel.told && answer == Answer::Confirmed {
            self.tellings.push_back(Arrival::Heard(audience.clone()));
        }
        channel.told = answer == Answer::Confirmed;
        match answer {
            Answer::Confirmed => {
                channel.state = State::Confirmed;
                channel.alone = false;
                channel.interrupted = false;
                if let Some(room) = &audience {
                    self.waiters.handle_confirmed(room);
                }
            }
            Answer::Refused if is_own => channel.state = State::Forbidden,
            Answer::Away => channel.state = State::Away,
            Answer::Refused | Answer::Failed => {
                channel.alone |= answer == Answer::Refused;
                channel.state = State::Missing;
                self.to_subscribe.push_back(audience.clone());
            }
        }
        if channel.wanted == 0 && !channel.lingers {
            self.leave(&audience);
        }
    }

    /// Also where Redis did not confirm: a channel that is heard needlessly does no harm, and
    /// what it carries is dropped.
    fn end_unsubscribe(&mut self, audience: Audience) {
        let Some(channel) = self.channels.get_mut(&audience) else { return };
        if channel.wanted > 0 {
            channel.state = State::Missing;
            self.to_subscribe.push_back(audience);
        } else {
            self.channels.remove(&audience);
        }
    }

    fn audit(&mut self) {
        for (audience, channel) in &mut self.channels {
            match channel.state {
                State::Confirmed => channel.state = State::Renewing,
                State::Forbidden | State::Away => channel.state = State::Missing,
                _ => continue,
            }
            self.to_subscribe.push_back(audience.clone());
        }
    }

    fn subscribe_batch(&mut self) -> Vec<Audience> {
        let mut batch = Vec::new();
        while batch.len() < CHANNELS_PER_COMMAND_MAX {
            let Some(audience) = self.to_subscribe.pop_front() else { break };
            let Some(channel) = self.channels.get_mut(&audience) else { continue };
            if channel.alone && !batch.is_empty() {
                self.to_subscribe.push_front(audience);
                break;
            }
            match channel.state {
                State::Missing => channel.state = State::Asked,
                State::Renewing => {}
                _ => continue,
            }
            let alone = channel.alone;
            batch.push(audience);
            if alone {
                break;
            }
        }
        batch
    }

    fn unsubscribe_batch(&mut self) -> Vec<Audience> {
        let mut batch = Vec::new();
        while batch.len() < CHANNELS_PER_COMMAND_MAX {
            let Some(audience) = self.to_unsubscribe.pop_front() else { break };
            let Some(channel) = self.channels.get_mut(&audience) else { continue };
            if channel.state != State::Leaving {
                continue;
            }
            if channel.wanted > 0 && !channel.told {
                // Redis has ended it meanwhile.
                channel.state = State::Missing;
                self.to_subscribe.push_back(audience);
                continue;
            }
            if channel.wanted > 0 {
                channel.state = State::Confirmed;
                if let Some(room) = &audience {
                    self.waiters.handle_confirmed(room);
                }
                continue;
            }
            if std::mem::take(&mut channel.told) {
                self.tellings.push_back(Arrival::Left(audience.clone()));
            }
            batch.push(audience);
        }
        batch
    }
}

impl State {
    fn is_heard(self) -> bool {
        matches!(self, State::Confirmed | State::Renewing)
    }
}

#[cfg(test)]
mod tests;
