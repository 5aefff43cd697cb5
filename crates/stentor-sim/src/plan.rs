//! A plan: everything that a run is going to do, drawn from a seed before it begins.
//!
//! The run itself draws only delays and the like, from the same seed. A plan can be made smaller
//! and run again.

mod history;

use std::fmt;

use crate::fault::Fault;
use crate::mutation::Mutation;
use crate::queue::{MILLI, Micros, SECOND};

pub use history::{HistoryPlan, Resumes};

/// When the clients begin to talk.
pub(crate) const TALK_FROM: Micros = 3 * SECOND;

/// How long after the talk the world has healed.
pub(crate) const HEALED_AFTER: Micros = 8 * SECOND;

/// How long after healing every client says something that everybody has to hear.
pub(crate) const LAST_WORDS_AFTER: Micros = 10 * SECOND;

/// How long after healing the oracle looks at what was heard, and everybody leaves. By then the
/// second marks of all channels are out.
pub(crate) const JUDGED_AFTER: Micros = 40 * SECOND;

/// How long after that nothing may be left of anybody: rooms linger for 30 s, and a socket whose
/// peer reads nothing is kept for as long.
pub(crate) const EMPTY_AFTER: Micros = 45 * SECOND;

/// What happens in one run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where all chance comes from.
    pub seed: u64,
    /// How many shards each pod has.
    pub pods: Vec<usize>,
    /// Who is there.
    pub clients: Vec<ClientPlan>,
    /// What the clients do, in order.
    pub acts: Vec<(Micros, Act)>,
    /// What goes wrong, and when.
    pub windows: Vec<Window>,
    /// How long the clients talk.
    pub talk: Micros,
    /// What is kept for those who come back; `None` = nothing.
    pub history: Option<HistoryPlan>,
    /// What the pods do wrong.
    pub mutation: Option<Mutation>,
    /// Whether the run is told in words.
    pub is_traced: bool,
}

/// A client.
#[derive(Clone, Copy, Debug)]
pub struct ClientPlan {
    /// The place of the pod that it connects to first.
    pub pod: usize,
    /// Its rooms, one bit each; without any it hears global messages alone.
    pub rooms: u8,
    /// Whether it hears events.
    pub events: bool,
    /// Whether it hears its own messages.
    pub echo: bool,
    /// When it connects.
    pub from: Micros,
    /// How it comes back.
    pub resumes: Resumes,
}

/// Something that a client does, if it is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It says `count` messages.
    Say {
        /// Who.
        client: usize,
        /// Where; `None` is to everybody.
        room: Option<u8>,
        /// How many, one right after the other.
        count: u32,
    },
    /// It joins a room.
    Join {
        /// Who.
        client: usize,
        /// Which.
        room: u8,
    },
    /// It leaves a room.
    Leave {
        /// Who.
        client: usize,
        /// Which.
        room: u8,
    },
    /// It ends its connection and comes back later.
    GoAway {
        /// Who.
        client: usize,
        /// For how long it stays away.
        lasts: Micros,
    },
    /// Another program publishes what is no message, or a message of its own.
    Foreign {
        /// Where.
        room: u8,
        /// Whether it is a message.
        is_message: bool,
    },
}

/// A stretch of time in which something is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// What.
    pub fault: Fault,
    /// Since when.
    pub at: Micros,
    /// For how long.
    pub lasts: Micros,
    /// Whom it hits: the place of a pod or a client, or for Redis a number of no meaning.
    pub target: usize,
}

/// The most rooms of a world.
const ROOMS_MAX: u8 = 4;

