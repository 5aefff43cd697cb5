//! The faults, by name.

use std::fmt;
use std::str::FromStr;

/// What may go wrong in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Redis is killed and started again later: connections are cut, subscriptions gone.
    RedisDown,
    /// Redis takes up to half a second longer for everything.
    RedisSlow,
    /// Connections are half-open: Redis takes what comes and never answers, for good.
    RedisDeaf,
    /// Redis stands still, and later does all that came meanwhile.
    RedisFrozen,
    /// The connections of one pod are cut.
    LinkCut,
    /// Publishes are delivered, and their answers are late or lost.
    AnswersLost,
    /// What Redis passes on comes in order on each channel, and in any order between channels.
    ChannelsReordered,
    /// A pod is killed; a new one takes its place.
    PodKilled,
    /// A shard stands still while batches from the bus wait for it.
    ShardLag,
    /// The bus thread stands still while payloads wait for it.
    BusLag,
    /// What is kept over an outage is little.
    OutboxSmall,
    /// A client reads slowly, while its rooms talk a lot.
    ClientSlow,
    /// A client is gone without a word.
    ClientHalfOpen,
    /// A client ends its connection, makes a new one and says its last messages again.
    ClientReconnects,
    /// The calendars of pods are wrong.
    ClockSkew,
    /// The calendar of a pod is set, and later set back.
    CalendarStep,
    /// What Redis passes on does not come to a pod, while Redis takes all that it says.
    PodDeaf,
    /// A pod stands still with all of its threads, and goes on.
    PodStands,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 18] = [
        Fault::RedisDown,
        Fault::RedisSlow,
        Fault::RedisDeaf,
        Fault::RedisFrozen,
        Fault::LinkCut,
        Fault::AnswersLost,
        Fault::ChannelsReordered,
        Fault::PodKilled,
        Fault::ShardLag,
        Fault::BusLag,
        Fault::OutboxSmall,
        Fault::ClientSlow,
        Fault::ClientHalfOpen,
        Fault::ClientReconnects,
        Fault::ClockSkew,
        Fault::CalendarStep,
        Fault::PodDeaf,
        Fault::PodStands,
    ];

    /// The word on the command line and in a plan.
    pub const fn name(self) -> &'static str {
        match self {
            Fault::RedisDown => "redis-down",
            Fault::RedisSlow => "redis-slow",
            Fault::RedisDeaf => "redis-deaf",
            Fault::RedisFrozen => "redis-frozen",
            Fault::LinkCut => "link-cut",
            Fault::AnswersLost => "answers-lost",
            Fault::ChannelsReordered => "channels-reordered",
            Fault::PodKilled => "pod-killed",
            Fault::ShardLag => "shard-lag",
            Fault::BusLag => "bus-lag",
            Fault::OutboxSmall => "outbox-small",
            Fault::ClientSlow => "client-slow",
            Fault::ClientHalfOpen => "client-half-open",
            Fault::ClientReconnects => "client-reconnects",
            Fault::ClockSkew => "clock-skew",
            Fault::CalendarStep => "calendar-step",
            Fault::PodDeaf => "pod-deaf",
            Fault::PodStands => "pod-stands",
        }
    }

    /// Whether it is of interest only where pods keep what is said.
    pub const fn is_of_history(self) -> bool {
        matches!(self, Fault::CalendarStep | Fault::PodDeaf | Fault::PodStands)
    }

    /// In how many of a hundred runs it happens.
    pub const fn percent(self) -> u32 {
        match self {
            Fault::RedisDown | Fault::LinkCut | Fault::ClientReconnects => 30,
            Fault::PodKilled | Fault::AnswersLost | Fault::ClientSlow => 20,
            Fault::PodDeaf | Fault::PodStands => 30,
            Fault::ChannelsReordered | Fault::ClockSkew => 40,
            Fault::OutboxSmall => 10,
            _ => 15,
        }
    }

    /// How often it happens in a run in which it does, at the most.
    pub(crate) const fn times_max(self) -> u32 {
        match self {
            Fault::ClientReconnects => 6,
            Fault::OutboxSmall | Fault::ChannelsReordered | Fault::ClockSkew => 1,
            _ => 3,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(name: &str) -> Result<Fault, String> {
        Fault::ALL.into_iter().find(|fault| fault.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Fault::ALL.iter().map(|fault| fault.name()).collect();
            format!("no fault has this name; there are {}", names.join(", "))
        })
    }
}
