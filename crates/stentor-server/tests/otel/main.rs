//! The integration tests of the feature `otel`: the real binary, real sockets, and a collector that reads
//! what it is sent byte by byte.

#[allow(dead_code, reason = "the harness is that of the other integration tests")]
#[path = "../it/binary.rs"]
mod binary;
#[allow(dead_code, reason = "the harness is that of the other integration tests")]
#[path = "../it/client.rs"]
mod client;
mod collector;
#[allow(dead_code, reason = "the harness is that of the other integration tests")]
#[path = "../it/http.rs"]
mod http;
#[allow(dead_code, reason = "the harness is that of the other integration tests")]
#[path = "../it/pod.rs"]
mod pod;
mod protobuf;
mod publisher;
mod span;

mod traces;
mod traces_lost;
mod traces_settings;
