//! Mutations: faults of the pods themselves, put in to see that the oracle finds them.

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
}

impl Mutation {
    /// All of them.
    pub const ALL: [Mutation; 8] = [
        Mutation::ForgetDuplicates,
        Mutation::DropOne,
        Mutation::SwapTwo,
        Mutation::ForgetGaps,
        Mutation::WaitForRedis,
        Mutation::ForgetToLeave,
        Mutation::DropLocal,
        Mutation::ForgetToSubscribe,
    ];
}
