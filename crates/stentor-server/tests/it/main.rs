//! The integration tests of the server: real sockets, a pod on a port of its own each.

mod binary;
#[allow(dead_code, reason = "a harness offers more than the tests of one day use")]
mod client;
#[allow(dead_code, reason = "a harness offers more than the tests of one day use")]
#[path = "../../src/identity/tests/forge.rs"]
mod forge;
mod http;
#[allow(dead_code, reason = "a harness offers more than the tests of one day use")]
mod pod;
mod redis;
mod running;
mod terminal;
mod terminator;

mod access;
mod burst;
mod close_codes;
mod command_line;
mod command_line_doctor;
mod command_line_talk;
mod command_line_tls;
mod command_line_top;
mod crowd;
mod description;
mod errors;
mod figures;
mod frames;
mod gates;
mod heartbeat;
mod hooks;
mod identity;
mod lagging;
mod lifecycle;
mod limits;
mod logins;
mod many_redis;
mod messages;
mod neighbours;
mod outages;
mod places;
mod presence;
mod pressure;
mod probes;
mod process;
mod proxies;
mod publishing;
mod refusals;
mod reload;
mod renewal;
mod resume;
mod resume_elsewhere;
mod rooms;
mod routes;
mod sdk;
mod sdk_tls;
mod secrecy;
mod shapes;
mod slow;
mod standouts;
mod takeover;
mod tls;
mod token;
mod two_pods;
