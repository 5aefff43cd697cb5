//! The oracle: what was said, what each client heard, and whether that keeps the promises.
//!
//! It is told of everything by the world, and sees more than any client does. The promises:
//! messages of one sender in one room come in order; nothing comes twice; nothing that a member
//! was owed is missing unless it was told of a `gap`, was closed, or its sender's pod died; gaps
//! count no less than what is missing; members of the sender's own pod never wait for Redis; what
//! is said once everything has healed is heard by everybody; who comes back and is told that
//! nothing is missing misses nothing; and in the end nothing is left.
//!
//! A member that hears no events cannot be told of what was lost between pods: for it counts what
//! its shard was told.

mod judge;
mod memory;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use stentor_bus::channel::Audience;
use stentor_bus::histories::READ_TIMEOUT;

use crate::connection::ConnectionId;
use crate::queue::{MILLI, Micros};

pub use memory::Resumed;
pub use told::Told;

use memory::Memory;

/// A member of the sender's own pod hears a message within this, whatever Redis does.
const LOCAL_DELAY_MAX: Micros = 50 * MILLI;

/// Who comes back hears what is said within this in its turn, behind what it has missed.
const CATCHING_UP: Micros = 2_000 * MILLI;

/// Who comes back waits so long before that, at the most, until its rooms are heard, and until
/// Redis has told what it keeps.
fn recalling() -> Micros {
    2 * READ_TIMEOUT.as_micros() as Micros
}

/// No more violations than this are noted in one run.
const VIOLATIONS_MAX: usize = 20;

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When it showed, in microseconds.
    pub at: u64,
    /// What was not kept.
    pub promise: Promise,
    /// Where, in words.
    pub what: String,
}

/// The promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Messages of one sender in one room come in the order in which they were said.
    Order,
    /// Nothing comes twice.
    Once,
    /// Nothing is missing without a word.
    Announced,
    /// A full ring's gaps count what is missing and no more.
    Counted,
    /// Who is on the sender's pod does not wait for Redis.
    Local,
    /// After all has healed everybody hears everything.
    Healed,
    /// Nobody hears what was not said, or not to it.
    Meant,
    /// Frames are as RFC 6455 has them.
    Frames,
    /// Who comes back and is told that nothing is missing misses nothing.
    Resumed,
    /// When everybody has left, nothing is left of them.
    Empty,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} us: {}", self.promise, self.at, self.what)
    }
}

/// What became of a run.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// What was not kept.
    pub violations: Vec<Violation>,
    /// Messages that a pod took from clients.
    pub said: u64,
    /// Messages that clients heard.
    pub heard: u64,
    /// Messages that members missed and that were announced.
    pub announced: u64,
    /// What members were told of losses between pods.
    pub told: Told,
    /// What those were told who came back.
    pub resumed: Resumed,
}

/// What was said, by the number in it.
#[derive(Debug)]
struct Said {
    audience: Audience,
    first_at: Micros,
    /// When it first came to which shard of which pod.
    reached: BTreeMap<(usize, usize), Micros>,
    /// How often it came there: pods that have not heard each other say it again.
    copies: BTreeMap<(usize, usize), usize>,
    by: Vec<Acceptance>,
    /// Everybody has to hear it, whatever was announced.
    is_last_word: bool,
}

/// A pod took a message; a resend is taken again.
#[derive(Debug)]
struct Acceptance {
    pod: usize,
    shard: usize,
    sender: ConnectionId,
    /// The order in which messages were taken.
    order: u64,
    /// Whether it went on to the pod's bus: a resend that the pod has had already does not.
    is_passed_on: bool,
}

/// A connection as the oracle sees it.
#[derive(Debug)]
struct Listener {
    client: usize,
    pod: usize,
    shard: usize,
    /// When it became a member.
    since: Micros,
    /// When it ended.
    until: Micros,
    /// It resumes what an earlier connection of its client began.
    is_back: bool,
    /// It resumes behind a message that pods have said apart, and its own does not know so yet.
    is_misled: bool,
    /// Its client has heard what became of that.
    was_told: bool,
    events: bool,
    echo: bool,
    /// Since when it is in a room; `None` is for everybody.
    rooms: BTreeMap<Audience, Micros>,
    /// The rooms that it has ever been in.
    ever: BTreeSet<Audience>,
    has_left_rooms: bool,
    heard: BTreeSet<u64>,
    /// What of that was told again, of the time before it came.
    told_again: BTreeSet<u64>,
    /// What its client has heard on earlier connections that this one goes on with.
    had: BTreeSet<u64>,
    /// The last that it heard of each sender in each room.
    last: BTreeMap<(ConnectionId, Audience), u64>,
    gaps: Vec<Gap>,
    is_over: bool,
}

/// Something was announced.
#[derive(Clone, Debug)]
struct Gap {
    at: Micros,
    /// `None` is for all rooms together.
    audience: Option<Audience>,
    missed: Option<u64>,
    is_of_ring: bool,
}

