//! Plain figures of the bus, for metrics.
//!
//! Those without another word only grow; what is said to be now goes up and down.

use std::time::Duration;

/// The way out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PipelineCounters {
    /// Messages taken from this pod.
    pub accepted: u64,
    /// Messages that had to wait, because the link was down when they were said.
    pub deferred: u64,
    /// Messages that Redis has taken.
    pub published: u64,
    /// Attempts without an answer, or cut off by a lost link; each was tried again or dropped.
    pub lost: u64,
    /// Messages that Redis did not take at the first attempt, or that could not be tried when they
    /// were said; each counts once, whatever became of it later.
    pub failed: u64,
    /// Messages that Redis refuses for good.
    pub refused: u64,
    /// Messages that the outbox dropped.
    pub dropped: u64,
    /// Messages that did not come as far as the pipeline, because too many wait for it.
    pub overflowed: u64,
    /// Marks given out.
    pub marks: u64,
    /// Records in the outbox now.
    pub waiting: u64,
    /// What they weigh now, in bytes.
    pub waiting_bytes: u64,
    /// Publishes under way now.
    pub in_flight: u64,
    /// Channels whose numbers are remembered now.
    pub channels: u64,
}

/// The way in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxCounters {
    /// Messages of other pods delivered.
    pub delivered: u64,
    /// Messages of other programs delivered.
    pub foreign: u64,
    /// Records of this pod itself, dropped.
    pub echoes: u64,
    /// Messages had already, dropped.
    pub duplicates: u64,
    /// Messages that came behind later ones, dropped.
    pub late: u64,
    /// Marks heard.
    pub marks: u64,
    /// What other pods told of presence.
    pub tales: u64,
    /// Payloads that are no message.
    pub rubbish: u64,
    /// Messages that are missing, as far as they could be counted.
    pub missed: u64,
    /// Gaps told of.
    pub gaps: u64,
    /// Pairs of pod and channel that are remembered now.
    pub pairs: u64,
}

/// The subscriptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscriptionCounters {
    /// Channels that are to be heard now, those that linger included.
    pub desired: u64,
    /// Channels that Redis has confirmed now.
    pub confirmed: u64,
    /// Channels that Redis forbids to this user now; each is asked for again at every audit.
    pub forbidden: u64,
    /// Channels whose node of a cluster is not there now.
    pub away: u64,
    /// Commands given out.
    pub commands: u64,
    /// Commands that failed or were not answered in time.
    pub failures: u64,
    /// Handshakes that wait now.
    pub waiting: u64,
    /// Handshakes that stopped waiting at their deadline.
    pub overdue: u64,
}

/// The link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkCounters {
    /// Attempts to connect.
    pub attempts: u64,
    /// Times that the link came up.
    pub ups: u64,
    /// Times that it went down after it was up.
    pub downs: u64,
    /// Times that it was found deaf.
    pub deaf: u64,
    /// Probes sent.
    pub probes: u64,
    /// Probes heard.
    pub probes_heard: u64,
    /// How long the last probe that was heard took.
    pub probe_latency: Duration,
}

/// The history on Redis; all zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryCounters {
    /// Messages that Redis has taken into a stream.
    pub appended: u64,
    /// Commands for streams that Redis did not take.
    pub errors: u64,
    /// Reads begun.
    pub reads: u64,
    /// Who asked for a history and got it; several may share a read.
    pub answered: u64,
    /// Who asked for a history and did not get it.
    pub unanswered: u64,
    /// Entries of streams that are no message of a pod.
    pub rubbish: u64,
    /// Who waits for a history now.
    pub waiting: u64,
}

/// All figures of a bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// The way out.
    pub pipeline: PipelineCounters,
    /// The way in.
    pub inbox: InboxCounters,
    /// The subscriptions.
    pub subscriptions: SubscriptionCounters,
    /// The link.
    pub link: LinkCounters,
    /// The history.
    pub history: HistoryCounters,
    /// Times that the bus panicked and was started anew.
    pub panics: u64,
}
