//! Engines that hear each other through a Redis of their own, and one alone with its clients.

mod client;
mod exchange;
mod identity;
mod joining;
mod lifecycle;
mod outage;
mod pod;