/// All that it knows.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    said: BTreeMap<u64, Said>,
    orders: BTreeMap<(ConnectionId, u64), u64>,
    accepted: u64,
    listeners: BTreeMap<ConnectionId, Listener>,
    /// What clients keep from their earlier connections.
    memories: BTreeMap<usize, Memory>,
    /// Who speaks under which name.
    names: BTreeMap<String, ConnectionId>,
    dead_pods: BTreeSet<usize>,
    /// Messages of other programs.
    foreign: u64,
    /// What shards were told of gaps, by pod and shard.
    told: BTreeMap<(usize, usize), Vec<Gap>>,
    verdict: Verdict,
}

/// A connection that has become a member.
pub(crate) struct Arrived {
    pub(crate) connection: ConnectionId,
    pub(crate) client: usize,
    /// It comes back.
    pub(crate) is_back: bool,
    /// The message behind which it resumes, where it is one.
    pub(crate) behind: Option<u64>,
    pub(crate) name: String,
    pub(crate) pod: usize,
    pub(crate) shard: usize,
    pub(crate) events: bool,
    pub(crate) echo: bool,
    pub(crate) rooms: Vec<Audience>,
}

/// A message that a pod takes.
pub(crate) struct Taken {
    pub(crate) number: u64,
    pub(crate) audience: Audience,
    /// The shard that takes it, and its pod before.
    pub(crate) at: (usize, usize),
    pub(crate) sender: ConnectionId,
    pub(crate) is_last_word: bool,
}

/// A message that a client has read.
pub(crate) struct Read<'a> {
    pub(crate) listener: ConnectionId,
    pub(crate) number: u64,
    pub(crate) audience: Audience,
    pub(crate) from: &'a str,
    /// The client or its shard was slow, so nothing is promised about when.
    pub(crate) may_be_late: bool,
    /// It is told again what was said before.
    pub(crate) is_replay: bool,
    /// Redis keeps what is said: a pod tells what it never had itself. What comes to it from another
    /// only then it tells again, and it does not know a resend of that when one is said to it.
    pub(crate) is_archived: bool,
}

impl Oracle {
    pub(crate) fn pod_died(&mut self, pod: usize) {
        self.dead_pods.insert(pod);
    }

    pub(crate) fn arrived(&mut self, now: Micros, arrived: Arrived) {
        self.names.insert(arrived.name, arrived.connection);
        let shard = (arrived.pod, arrived.shard);
        let is_misled = arrived.behind.is_some_and(|number| self.is_unknown(number, shard));
        let rooms: BTreeMap<Audience, Micros> =
            arrived.rooms.into_iter().chain([None]).map(|audience| (audience, now)).collect();
        let listener = Listener {
            client: arrived.client,
            since: now,
            until: Micros::MAX,
            is_back: arrived.is_back,
            is_misled,
            was_told: false,
            pod: arrived.pod,
            shard: arrived.shard,
            events: arrived.events,
            echo: arrived.echo,
            ever: rooms.keys().cloned().collect(),
            rooms,
            has_left_rooms: false,
            heard: BTreeSet::new(),
            told_again: BTreeSet::new(),
            had: BTreeSet::new(),
            last: BTreeMap::new(),
            gaps: Vec::new(),
            is_over: false,
        };
        self.listeners.insert(arrived.connection, listener);
    }

    /// A member may hear a room from now on; what it is owed of it begins with
    /// [`Oracle::joined`].
    pub(crate) fn entered(&mut self, connection: ConnectionId, audience: Audience) {
        if let Some(listener) = self.listeners.get_mut(&connection) {
            listener.ever.insert(audience);
        }
    }

    pub(crate) fn joined(&mut self, now: Micros, connection: ConnectionId, audience: Audience) {
        if let Some(listener) = self.listeners.get_mut(&connection) {
            listener.rooms.entry(audience).or_insert(now);
        }
    }

    pub(crate) fn left(&mut self, connection: ConnectionId, audience: &Audience) {
        if let Some(listener) = self.listeners.get_mut(&connection) {
            listener.rooms.remove(audience);
            listener.has_left_rooms = true;
        }
    }

    pub(crate) fn taken(&mut self, now: Micros, taken: Taken) {
        let Taken { number, audience, at: (pod, shard), sender, is_last_word } = taken;
        self.verdict.said += 1;
        self.accepted += 1;
        let order = self.accepted;
        self.orders.entry((sender, number)).or_insert(order);
        let said = self.said.entry(number).or_insert_with(|| Said {
            audience,
            first_at: now,
            reached: BTreeMap::new(),
            copies: BTreeMap::new(),
            by: Vec::new(),
            is_last_word,
        });
        let is_first_here = said.by.iter().all(|by| by.pod != pod);
        said.by.push(Acceptance { pod, shard, sender, order, is_passed_on: false });
        if is_first_here {
            self.reached(now, (pod, shard), number);
        }
    }

