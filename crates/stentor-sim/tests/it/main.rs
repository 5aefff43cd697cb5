//! The simulator as its users run it: fixed seeds, each fault alone, and faults of the pods
//! themselves that it has to find.

mod archive;
mod arguments;
mod faults;
mod history;
mod mutations;
mod seeds;
