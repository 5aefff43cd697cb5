//! Mutations: faults of the pods themselves, put in to see that the oracle finds them.

use std::str::FromStr;

/// What a pod does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// Its inbox and its shards remember nothing.
    ForgetDuplicates,
    /// It drops one message of another pod and says nothing.
    DropOne,
    /// It swaps two messages of another pod that came together.
    SwapTwo,
    /// It does not tell its members of gaps that its bus saw.
    ForgetGaps,
    /// Its shards hear of each other only while Redis is heard.
    WaitForRedis,
    /// It never stops to hear a room.
    ForgetToLeave,
    /// Its shards do not hear of each other now and then.
    DropLocal,
    /// It subscribes to nothing any more after an outage.
    ForgetToSubscribe,
    /// It does not say from where to count where its outbox dropped something.
    ForgetBases,
}

impl Mutation {
    /// The word on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Mutation::ForgetDuplicates => "forget-duplicates",
            Mutation::DropOne => "drop-one",
            Mutation::SwapTwo => "swap-two",
            Mutation::ForgetGaps => "forget-gaps",
            Mutation::WaitForRedis => "wait-for-redis",
            Mutation::ForgetToLeave => "forget-to-leave",
            Mutation::DropLocal => "drop-local",
            Mutation::ForgetToSubscribe => "forget-to-subscribe",
            Mutation::ForgetBases => "forget-bases",
        }
    }

    /// All of them.
    pub const ALL: [Mutation; 9] = [
        Mutation::ForgetDuplicates,
        Mutation::DropOne,
        Mutation::SwapTwo,
        Mutation::ForgetGaps,
        Mutation::WaitForRedis,
        Mutation::ForgetToLeave,
        Mutation::DropLocal,
        Mutation::ForgetToSubscribe,
        Mutation::ForgetBases,
    ];
}

impl FromStr for Mutation {
    type Err = String;

    fn from_str(name: &str) -> Result<Mutation, String> {
        Mutation::ALL.into_iter().find(|mutation| mutation.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Mutation::ALL.iter().map(|mutation| mutation.name()).collect();
            format!("no mutation has this name; there are {}", names.join(", "))
        })
    }
}
