//! The integration tests of the server: real sockets, a pod on a port of its own each.

#[allow(dead_code, reason = "a harness offers more than the tests of one day use")]
mod client;
mod http;
#[allow(dead_code, reason = "a harness offers more than the tests of one day use")]
mod pod;

mod access;
mod description;
mod figures;
mod process;
mod publishing;
mod refusals;
mod routes;
