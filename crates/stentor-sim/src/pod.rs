//! A pod: its shards, what their drivers keep, and its bus.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use stentor_bus::handed::Handed;
use stentor_bus::inbox::Arrival;
use stentor_bus::outbox::OutboxLimits;
use stentor_bus::pod_id::PodId;
use stentor_bus::waiters::WaiterId;
use stentor_shard::time::{Instant, Now};
use stentor_shard::{Delivery, HistoryConfig, MemberId, Shard, ShardConfig, Traffic};
use stentor_wire::parse::Parser;
use stentor_wire::room_name::RoomName;

use crate::bus::{Batch, PodBus};
use crate::connection::ConnectionId;
use crate::interest::Interest;
use crate::mutation::Mutation;
use crate::plan::HistoryPlan;
use crate::queue::{Lane, Micros};

/// Batches of the bus that wait for a shard; small, so that a shard that stands still lags.
const BATCHES_MAX: usize = 8;

/// 2026-02-05T00:00:00Z.
pub(crate) const CALENDAR_START_MILLIS: u64 = 1_770_249_600_000;

/// Something for a shard to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// A handshake is to be answered: its connection becomes a member.
    Attach(ConnectionId),
    Bytes(ConnectionId, Vec<u8>),
    Writable(ConnectionId),
    /// The client has ended the connection.
    Ended(ConnectionId),
    /// A room that a member asked to join is heard.
    Heard(ConnectionId, RoomName),
    /// What Redis keeps is read for a member.
    Recalled(usize),
    Deliver(Delivery),
}

/// Who waits for rooms to be heard.
#[derive(Debug)]
pub(crate) enum Waiting {
    Handshake(ConnectionId),
    Member(ConnectionId, RoomName),
    Recall(usize),
}

/// One shard and what its driver keeps.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) shard: Shard,
    pub(crate) work: VecDeque<Work>,
    pub(crate) batches: VecDeque<Batch>,
    /// The last proof of the link that was handed over.
    pub(crate) proof: Option<u64>,
    /// Batches that found no place.
    pub(crate) lagged: usize,
    /// Which connection has which number.
    pub(crate) members: Vec<Option<ConnectionId>>,
    /// Connections that were told to close, until they are gone.
    pub(crate) closing: BTreeMap<ConnectionId, Micros>,
    /// The ways to the other shards' mailboxes.
    pub(crate) neighbours: Vec<Lane>,
    pub(crate) wakes_at: Option<Micros>,
    pub(crate) stands_until: Micros,
}

/// One run of one pod.
pub(crate) struct Pod {
    pub(crate) is_alive: bool,
    pub(crate) sides: Vec<Side>,
    pub(crate) interest: Interest,
    pub(crate) bus: PodBus,
    pub(crate) handed: Arc<Handed>,
    pub(crate) to_bus: Lane,
    pub(crate) parser: Parser,
    pub(crate) waiting: BTreeMap<WaiterId, Waiting>,
    pub(crate) waiters: u64,
    pub(crate) skew_millis: i64,
    /// Its calendar was set once: it may not agree with those of others.
    pub(crate) was_set: bool,
    pub(crate) has_lagged: bool,
}

/// What a pod is started with.
pub(crate) struct Start {
    pub(crate) place: usize,
    pub(crate) shards: usize,
    pub(crate) seed: u64,
    pub(crate) outbox: OutboxLimits,
    pub(crate) skew_millis: i64,
    pub(crate) history: Option<HistoryPlan>,
    /// No other pod has members of its rooms.
    pub(crate) is_alone: bool,
    pub(crate) mutation: Option<Mutation>,
}

impl Start {
    fn history_config(&self, plan: HistoryPlan, traffic: &Arc<Traffic>) -> HistoryConfig {
        HistoryConfig {
            size: plan.size,
            ttl: Duration::from_micros(plan.ttl),
            bytes_max: plan.bytes_max,
            is_shared: (!self.is_alone || plan.is_archived)
                && self.mutation != Some(Mutation::BelieveToBeAlone),
            has_archive: plan.is_archived,
            traffic: Arc::clone(traffic),
        }
    }
}

impl Pod {
    pub(crate) fn start(start: &Start) -> Pod {
        let id = PodId::new(&format!("pod-{}", start.place), start.seed);
        let traffic = Arc::new(Traffic::new(start.shards));
        let handed = Arc::new(Handed::new(start.shards));
        let apart = start.mutation == Some(Mutation::CountTrafficApart);
        let sides = (0..start.shards).map(|shard| {
            let of_shard = Arc::new(Traffic::new(1));
            let traffic = if apart { &of_shard } else { &traffic };
            let history = start.history.map(|plan| start.history_config(plan, traffic));
            Side {
                shard: Shard::new(config(&id, start, shard, history)),
                work: VecDeque::new(),
                batches: VecDeque::new(),
                proof: None,
                lagged: 0,
                members: Vec::new(),
                closing: BTreeMap::new(),
                neighbours: vec![Lane::default(); start.shards],
                wakes_at: None,
                stands_until: 0,
            }
        });
        Pod {
            is_alive: true,
            sides: sides.collect(),
            interest: Interest::default(),
            bus: PodBus::new(&id, start, Arc::clone(&handed)),
            handed,
            to_bus: Lane::default(),
            parser: Parser::new(),
            waiting: BTreeMap::new(),
            waiters: 0,
            skew_millis: start.skew_millis,
            was_set: false,
            has_lagged: false,
        }
    }

    /// What time it is for this pod.
    pub(crate) fn now(&self, now: Micros) -> Now {
        let calendar = CALENDAR_START_MILLIS + now / 1_000;
        Now {
            instant: Instant::from_micros(now),
            unix_millis: calendar.saturating_add_signed(self.skew_millis),
        }
    }

    /// Gives a batch to every shard; one that has too many waiting loses its oldest.
    pub(crate) fn pass_on(&mut self, batch: &Batch) {
        for side in &mut self.sides {
            side.batches.push_back(Batch::clone(batch));
            if side.batches.len() > BATCHES_MAX {
                side.batches.pop_front();
                side.lagged += 1;
                self.has_lagged = true;
            }
        }
    }
}

impl Side {
    /// A number for a connection: the smallest that is free.
    pub(crate) fn take_number(&mut self, id: ConnectionId) -> MemberId {
        let free = self.members.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.members.push(None);
            self.members.len() - 1
        });
        self.members[place] = Some(id);
        MemberId(place as u32)
    }

    /// The next thing that came from the bus, or that something of it was lost.
    pub(crate) fn poll_batch(&mut self) -> Option<Result<Vec<Arrival>, usize>> {
        if self.lagged > 0 {
            return Some(Err(std::mem::take(&mut self.lagged)));
        }
        self.batches.pop_front().map(|batch| Ok(batch.to_vec()))
    }
}

fn config(pod: &PodId, start: &Start, shard: usize, history: Option<HistoryConfig>) -> ShardConfig {
    ShardConfig {
        pod: pod.as_str().into(),
        index: u16::try_from(shard).expect("a few"),
        seed: start.seed.wrapping_add(shard as u64),
        history,
        // Shorter than in life, so that who is half-open is found within a run.
        ping_interval: Duration::from_secs(5),
        pong_timeout: Duration::from_secs(12),
        ..ShardConfig::default()
    }
}
