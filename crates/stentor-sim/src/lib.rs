//! A whole small world from one seed: pods, a fake Redis, clients, faults, and an oracle.
//!
//! The pods run the real code of wire, shard and bus; what a pod's drivers do with sockets,
//! threads and fred is done here by values and one queue of events in virtual time. A [`plan`]
//! says what happens, drawn from a seed; a [`world`] carries it out; the [`oracle`] judges what
//! each client heard. The same plan gives the same run, to the byte. A plan that fails is made
//! smaller by [`shrink`].
//!
//! Nothing here has a thread, a clock or a hash map.

pub mod fault;
pub mod mutation;
pub mod oracle;
pub mod plan;
pub mod shrink;
pub mod world;

mod archive;
mod bus;
mod client;
mod connection;
mod grant;
mod interest;
mod pod;
mod queue;
mod redis;
mod trace;