impl Plan {
    /// Draws a plan. With `only`, that fault happens and no other.
    pub fn draw(seed: u64, only: Option<Fault>) -> Plan {
        let mut random = fastrand::Rng::with_seed(seed);
        let pods: Vec<usize> = (0..random.usize(1..=4)).map(|_| random.usize(1..=3)).collect();
        let rooms = random.u8(1..=ROOMS_MAX);
        let talk = random.u64(5..=15) * SECOND;
        let clients: Vec<ClientPlan> = (0..random.usize(2..=8))
            .map(|_| ClientPlan {
                pod: random.usize(0..pods.len()),
                rooms: random.u8(..) & ((1 << rooms) - 1),
                events: random.u32(0..100) < 70,
                echo: random.u32(0..100) < 80,
                from: match random.u32(0..4) {
                    0 => TALK_FROM + random.u64(0..talk),
                    _ => random.u64(0..TALK_FROM - SECOND),
                },
                resumes: Resumes::Never,
            })
            .collect();
        let mut plan = Plan {
            seed,
            pods,
            clients,
            acts: Vec::new(),
            windows: Vec::new(),
            talk,
            history: None,
            mutation: None,
            is_traced: false,
        };
        for _ in 0..random.u32(20..=160) {
            let at = TALK_FROM + random.u64(0..talk);
            let act = plan.draw_act(&mut random, rooms);
            plan.acts.push((at, act));
        }
        for fault in Fault::ALL.into_iter().filter(|fault| !fault.is_of_history()) {
            let happens = random.u32(0..100) < fault.percent();
            let happens = only.map_or(happens, |only| only == fault);
            for _ in 0..random.u32(1..=fault.times_max()) {
                let window = plan.draw_window(&mut random, fault);
                if happens {
                    plan.windows.push(window);
                }
            }
        }
        plan.talk_a_lot_where_clients_are_slow(&mut random, rooms);
        plan.acts.sort_by_key(|(at, _)| *at);
        plan.windows.sort_by_key(|window| window.at);
        plan
    }

    /// When nothing is wrong any more.
    pub fn healed_at(&self) -> Micros {
        TALK_FROM + self.talk + HEALED_AFTER
    }

    /// Whether a fault happens in it.
    pub fn has(&self, fault: Fault) -> bool {
        self.windows.iter().any(|window| window.fault == fault)
    }

    fn draw_act(&self, random: &mut fastrand::Rng, rooms: u8) -> Act {
        let client = random.usize(0..self.clients.len());
        let room = random.u8(0..rooms);
        match random.u32(0..100) {
            0..4 => Act::Join { client, room },
            4..8 => Act::Leave { client, room },
            8..10 => Act::Foreign { room, is_message: false },
            10..12 => Act::Foreign { room, is_message: true },
            12..22 => Act::Say { client, room: None, count: 1 },
            22..30 => Act::Say { client, room: Some(room), count: random.u32(2..20) },
            _ => Act::Say { client, room: Some(room), count: 1 },
        }
    }

    fn draw_window(&self, random: &mut fastrand::Rng, fault: Fault) -> Window {
        let everybody = match fault {
            Fault::ClientSlow | Fault::ClientHalfOpen | Fault::ClientReconnects => {
                self.clients.len()
            }
            _ => self.pods.len(),
        };
        let target = random.usize(0..everybody);
        let at = TALK_FROM + random.u64(0..self.talk);
        let longest = match fault {
            Fault::ShardLag | Fault::BusLag => 2 * SECOND,
            Fault::PodStands => 4 * SECOND,
            _ => 6 * SECOND,
        };
        let lasts = random.u64(20 * MILLI..longest);
        match fault {
            // These are how the world is.
            Fault::OutboxSmall | Fault::ChannelsReordered | Fault::ClockSkew => {
                Window { fault, at: 0, lasts: self.healed_at(), target }
            }
            _ => Window { fault, at, lasts, target },
        }
    }

    /// A ring has 256 slots: a slow client loses something only where that many are said.
    fn talk_a_lot_where_clients_are_slow(&mut self, random: &mut fastrand::Rng, rooms: u8) {
        let slow = |window: &&Window| window.fault == Fault::ClientSlow;
        for window in self.windows.iter().filter(slow) {
            for _ in 0..3 {
                let client = random.usize(0..self.clients.len());
                let room = Some(random.u8(0..rooms));
                let at = window.at + random.u64(0..window.lasts);
                self.acts.push((at, Act::Say { client, room, count: random.u32(100..300) }));
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, shards of the pods {:?}", self.seed, self.pods)?;
        if let Some(history) = &self.history {
            writeln!(f, "  {history:?}")?;
        }
        for (place, client) in self.clients.iter().enumerate() {
            writeln!(f, "  client {place}: {client:?}")?;
        }
        for window in &self.windows {
            let Window { fault, at, lasts, target } = window;
            writeln!(f, "  fault {fault} at {at} for {lasts} of {target}")?;
        }
        writeln!(f, "  {} acts over {} us", self.acts.len(), self.talk)?;
        self.acts.iter().take(40).try_for_each(|(at, act)| writeln!(f, "    {at} {act:?}"))
    }
}
