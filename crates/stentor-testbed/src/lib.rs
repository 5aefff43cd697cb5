//! Real servers that tests start: Redis alone, as a cluster, under Sentinel, balancers, and a faulty
//! network.
//!
//! Each server belongs to a value and ends with it, also where a test panics; its folder goes
//! along, and after a panic the tail of its log is printed. Ports are leased, so that tests of
//! one process and of several can run side by side. What does not work panics in words: this
//! crate serves tests only and nothing that ships may depend on it.
//!
//! All calls block the calling thread, for milliseconds as a rule. A test on a single-threaded
//! tokio runtime that has the code under test on the same thread calls them in `spawn_blocking`.
//!
//! The crate does not know Stentor: no room, no message, no setting of a pod. It needs Linux
//! (every address of 127.0.0.0/8 works there), a redis-server of version 7 or newer, and for
//! balancers nginx and HAProxy.

mod balancer;
mod certificates;
mod cluster;
mod folder;
mod port;
mod process;
mod program;
mod proxy;
mod redis;
mod reply;
mod sentinels;
mod slot;
mod wait;

pub use balancer::Balancer;
pub use certificates::{Certificates, Leaf, TlsStream, tls_stream};
pub use cluster::RedisCluster;
pub use port::Port;
pub use proxy::Proxy;
pub use redis::{Redis, RedisOptions};
pub use reply::{Connection, Reply};
pub use sentinels::Sentinels;
pub use slot::slot_of;
pub use wait::{DEADLINE, until};
