//! Who hears it: one shard of Stentor as a value, with its rooms, members, rings and heartbeats.
