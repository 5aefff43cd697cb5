//! A shard's thread, from its runtime to the word that it has ended.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stentor_shard::{HistoryConfig, PresenceConfig, ShardConfig};

use crate::driver::{Arrivals, Driver, Entrance};
use crate::mailbox::{Address, Mailbox};
use crate::pod::Pod;

/// For so long nobody is let in by a pod that does not know yet whether it hears Redis.
const BUS_PATIENCE: Duration = Duration::from_secs(1);

/// What a shard's thread takes along.
pub(super) struct Start {
    pub(super) index: usize,
    pub(super) pod: Arc<Pod>,
    pub(super) addresses: Arc<[Address]>,
    pub(super) mailbox: Mailbox,
    pub(super) entrance: Option<Entrance>,
    pub(super) arrivals: Arrivals,
}

impl Start {
    pub(super) fn run(self) {
        let pod = Arc::clone(&self.pod);
        let index = self.index;
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| self.run_shard()));
        let failed = match ended {
            Ok(Ok(())) => false,
            Ok(Err(error)) => {
                tracing::error!(shard = index, %error, "a shard has failed");
                true
            }
            Err(_) => {
                tracing::error!(shard = index, "a shard has panicked");
                true
            }
        };
        if let Some(bus) = &pod.bus {
            bus.handed.handle_ended(index);
        }
        let mut is_last = false;
        pod.ended.send_modify(|ended| {
            ended.shards += 1;
            ended.failed |= failed;
            is_last = ended.shards == pod.config.shards;
        });
        if is_last {
            stop_bus(&pod);
            pod.ended.send_modify(|ended| ended.bus_stopped = true);
        }
    }

    fn run_shard(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build_local(tokio::runtime::LocalOptions::default())?;
        runtime.block_on(async {
            if let Some(bus) = &self.pod.bus {
                // Whoever comes first would else resume at a pod that hears nobody yet.
                let _ = tokio::time::timeout(BUS_PATIENCE, bus.first_attempt()).await;
            }
            let config = shard_config(self.index, &self.pod);
            let driver = Driver::new(
                self.index,
                self.pod,
                config,
                &self.addresses,
                self.mailbox,
                self.entrance,
                self.arrivals,
            )?;
            driver.run().await
        })
    }
}

/// Publishes what still waits, until the drain is to be over.
fn stop_bus(pod: &Pod) {
    let Some(bus) = &pod.bus else { return };
    let ends = pod.drain_ends.get().copied().unwrap_or_else(Instant::now);
    let patience = ends.saturating_duration_since(Instant::now());
    match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime.block_on(bus.stop(patience)),
        Err(error) => tracing::error!(%error, "cannot wait for the bus to publish what is left"),
    }
}

fn shard_config(index: usize, pod: &Pod) -> ShardConfig {
    let config = &pod.config;
    let history = config.history.map(|history| HistoryConfig {
        size: history.size,
        ttl: history.ttl,
        bytes_max: history.bytes_max,
        is_shared: pod.bus.is_some(),
        has_archive: pod.bus.as_ref().is_some_and(|bus| bus.histories.is_some()),
        traffic: Arc::clone(&pod.traffic),
    });
    ShardConfig {
        pod: config.pod.as_str().into(),
        index: u16::try_from(index).expect("at most 64 shards"),
        // The standard library's hash keys come from the operating system.
        seed: RandomState::new().build_hasher().finish(),
        slow_consumer: config.slow_consumer,
        flush_gap_max: config.flush_gap_max,
        ping_interval: config.ping_interval,
        pong_timeout: config.pong_timeout,
        rate_limit: config.rate_limit,
        client_global: config.client_global,
        history,
        presence: PresenceConfig {
            grace: config.presence.grace,
            members_max: config.presence.members_max,
            ..PresenceConfig::default()
        },
    }
}
