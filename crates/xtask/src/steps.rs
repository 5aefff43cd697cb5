//! The steps that a run is made of, one file each.

pub(crate) mod browser;
pub(crate) mod build;
pub(crate) mod cargo;
pub(crate) mod compare;
pub(crate) mod conformance;
pub(crate) mod deploy;
pub(crate) mod descriptions;
pub(crate) mod fuzz;
pub(crate) mod instructions;
pub(crate) mod k6;
pub(crate) mod pod;
pub(crate) mod release;
