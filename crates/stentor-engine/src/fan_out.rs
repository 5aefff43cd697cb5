//! Fan-out: what was said on one shard goes to the shards that have members of its room.
//!
//! A neighbour whose mailbox is full is not waited for and nothing is dropped: what it is owed is
//! kept here in order, and the driver reads no more from its sockets until it is gone. The bus is
//! not waited for either: what it has no room for is counted there, and other pods see the hole.

use std::collections::VecDeque;
use std::sync::Arc;

use stentor_bus::bus::Rooms;
use stentor_bus::follow::Follow;
use stentor_bus::publisher::{Outgoing, Publisher};
use stentor_bus::relay;
use stentor_shard::time::Now;
use stentor_shard::{Delivery, Event, Shard};
use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use tracing::Span;

use crate::interest::Interest;
use crate::legs::FollowedDelivery;
use crate::mailbox::{Address, Command, SendError};
use crate::pod_bus::PodBus;

#[derive(Debug)]
pub(crate) struct FanOut {
    own: usize,
    neighbours: Vec<Neighbour>,
    interest: Arc<Interest>,
    /// All shards keep what is said in any room.
    everybody_keeps: bool,
    publisher: Option<Publisher>,
    /// Where other pods are told that this one has members of a room; `None` without a bus.
    rooms: Option<Rooms>,
    /// What is being said is part of a publication that somebody traces.
    followed: Option<Followed>,
}

#[derive(Debug)]
struct Followed {
    publication: Span,
    /// `None` without a bus.
    to_pods: Option<Arc<Follow>>,
}

#[derive(Debug)]
struct Neighbour {
    address: Address,
    /// What its mailbox had no room for; bounded, because nothing is read meanwhile.
    owed: VecDeque<Command>,
}

impl FanOut {
    pub(crate) fn new(
        own: usize,
        addresses: &[Address],
        interest: Arc<Interest>,
        everybody_keeps: bool,
        bus: Option<&PodBus>,
    ) -> FanOut {
        let neighbours = addresses
            .iter()
            .map(|address| Neighbour { address: address.clone(), owed: VecDeque::new() })
            .collect();
        FanOut {
            own,
            neighbours,
            interest,
            everybody_keeps,
            publisher: bus.map(|bus| bus.publisher.clone()),
            rooms: bus.map(|bus| bus.rooms.clone()),
            followed: None,
        }
    }

    /// Passes on what a shard has to tell.
    pub(crate) fn emit(&mut self, now: Now, event: Event, shard: &mut Shard) {
        match event {
            Event::Published { room, frame, chosen_id, passage } => {
                let delivery = Delivery { room, frame, chosen_id, passage };
                // In this order: what is read of Redis lies in the other shards' mailboxes already.
                self.deliver(&delivery);
                self.publish(&delivery);
            }
            // The driver alone has deadlines, and asks for what is kept elsewhere.
            Event::Closing { .. } | Event::HistoryWanted { .. } => {}
            Event::Presence { room, tale, to_shards, .. } => {
                if to_shards {
                    self.tell(&room, &tale);
                }
            }
            Event::Joined { member, room, opened, asked } => {
                let members = self.interest.join(&room, self.own, opened);
                if members == 1
                    && let Some(rooms) = &self.rooms
                {
                    rooms.tell(Some(room.clone()), &Tale::Hello);
                }
                if asked {
                    shard.handle_joined(now, member, &room, members);
                }
            }
            Event::Present { member, room } => {
                let members = self.interest.members(&room);
                shard.handle_joined(now, member, &room, members);
            }
            Event::Left { member, room, closed, asked } => {
                let members = self.interest.leave(&room, self.own, closed);
                if asked {
                    shard.handle_left(now, member, &room, members);
                }
            }
        }
    }

    /// What is said from here on is part of this publication.
    pub(crate) fn follow(&mut self, publication: &Span) {
        let to_pods = self.publisher.is_some().then(|| Arc::new(Follow::begin(publication)));
        self.followed = Some(Followed { publication: publication.clone(), to_pods });
    }

    /// What is said from here on is part of nothing.
    pub(crate) fn unfollow(&mut self) {
        self.followed = None;
    }

    /// Tries again what mailboxes had no room for.
    pub(crate) fn retry(&mut self) {
        self.neighbours.iter_mut().for_each(Neighbour::retry);
    }

    /// Whether a neighbour is owed something.
    pub(crate) fn is_backed_up(&self) -> bool {
        self.neighbours.iter().any(|neighbour| !neighbour.owed.is_empty())
    }

    fn publish(&self, delivery: &Delivery) {
        let Delivery { room, frame, chosen_id, passage } = delivery;
        let Some(publisher) = &self.publisher else { return };
        let Some(message) = relay::message_of_frame(frame) else { return };
        let (audience, is_settled) = (room.clone(), passage.is_quiet());
        let is_id_chosen = chosen_id.is_some();
        let follow = self.followed.as_ref().and_then(|followed| followed.to_pods.clone());
        if let Some(follow) = &follow {
            follow.note_message();
        }
        let outgoing = Outgoing { audience, message, is_id_chosen, is_settled, follow };
        // An overflow is counted by the bus, which leaves the hole that tells the other pods.
        let _ = publisher.try_publish_outgoing(outgoing);
    }

    fn deliver(&mut self, delivery: &Delivery) {
        if self.neighbours.len() == 1 {
            return;
        }
        let everybody = u64::MAX >> (64 - self.neighbours.len());
        let shards = match &delivery.room {
            Some(room) if !self.everybody_keeps => self.interest.shards(room),
            // Who comes back may come to any shard, so each keeps what was said.
            Some(_) | None => everybody,
        };
        let mut others = shards & everybody & !(1 << self.own);
        while others != 0 {
            let shard = others.trailing_zeros() as usize;
            others &= others - 1;
            let neighbour = &mut self.neighbours[shard];
            match &self.followed {
                None => neighbour.send(Command::Deliver(delivery.clone())),
                Some(followed) => neighbour.send(followed.command(delivery.clone())),
            }
        }
    }

    /// Tells every other shard of presence.
    fn tell(&mut self, room: &RoomName, tale: &Tale) {
        let others = self.neighbours.iter_mut().enumerate();
        for (_, neighbour) in others.filter(|(shard, _)| *shard != self.own) {
            neighbour.send(Command::Tale(room.clone(), tale.clone()));
        }
    }
}

impl Followed {
    fn command(&self, delivery: Delivery) -> Command {
        let publication = self.publication.clone();
        Command::DeliverFollowed(Box::new(FollowedDelivery { delivery, publication }))
    }
}

impl Neighbour {
    fn send(&mut self, command: Command) {
        self.owed.push_back(command);
        self.retry();
    }

    fn retry(&mut self) {
        while let Some(command) = self.owed.pop_front() {
            // A neighbour that has ended has nobody left who could miss something.
            if let Err(SendError::Full(command)) = self.address.send(command) {
                self.owed.push_front(command);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
