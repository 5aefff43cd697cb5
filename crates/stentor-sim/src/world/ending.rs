//! The end: everybody leaves, and nothing may be left of anybody.

use super::World;
use crate::fault::Fault;
use crate::oracle::Promise;
use crate::pod::Pod;

impl World {
    /// Everything has healed and settled: the oracle judges, and everybody leaves.
    pub(super) fn judge(&mut self) {
        assert!(
            self.open.iter().all(|fault| *fault == Fault::ChannelsReordered),
            "all faults are over by now: {:?}",
            self.open
        );
        self.oracle.judge(self.now);
        for client in 0..self.clients.len() {
            self.clients[client].has_left = true;
            if let Some(id) = self.clients[client].connection {
                self.end_connection(id);
            }
        }
    }

    pub(super) fn end(&mut self) {
        self.has_ended = true;
        for pod in self.places.iter().flatten().copied().collect::<Vec<_>>() {
            let mut left = what_is_left(&self.pods[pod]);
            let heard = self.redis.channels_of(pod);
            if heard.iter().filter(|channel| !channel.contains(":probe:")).count() != 1 {
                left.push(format!("hears {heard:?}"));
            }
            for what in left {
                self.oracle.note(self.now, Promise::Empty, format!("pod {pod} {what}"));
            }
        }
        self.trace.note(self.now, || "the end".to_owned());
        let violations = self.oracle.violations();
        self.trace.note(self.now, || format!("{violations} promises were not kept"));
    }
}

/// What a pod still has of its clients, in words.
fn what_is_left(pod: &Pod) -> Vec<String> {
    let subscriptions = pod.bus.subscriptions.counters();
    let pipeline = pod.bus.pipeline.counters();
    let mut counts = vec![
        ("subscriptions beside the global one", subscriptions.desired.abs_diff(1)),
        ("unconfirmed subscriptions", subscriptions.desired.abs_diff(subscriptions.confirmed)),
        ("handshakes that wait for rooms", subscriptions.waiting + pod.waiting.len() as u64),
        ("records in the outbox", pipeline.waiting + pipeline.waiting_bytes),
        ("publishes under way", pipeline.in_flight),
        ("rooms of interest", u64::from(!pod.interest.is_empty())),
    ];
    for side in &pod.sides {
        counts.push(("open members", side.shard.members_open() as u64));
        counts.push(("rooms", side.shard.rooms_open() as u64));
        counts.push(("frames in rings", side.shard.frames_queued() as u64));
        counts.push(("connections", side.members.iter().flatten().count() as u64));
        counts.push(("closing connections", side.closing.len() as u64));
    }
    let left = counts.into_iter().filter(|(_, count)| *count > 0);
    left.map(|(what, count)| format!("has {count} {what}")).collect()
}
