//! What can be asked for, one file a scenario.

pub(crate) mod audit;
pub(crate) mod churn;
pub(crate) mod connect;
pub(crate) mod echo;
pub(crate) mod fanout;
pub(crate) mod idle;
pub(crate) mod max;
pub(crate) mod pods;
pub(crate) mod presence;
pub(crate) mod rate_search;
pub(crate) mod resume;
pub(crate) mod scale;
pub(crate) mod slow;
pub(crate) mod storm;
