//! The pod: what all shards of an engine share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use tokio::sync::watch;

use crate::cells::Cells;
use crate::config::EngineConfig;
use crate::door::Gate;
use crate::hooks::Hooks;
use crate::interest::Interest;
use crate::pod_bus::PodBus;
use crate::user_rates::UserRates;

/// Settings, counts and hooks that every shard looks at.
pub(crate) struct Pod {
    pub(crate) config: EngineConfig,
    pub(crate) hooks: Arc<dyn Hooks>,
    pub(crate) interest: Arc<Interest>,
    pub(crate) cells: Vec<Cells>,
    pub(crate) user_rates: UserRates,
    /// The way to other pods, where there is one.
    pub(crate) bus: Option<PodBus>,
    pub(crate) started: Instant,
    pub(crate) draining: AtomicBool,
    /// When the drain is to be over, once it has begun.
    pub(crate) drain_ends: OnceLock<Instant>,
    pub(crate) ended: watch::Sender<Ended>,
    places_taken: AtomicUsize,
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
    pub(crate) fn new(config: EngineConfig, hooks: Arc<dyn Hooks>, bus: Option<PodBus>) -> Pod {
        Pod {
            cells: (0..config.shards).map(|_| Cells::default()).collect(),
            user_rates: UserRates::new(config.rate_limit_user),
            bus,
            config,
            hooks,
            interest: Arc::default(),
            started: Instant::now(),
            draining: AtomicBool::new(false),
            drain_ends: OnceLock::new(),
            ended: watch::Sender::new(Ended::default()),
            places_taken: AtomicUsize::new(0),
            publication_bytes: AtomicUsize::new(0),
        }
    }

    /// Whether there is a place, without taking it.
    pub(crate) fn gate(&self) -> Gate {
        if self.draining.load(Ordering::Relaxed) {
            Gate::Draining
        } else if self.places_taken() < self.config.connections_max {
            Gate::Open
        } else {
            Gate::Full
        }
    }

    /// Takes one of `connections_max` places, or says why there is none.
    pub(crate) fn take_place(&self) -> Gate {
        if self.draining.load(Ordering::Relaxed) {
            return Gate::Draining;
        }
        let max = self.config.connections_max;
        let taken = self.places_taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            (taken < max).then_some(taken + 1)
        });
        if taken.is_ok() { Gate::Open } else { Gate::Full }
    }

    /// Gives a place back.
    pub(crate) fn return_place(&self) {
        self.places_taken.fetch_sub(1, Ordering::Relaxed);
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

    pub(crate) fn places_taken(&self) -> usize {
        self.places_taken.load(Ordering::Relaxed)
    }
}
