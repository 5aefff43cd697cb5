//! Legs: the part of a traced publication's way that lies within one shard, from when the shard takes
//! it until the flush after which nothing of it waits in a turn buffer.
//!
//! Knows only `tracing`: the publication brings a span, and each leg is a span below it. What was
//! flushed is in the members' sockets, or in the ring of a member whose socket is full or who is
//! written a turn later. Where nobody traces, there is no leg and nothing here is done.

use stentor_bus::follow::TRACE_TARGET;
use stentor_shard::{Delivery, Shard};
use stentor_wire::room_name::RoomName;
use tracing::Span;
use tracing::field::Empty;

/// The most legs of one shard at once; what comes beyond them is delivered untraced. They are more
/// than one only while rooms are held back or flushed in parts.
const LEGS_MAX: usize = 256;

/// A message of a publication that somebody traces, for another shard.
#[derive(Debug)]
pub(crate) struct FollowedDelivery {
    pub(crate) delivery: Delivery,
    /// The publication's.
    pub(crate) publication: Span,
}

/// Those of one shard that have not ended.
#[derive(Debug)]
pub(crate) struct Legs {
    shard: usize,
    open: Vec<Leg>,
}

#[derive(Debug)]
struct Leg {
    publication: Span,
    span: Span,
    /// Signed, as all numbers of spans: there are subscribers that take unsigned ones for texts.
    messages: i64,
    deliveries: i64,
    /// Whose turn buffers it waits for: at most one for each message of a publication.
    rooms: Vec<Option<RoomName>>,
}

impl Legs {
    pub(crate) fn new(shard: usize) -> Legs {
        Legs { shard, open: Vec::new() }
    }

    /// The shard has something of this publication, as of now.
    pub(crate) fn begin(&mut self, publication: &Span) {
        if self.open.len() >= LEGS_MAX || self.find(publication).is_some() {
            return;
        }
        let span = tracing::info_span!(
            target: TRACE_TARGET,
            parent: publication,
            "deliver",
            stentor.shard = self.shard as i64,
            stentor.messages = Empty,
            stentor.deliveries = Empty,
        );
        let publication = publication.clone();
        self.open.push(Leg { publication, span, messages: 0, deliveries: 0, rooms: Vec::new() });
    }

    /// One message of it was said in the room, or to everybody, to so many members here.
    pub(crate) fn add(&mut self, publication: &Span, room: Option<RoomName>, members: usize) {
        let Some(leg) = self.find(publication) else { return };
        leg.messages += 1;
        leg.deliveries += members as i64;
        if leg.rooms.last() != Some(&room) {
            leg.rooms.push(room);
        }
    }

    /// Ends those of which this shard has flushed everything.
    pub(crate) fn end_flushed(&mut self, shard: &Shard) {
        self.open.retain_mut(|leg| {
            leg.rooms.retain(|room| shard.has_unflushed(room.as_ref()));
            !leg.rooms.is_empty()
        });
    }

    fn find(&mut self, publication: &Span) -> Option<&mut Leg> {
        self.open.iter_mut().find(|leg| leg.publication == *publication)
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        self.span.record("stentor.messages", self.messages);
        self.span.record("stentor.deliveries", self.deliveries);
    }
}
