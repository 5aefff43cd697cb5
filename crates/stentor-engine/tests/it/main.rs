//! Engines that hear each other through a Redis of their own.

mod client;
mod exchange;
mod joining;
mod lifecycle;
mod outage;
mod pod;
