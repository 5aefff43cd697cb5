//! The world: pods, Redis and clients, and the one queue of what happens to them.

mod arrivals;
mod clients;
mod ending;
mod faults;
mod links;
mod pods;
mod reading;
mod recalling;

use std::time::Duration;

use stentor_bus::outbox::OutboxLimits;
use stentor_wire::room_name::RoomName;

use crate::bus::Input;
use crate::client::{Client, room_name};
use crate::connection::{Connection, ConnectionId};
use crate::fault::Fault;
use crate::mutation::Mutation;
use crate::oracle::{Oracle, Verdict};
use crate::plan::{EMPTY_AFTER, JUDGED_AFTER, LAST_WORDS_AFTER, Plan};
use crate::pod::{Pod, Start, Work};
use crate::queue::{MILLI, Micros, Queue};
use crate::redis::{Redis, Reply, Request, SessionId};
use crate::trace::Trace;

use recalling::Recall;

/// No run has more events; one that would does not end by itself.
const EVENTS_MAX: u64 = 5_000_000;

/// What became of a run, and what happened in it where the plan asked for that.
#[derive(Debug)]
pub struct Run {
    /// The oracle's word.
    pub verdict: Verdict,
    /// How many things happened.
    pub events: u64,
    /// What happened, in words.
    pub trace: Vec<String>,
}

/// Carries out a plan.
pub fn run(plan: &Plan) -> Run {
    let mut world = World::new(plan.clone());
    world.begin();
    world.run()
}

/// Something that happens.
#[derive(Debug)]
enum Event {
    Act(usize),
    FaultBegins(usize),
    FaultEnds(usize),
    /// A client makes a connection.
    Connect(usize),
    /// Something comes to a shard.
    ToShard {
        pod: usize,
        shard: usize,
        work: Work,
    },
    /// A handshake comes to a pod.
    Knock(ConnectionId),
    /// A client hears that it is in.
    Accepted(ConnectionId),
    /// A client looks at its socket.
    ClientReads(ConnectionId),
    /// Redis has not answered for a member in time.
    RecallOverdue(usize),
    /// A client hears that its connection has ended.
    PodGone(ConnectionId),
    Shard {
        pod: usize,
        shard: usize,
    },
    Bus {
        pod: usize,
    },
    ToBus {
        pod: usize,
        input: Input,
    },
    ToRedis(SessionId, Request),
    FromRedis(SessionId, Reply),
    PodStarts {
        place: usize,
    },
    LastWords,
    LastWord {
        client: usize,
        room: Option<u8>,
    },
    Judgement,
    End,
}

struct World {
    plan: Plan,
    now: Micros,
    queue: Queue<Event>,
    random: fastrand::Rng,
    redis: Redis,
    /// Every run of every pod.
    pods: Vec<Pod>,
    /// The run of each of the plan's pods that lives now.
    places: Vec<Option<usize>>,
    clients: Vec<Client>,
    connections: Vec<Connection>,
    recalls: Vec<Recall>,
    /// Messages that clients have said.
    said: u64,
    /// What is said from here on everybody has to hear.
    first_last_word: u64,
    /// How many windows of a fault are open.
    open: Vec<Fault>,
    oracle: Oracle,
    trace: Trace,
    has_ended: bool,
}

impl World {
    fn new(plan: Plan) -> World {
        World {
            now: 0,
            queue: Queue::default(),
            // Another stream than that of the plan.
            random: fastrand::Rng::with_seed(plan.seed ^ 0x0005_eed0_fa77_0a1d),
            redis: Redis::new(plan.history.map_or(0, |history| history.size)),
            pods: Vec::new(),
            places: vec![None; plan.pods.len()],
            clients: plan.clients.iter().map(|client| Client::new(*client)).collect(),
            connections: Vec::new(),
            recalls: Vec::new(),
            said: 0,
            first_last_word: u64::MAX,
            open: Vec::new(),
            oracle: Oracle::default(),
            trace: Trace::new(plan.is_traced),
            has_ended: false,
            plan,
        }
    }

