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
    /// Its shards hear only what they have members for, although each keeps everything.
    KeepForMembersOnly,
    /// Its shards believe that they hear all rooms, ever since they began.
    BelieveToHear,
    /// Its shards are told of a gap only where they have somebody to tell of it.
    ForgetHoles,
    /// Its shards do not hear of each other's messages when they reckon what is on its way.
    CountTrafficApart,
    /// Its shards believe that no other pod has members of their rooms.
    BelieveToBeAlone,
    /// It lets who comes back into the last of its rooms only when the replay has been judged.
    SkipOneRoom,
    /// It says that nothing is missing, whatever it lets go of.
    ForgetEvictions,
    /// What comes first behind a replay is lost.
    LoseAtSeam,
    /// What was told last in a replay comes once more behind it.
    DoubleAtSeam,
    /// It does not tell other pods how far it has heard them.
    ForgetToTestify,
    /// It trusts Redis to keep what it has taken, come what may.
    TrustRedis,
    /// It believes of who resumes by a stream that all pods hear each other always.
    BelieveThatAllHear,
    /// It does not tell its shards that what they said waits for Redis.
    ForgetDelays,
    /// It tells what a stream has before it has heard what was passed on before.
    ForgetEchoes,
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
            Mutation::KeepForMembersOnly => "keep-for-members-only",
            Mutation::BelieveToHear => "believe-to-hear",
            Mutation::ForgetHoles => "forget-holes",
            Mutation::CountTrafficApart => "count-traffic-apart",
            Mutation::BelieveToBeAlone => "believe-to-be-alone",
            Mutation::SkipOneRoom => "skip-one-room",
            Mutation::ForgetEvictions => "forget-evictions",
            Mutation::LoseAtSeam => "lose-at-seam",
            Mutation::DoubleAtSeam => "double-at-seam",
            Mutation::ForgetToTestify => "forget-to-testify",
            Mutation::TrustRedis => "trust-redis",
            Mutation::BelieveThatAllHear => "believe-that-all-hear",
            Mutation::ForgetDelays => "forget-delays",
            Mutation::ForgetEchoes => "forget-echoes",
        }
    }

    /// All of them.
    pub const ALL: [Mutation; 23] = [
        Mutation::ForgetDuplicates,
        Mutation::DropOne,
        Mutation::SwapTwo,
        Mutation::ForgetGaps,
        Mutation::WaitForRedis,
        Mutation::ForgetToLeave,
        Mutation::DropLocal,
        Mutation::ForgetToSubscribe,
        Mutation::ForgetBases,
        Mutation::KeepForMembersOnly,
        Mutation::BelieveToHear,
        Mutation::ForgetHoles,
        Mutation::CountTrafficApart,
        Mutation::BelieveToBeAlone,
        Mutation::SkipOneRoom,
        Mutation::ForgetEvictions,
        Mutation::LoseAtSeam,
        Mutation::DoubleAtSeam,
        Mutation::ForgetToTestify,
        Mutation::TrustRedis,
        Mutation::BelieveThatAllHear,
        Mutation::ForgetDelays,
        Mutation::ForgetEchoes,
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
