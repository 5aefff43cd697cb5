//! The bus against a real Redis: one that dies, freezes, is not there, or cuts connections.
//!
//! Each test starts a redis-server of its own, from `REDIS_SERVER` or the `PATH`, on a free port
//! of the loopback; without one the tests fail. Nothing sleeps: each step waits for a state, and a
//! test that waits for longer than [`pod::PATIENCE`] has failed.

mod exchange;
mod foreign;
mod joining;
mod outage;
mod pod;
mod redis;
