//! How other pods hear it: relay records over Redis.
//!
//! A message's way out: a shard hands its JSON to the [`pipeline`], which gives it a number on its
//! channel ([`numbering`], [`seq`]), puts pod and number in front ([`relay`]), keeps it in order
//! ([`outbox`]) and lets it be published while few enough are under way ([`in_flight`]). The way
//! in: the [`inbox`] takes a payload apart, drops this pod's own echo and what was had already,
//! sees from the numbers what is missing ([`sequence`]), and makes one frame for all shards; what
//! another program published is parsed and stamped. Beside the way of a message:
//! [`subscriptions`] knows which channels are to be heard and which are, and who waits for that;
//! [`link`] knows whether Redis can be heard at all. Where rooms have a history on Redis,
//! [`stream_entry`] is what stands in it, [`stream_history`] what of it a client missed,
//! [`stream_reads`] who waits to read it, and [`stream_upkeep`] what keeps it alive and honest.
//!
//! All of that decides and does nothing: plain values whose every entry takes `now`, without a
//! clock, a runtime, a socket or a logger, so that a simulator runs the very code that a pod runs.
//!
//! The thin rest touches the world: [`bus`] is the thread and the ends that others hold of it,
//! [`publisher`] the queue in front of it, [`histories`] how history is asked for, [`address`] the URL, [`mode`] the kind
//! of channels; a private driver runs the values on the connections of a session, which publishes
//! with fred and listens without it. [`survey`] asks the servers about themselves, for a person. Nothing
//! here knows a shard.

pub mod address;
pub mod backoff;
pub mod bus;
pub mod channel;
pub mod counters;
pub mod delays;
pub mod echoes;
pub mod follow;
pub mod handed;
pub mod hearing;
pub mod histories;
pub mod in_flight;
pub mod inbox;
pub mod link;
pub mod mode;
pub mod numbering;
pub mod outbox;
pub mod pipeline;
pub mod pod_id;
pub mod publisher;
pub mod recall;
pub mod record;
pub mod relay;
pub mod seq;
pub mod sequence;
pub mod stream_entry;
pub mod stream_history;
pub mod stream_reads;
pub mod stream_upkeep;
pub mod subscriptions;
pub mod survey;
pub mod waiters;

mod driver;
mod session;
