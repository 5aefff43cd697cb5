//! The agenda: what is to be done for presence, and when.
//!
//! Each thing stands in it once, at the soonest time that was named for it. So it is as long as
//! there are rooms with leases and rosters, however often somebody comes, goes or asks.

use std::collections::{BTreeMap, HashMap};

use stentor_wire::room_name::RoomName;

use crate::time::Instant;

/// Something that is to be done at its time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Due {
    /// To tell who is here, where somebody has a lease.
    Tell(RoomName),
    /// To let go of a lease that nobody has renewed.
    Expire(RoomName),
    /// To show the members what has changed.
    Show(RoomName),
    /// To ask others again.
    Ask(RoomName),
    /// To look for pods that live no more.
    Pods,
}

/// A time, and a number that tells apart what is due at the same one.
type Place = (Instant, u64);

#[derive(Debug, Default)]
pub(crate) struct Agenda {
    order: BTreeMap<Place, Due>,
    places: HashMap<Due, Place>,
    numbers: u64,
}

impl Agenda {
    /// It is to be done at this time, or sooner where it stands there already.
    pub(crate) fn schedule(&mut self, at: Instant, due: Due) {
        match self.places.get(&due) {
            Some(place) if place.0 <= at => return,
            Some(place) => self.order.remove(place),
            None => None,
        };
        self.numbers += 1;
        let place = (at, self.numbers);
        self.places.insert(due.clone(), place);
        self.order.insert(place, due);
    }

    /// It is not to be done any more.
    pub(crate) fn cancel(&mut self, due: &Due) {
        if let Some(place) = self.places.remove(due) {
            self.order.remove(&place);
        }
    }

    /// Takes out the next thing that is due by now.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Due> {
        let entry = self.order.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let due = entry.remove();
        self.places.remove(&due);
        Some(due)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.order.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many things are to be done.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }
}
