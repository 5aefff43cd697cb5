//! The gates: who may come in, counted for the whole pod.
//!
//! Three bounds and a rate: connections, handshakes under way, connections of one address block,
//! and connections let in a second. What is taken is a guard that gives itself back when it is
//! dropped, so that no way out of a connection can forget it. Knows no socket.
//!
//! Touched when a socket comes and when it goes, never for a delivery.

mod accept_rate;
mod addresses;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::address_block::AddressBlock;
use crate::config::EngineConfig;
use crate::door::{Admission, Gate};
use crate::limits::Limits;
use accept_rate::AcceptRate;
use addresses::Addresses;

/// The part of the handshakes that is kept for clients that resume: one of so many.
const RESUMING_SHARE: usize = 8;

/// What is taken and what is left of the pod.
#[derive(Debug)]
pub(crate) struct Gates {
    connections_max: AtomicUsize,
    handshakes_max: AtomicUsize,
    connections: AtomicUsize,
    handshakes: AtomicUsize,
    addresses: Addresses,
    rate: AcceptRate,
    draining: AtomicBool,
    started: Instant,
}

/// Who asks for a place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Claim {
    /// It was here before, and comes first where not all can.
    pub(crate) resumes: bool,
    pub(crate) address: Option<AddressBlock>,
}

/// A connection's place in the pod.
#[derive(Debug)]
pub(crate) struct Place {
    gates: Arc<Gates>,
    /// Where connections of an address are counted.
    address: Option<AddressBlock>,
}

/// A handshake under way.
#[derive(Debug)]
pub(crate) struct Handshake(Arc<Gates>);

impl Claim {
    pub(crate) fn of(admission: &Admission) -> Claim {
        Claim { resumes: admission.last_id.is_some(), address: admission.address }
    }
}

impl Gates {
    pub(crate) fn new(config: &EngineConfig, started: Instant) -> Gates {
        Gates {
            connections_max: AtomicUsize::new(config.connections_max),
            handshakes_max: AtomicUsize::new(config.handshakes_max),
            connections: AtomicUsize::new(0),
            handshakes: AtomicUsize::new(0),
            addresses: Addresses::new(config.connections_per_address_max),
            rate: AcceptRate::new(config.accept_rate),
            draining: AtomicBool::new(false),
            started,
        }
    }

    /// Other bounds from now on. Who is in stays in, however many that are.
    pub(crate) fn change(&self, limits: &Limits) {
        self.connections_max.store(limits.connections_max, Relaxed);
        self.handshakes_max.store(limits.handshakes_max, Relaxed);
        self.addresses.change(limits.connections_per_address_max);
        self.rate.change(limits.accept_rate);
    }

    pub(crate) fn connections_max(&self) -> usize {
        self.connections_max.load(Relaxed)
    }

    /// What a newcomer would find, without taking anything.
    pub(crate) fn gate(&self) -> Gate {
        if self.is_draining() {
            return Gate::Draining;
        }
        if self.places_taken() >= self.connections_max() {
            return Gate::Full;
        }
        match self.rate.look(self.now()) {
            Gate::Open if self.is_crowded() => Gate::Crowded { backlog: Duration::ZERO },
            gate => gate,
        }
    }

    /// Takes one of `connections_max` places, or says what is in the way.
    pub(crate) fn take_place(self: &Arc<Gates>, claim: Claim) -> Result<Place, Gate> {
        match self.gate() {
            Gate::Open => {}
            Gate::Crowded { .. } if claim.resumes => {}
            closed => return Err(closed),
        }
        let max = self.connections_max();
        self.connections
            .fetch_update(Relaxed, Relaxed, |taken| (taken < max).then_some(taken + 1))
            .map_err(|_| Gate::Full)?;
        // From here on an early return gives the place back.
        let mut place = Place { gates: Arc::clone(self), address: None };
        if let Some(address) = claim.address.filter(|_| self.addresses.are_counted()) {
            if !self.addresses.take(address) {
                return Err(Gate::AddressFull);
            }
            place.address = Some(address);
        }
        self.rate.take(self.now(), claim.resumes)?;
        Ok(place)
    }

    /// A socket has come; `None` where as many as allowed are at it.
    pub(crate) fn begin_handshake(self: &Arc<Gates>) -> Option<Handshake> {
        let max = self.handshakes_max.load(Relaxed);
        self.handshakes
            .fetch_update(Relaxed, Relaxed, |under_way| (under_way < max).then_some(under_way + 1))
            .ok()?;
        Some(Handshake(Arc::clone(self)))
    }

    /// A connection that was let in is to wait for its response: it counts, whatever the bound.
    pub(crate) fn prolong_handshake(self: &Arc<Gates>) -> Handshake {
        self.handshakes.fetch_add(1, Relaxed);
        Handshake(Arc::clone(self))
    }

    /// Somebody was turned away behind this gate, and is likely to come back.
    pub(crate) fn note_turned_away(&self, gate: Gate) {
        if matches!(gate, Gate::Crowded { .. } | Gate::Overrun { .. }) {
            self.rate.note_turned_away(self.now());
        }
    }

    pub(crate) fn begin_drain(&self) -> bool {
        !self.draining.swap(true, Relaxed)
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    pub(crate) fn places_taken(&self) -> usize {
        self.connections.load(Relaxed)
    }

    pub(crate) fn handshakes(&self) -> usize {
        self.handshakes.load(Relaxed)
    }

    /// Address blocks that have connections, where those are counted.
    pub(crate) fn addresses(&self) -> usize {
        self.addresses.len()
    }

    /// Only what is kept for clients that resume is left.
    fn is_crowded(&self) -> bool {
        let max = self.handshakes_max.load(Relaxed);
        self.handshakes() > max - max / RESUMING_SHARE
    }

    fn now(&self) -> Duration {
        if self.rate.is_limited() { self.started.elapsed() } else { Duration::ZERO }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            self.gates.addresses.give_back(address);
        }
        self.gates.connections.fetch_sub(1, Relaxed);
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.handshakes.fetch_sub(1, Relaxed);
    }
}
