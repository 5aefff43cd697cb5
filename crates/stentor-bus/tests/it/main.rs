//! The bus against a real Redis: one that dies, freezes, is not there, or cuts connections.
//!
//! Each test starts servers of its own by the testbed, from `REDIS_SERVER` or the `PATH`, on free
//! ports of the loopback; without one the tests fail. Nothing sleeps: each step waits for a state,
//! and a test that waits for longer than [`pod::PATIENCE`] has failed.

mod access;
mod cluster;
mod cost;
mod exchange;
mod foreign;
mod heard;
mod holes;
mod joining;
mod log;
mod outage;
mod pod;
mod sentinel;
mod sharded;
mod streams;
mod tls;
