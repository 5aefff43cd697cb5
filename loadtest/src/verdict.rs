//! The judgement: what was heard, and whether it is what was sent.

pub(crate) mod auditor;
pub(crate) mod comeback;
pub(crate) mod convoy;
pub(crate) mod findings;
pub(crate) mod gaps;
pub(crate) mod hall;
pub(crate) mod hearing;
pub(crate) mod locator;
pub(crate) mod message_id;
pub(crate) mod oracle;
pub(crate) mod promise;
pub(crate) mod sparse_histogram;
pub(crate) mod stamp;
pub(crate) mod strand;
pub(crate) mod visit;