    /// A pod's bus takes a message.
    pub(crate) fn passed_on(&mut self, pod: usize, number: u64) {
        let Some(said) = self.said.get_mut(&number) else { return };
        if let Some(by) = said.by.iter_mut().find(|by| by.pod == pod) {
            by.is_passed_on = true;
            let shard = (pod, by.shard);
            *said.copies.entry(shard).or_default() += 1;
        }
    }

    /// Another program says something.
    pub(crate) fn foreign(&mut self) {
        self.foreign += 1;
    }

    /// A shard is told that something is missing.
    pub(crate) fn told(
        &mut self,
        now: Micros,
        (pod, shard): (usize, usize),
        audience: Option<Audience>,
        missed: Option<u64>,
    ) {
        let gap = Gap { at: now, audience, missed, is_of_ring: false };
        self.told.entry((pod, shard)).or_default().push(gap);
    }

    /// A client reads a `gap`.
    pub(crate) fn gap(
        &mut self,
        now: Micros,
        connection: ConnectionId,
        audience: Option<Audience>,
        missed: Option<u64>,
        is_of_ring: bool,
    ) {
        if let Some(listener) = self.listeners.get_mut(&connection) {
            listener.gaps.push(Gap { at: now, audience, missed, is_of_ring });
        }
    }

    /// A client reads a message.
    pub(crate) fn read(&mut self, now: Micros, read: &Read<'_>) {
        let Read { listener: id, number, audience, from, may_be_late, .. } = read;
        self.verdict.heard += 1;
        let Some(said) = self.said.get(number) else {
            return self.note(now, Promise::Meant, format!("{id} heard {number}, never said"));
        };
        let Some(sender) = self.names.get(*from).copied() else {
            return self.note(now, Promise::Meant, format!("{id} heard {number} from {from}"));
        };
        let Some(listener) = self.listeners.get_mut(id) else { return };
        let Some(order) = self.orders.get(&(sender, *number)).copied() else {
            return self.note(now, Promise::Meant, format!("{id}: {number} is not of {from}"));
        };
        let is_meant = said.audience == *audience && listener.ever.contains(audience);
        let is_own = sender == *id && !listener.echo;
        let is_first = listener.heard.insert(*number);
        let is_resend = said.by.len() > 1;
        let is_known = match is_first {
            true => read.is_replay && listener.told_again.insert(*number),
            // Once more, and a resend as often as it is said.
            false if is_resend => listener.told_again.contains(number),
            false => listener.told_again.remove(number),
        };
        if !is_first && is_known && read.is_archived {
            return;
        }
        let last = listener.last.insert((sender, audience.clone()), order);
        let is_local = said.by.len() == 1 && said.by[0].pod == listener.pod;
        // What was said before it came, and a little later, it hears in its turn.
        let catching_up = match (listener.is_back, read.is_archived) {
            (false, _) => 0,
            (true, false) => CATCHING_UP,
            (true, true) => CATCHING_UP + recalling(),
        };
        let was_there = said.first_at > listener.since + catching_up;
        let is_late =
            is_local && was_there && !may_be_late && now > said.first_at + LOCAL_DELAY_MAX;
        let first_at = said.first_at;
        if !is_meant || is_own {
            self.note(now, Promise::Meant, format!("{number} was not for {id}"));
        }
        if !is_first {
            self.note(now, Promise::Once, format!("{id} heard {number} twice"));
        } else if last.is_some_and(|last| last > order) {
            self.note(now, Promise::Order, format!("{id} heard {number} of {sender} too late"));
        }
        if is_late {
            let what = format!("{id} heard {number} of its own pod, said at {first_at}");
            self.note(now, Promise::Local, what);
        }
    }

    /// A connection is no member any more, or its client has gone.
    pub(crate) fn over(&mut self, now: Micros, connection: ConnectionId) {
        let is_over = self.listeners.get(&connection).is_none_or(|listener| listener.is_over);
        if is_over {
            return;
        }
        self.judge_missing(now, connection, judge::Until::LastHeard);
        self.judge_told(connection);
        if let Some(listener) = self.listeners.get_mut(&connection) {
            listener.is_over = true;
            listener.until = now;
        }
    }

    /// Everything has healed and settled: whoever is still there is to have heard everything.
    pub(crate) fn judge(&mut self, now: Micros) {
        let there = self.listeners.iter().filter(|(_, listener)| !listener.is_over);
        let there: Vec<ConnectionId> = there.map(|(id, _)| *id).collect();
        for id in there {
            self.judge_missing(now, id, judge::Until::End);
            self.judge_rings(now, id);
            self.judge_told(id);
            if let Some(listener) = self.listeners.get_mut(&id) {
                listener.is_over = true;
            }
        }
    }

    pub(crate) fn note(&mut self, at: Micros, promise: Promise, what: String) {
        if self.verdict.violations.len() < VIOLATIONS_MAX {
            self.verdict.violations.push(Violation { at, promise, what });
        }
    }

    pub(crate) fn violations(&self) -> usize {
        self.verdict.violations.len()
    }

    pub(crate) fn into_verdict(self) -> Verdict {
        self.verdict
    }
}
