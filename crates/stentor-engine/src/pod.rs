//! The pod: what all shards of an engine share.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use stentor_shard::Traffic;
use tokio::sync::watch;

use crate::cells::Cells;
use crate::config::EngineConfig;
use crate::gates::Gates;
use crate::hooks::Hooks;
use crate::interest::Interest;
use crate::limits::Limits;
use crate::pod_bus::PodBus;
use crate::user_rates::UserRates;

/// Settings, counts and hooks that every shard looks at.
pub(crate) struct Pod {
    pub(crate) config: EngineConfig,
    pub(crate) hooks: Arc<dyn Hooks>,
    pub(crate) interest: Arc<Interest>,
    pub(crate) cells: Vec<Cells>,
    pub(crate) user_rates: UserRates,
    /// Messages a second of one connection; a shard looks at it once a turn.
    pub(crate) rate_limit: AtomicU32,
    /// The way to other pods, where there is one.
    pub(crate) bus: Option<PodBus>,
    pub(crate) started: Instant,
    /// What of the pod's messages is on its way.
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) gates: Arc<Gates>,
    /// How many shards still listen.
    pub(crate) listeners: watch::Sender<usize>,
    /// When the drain is to be over, once it has begun.
    pub(crate) drain_ends: OnceLock<Instant>,
    pub(crate) ended: watch::Sender<Ended>,
    publication_bytes: AtomicUsize,
}

/// What waits of the program's own publications at the most, in bytes.
const PUBLICATION_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How many shards have ended, and whether one of them did so unasked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ended {
    pub(crate) shards: usize,
    pub(crate) failed: bool,
    /// The bus has published what waited, or there was none.
    pub(crate) bus_stopped: bool,
}

impl Pod {
    pub(crate) fn new(
        config: EngineConfig,
        hooks: Arc<dyn Hooks>,
        bus: Option<PodBus>,
        listeners: usize,
    ) -> Pod {
        let started = Instant::now();
        let traffic = Arc::new(Traffic::new(config.shards));
        Pod {
            cells: (0..config.shards).map(|_| Cells::default()).collect(),
            user_rates: UserRates::new(config.rate_limit_user),
            rate_limit: AtomicU32::new(config.rate_limit),
            bus,
            gates: Arc::new(Gates::new(&config, started)),
            config,
            hooks,
            interest: Arc::default(),
            started,
            traffic,
            listeners: watch::Sender::new(listeners),
            drain_ends: OnceLock::new(),
            ended: watch::Sender::new(Ended::default()),
            publication_bytes: AtomicUsize::new(0),
        }
    }

    /// Other limits from now on.
    pub(crate) fn change_limits(&self, limits: &Limits) {
        self.gates.change(limits);
        self.user_rates.change_limit(limits.rate_limit_user);
        self.rate_limit.store(limits.rate_limit, Ordering::Relaxed);
    }

    /// Makes room for publications that weigh so much; `false` where there is none.
    pub(crate) fn take_publication_bytes(&self, bytes: usize) -> bool {
        let waiting = self.publication_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let fits = waiting <= PUBLICATION_BYTES_MAX;
        if !fits {
            self.return_publication_bytes(bytes);
        }
        fits
    }

    /// Gives that room back.
    pub(crate) fn return_publication_bytes(&self, bytes: usize) {
        self.publication_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}