    fn begin(&mut self) {
        for place in 0..self.plan.pods.len() {
            let at = self.random.u64(0..200 * MILLI);
            self.queue.push(at, Event::PodStarts { place });
        }
        for client in 0..self.clients.len() {
            let at = self.clients[client].plan.from + 300 * MILLI;
            self.queue.push(at, Event::Connect(client));
        }
        for (place, (at, _)) in self.plan.acts.iter().enumerate() {
            self.queue.push(*at, Event::Act(place));
        }
        for (place, window) in self.plan.windows.iter().enumerate() {
            self.queue.push(window.at, Event::FaultBegins(place));
            self.queue.push(window.at + window.lasts, Event::FaultEnds(place));
        }
        let healed_at = self.plan.healed_at();
        self.queue.push(healed_at + LAST_WORDS_AFTER, Event::LastWords);
        self.queue.push(healed_at + JUDGED_AFTER, Event::Judgement);
        self.queue.push(healed_at + JUDGED_AFTER + EMPTY_AFTER, Event::End);
    }

    fn run(mut self) -> Run {
        let mut events = 0;
        while !self.has_ended && events < EVENTS_MAX {
            let Some((at, event)) = self.queue.pop() else { break };
            events += 1;
            self.now = at;
            self.happen(event);
        }
        assert!(self.has_ended, "the world goes on for ever after {events} events");
        Run { verdict: self.oracle.into_verdict(), events, trace: self.trace.into_lines() }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Act(place) => self.act(self.plan.acts[place].1),
            Event::FaultBegins(place) => self.begin_fault(self.plan.windows[place]),
            Event::FaultEnds(place) => self.end_fault(self.plan.windows[place]),
            Event::Connect(client) => self.connect(client),
            Event::Knock(id) => self.knock(id),
            Event::Accepted(id) => self.accepted(id),
            Event::ClientReads(id) => self.client_reads(id),
            Event::RecallOverdue(number) => self.recalled(number),
            Event::PodGone(id) => self.connection_lost(id),
            Event::ToShard { pod, shard, work } => self.bring_to_shard(pod, shard, work),
            Event::Shard { pod, shard } => self.shard_wakes(pod, shard),
            Event::ToBus { pod, input } => self.bring_to_bus(pod, input),
            Event::Bus { pod } => self.bus_wakes(pod),
            Event::ToRedis(session, request) => self.bring_to_redis(session, request),
            Event::FromRedis(session, reply) => self.bring_from_redis(session, reply),
            Event::PodStarts { place } => self.start_pod(place),
            Event::LastWords => self.say_last_words(),
            Event::LastWord { client, room } => self.say_new(client, room),
            Event::Judgement => self.judge(),
            Event::End => self.end(),
        }
    }

    fn start_pod(&mut self, place: usize) {
        let small = self.plan.has(Fault::OutboxSmall);
        let outbox = if small {
            OutboxLimits { records_max: 4, age_max: Duration::from_secs(3), ..Default::default() }
        } else {
            OutboxLimits::default()
        };
        let skew_millis = match self.plan.has(Fault::ClockSkew) {
            true => self.random.i64(-90_000..90_000),
            false => 0,
        };
        let start = Start {
            place,
            shards: self.plan.pods[place],
            seed: self.random.u64(..),
            outbox,
            skew_millis,
            history: self.plan.history,
            is_alone: self.plan.pods.len() == 1,
            mutation: self.plan.mutation,
        };
        let pod = self.pods.len();
        let started = Pod::start(&start);
        self.trace.note(self.now, || format!("pod {pod} starts in place {place}"));
        self.pods.push(started);
        if self.plan.mutation == Some(Mutation::BelieveToHear) {
            self.believe_to_hear(pod);
        }
        self.places[place] = Some(pod);
        self.wake_bus(pod, 0);
    }

    fn believe_to_hear(&mut self, pod: usize) {
        let now = self.pods[pod].now(self.now);
        for side in &mut self.pods[pod].sides {
            side.shard.handle_audience_heard(now, None);
            (0..8).for_each(|room| side.shard.handle_audience_heard(now, Some(&World::room(room))));
        }
    }

    /// A delay between these bounds, most often a short one.
    fn delay(&mut self, least: Micros, most: Micros) -> Micros {
        let span = most - least + 1;
        least + self.random.u64(0..span).min(self.random.u64(0..span))
    }

    fn is_open(&self, fault: Fault) -> bool {
        self.open.contains(&fault)
    }

    fn room(place: u8) -> RoomName {
        RoomName::parse(&room_name(place)).expect("a valid name")
    }
}
