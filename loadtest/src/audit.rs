//! The audit: clients that come back, processes that are killed by a plan, and what was heard.

pub(crate) mod client;
pub(crate) mod course;
pub(crate) mod crowd;
pub(crate) mod faults;
pub(crate) mod incoming;
pub(crate) mod ledger;
pub(crate) mod plan;
pub(crate) mod process;
pub(crate) mod run;
pub(crate) mod sdk;
