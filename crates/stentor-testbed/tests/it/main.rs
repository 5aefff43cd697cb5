//! Every kind of server does to others what its documentation says.

mod certificates;
mod cluster;
mod proxy;
mod redis;
mod sentinels;
