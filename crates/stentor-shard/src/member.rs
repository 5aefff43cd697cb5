//! A member: the shard's side of one connection, in as few bytes as will do.

use std::sync::Arc;

use stentor_wire::close::CloseCode;
use uuid::Uuid;

use crate::config::MemberOptions;
use crate::numbers::RoomId;
use crate::rate::RateBucket;
use crate::ring::Ring;
use crate::standing::Standing;
use crate::time::Instant;

#[derive(Debug)]
pub(crate) struct Member {
    /// The connection's own id.
    pub(crate) client_id: Uuid,
    /// Who it has proven to be and what that allows; else `client_id` speaks, and everything is
    /// allowed.
    pub(crate) standing: Option<Box<Standing>>,
    pub(crate) memberships: Memberships,
    pub(crate) ring: Option<Box<Ring>>,
    /// When its last frame came.
    pub(crate) heard_at: Instant,
    pub(crate) rate: RateBucket,
    pub(crate) options: MemberOptions,
    /// The code that its close frame carries, once it has one.
    pub(crate) closing: Option<CloseCode>,
    /// It stands in the shard's list of members to flush.
    pub(crate) queued: bool,
    /// This turn's flush of a room has served it already.
    pub(crate) served: bool,
}

impl Member {
    pub(crate) fn is_open(&self) -> bool {
        self.closing.is_none()
    }

    /// Whether it catches up with its rooms yet, and hears them from the history.
    pub(crate) fn is_replaying(&self) -> bool {
        self.ring.as_ref().is_some_and(|ring| ring.replay.is_some())
    }

    /// Who it has proven to be.
    pub(crate) fn user(&self) -> Option<&Arc<str>> {
        self.standing.as_ref().map(|standing| &standing.identity.user)
    }

    /// Whether it may join this room and send to it.
    pub(crate) fn may_use(&self, room: &str) -> bool {
        self.standing.as_ref().is_none_or(|standing| standing.identity.allows_room(room))
    }
}

/// A member's place in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Membership {
    pub(crate) room: RoomId,
    /// Where it stands in the room's list.
    pub(crate) position: u32,
}

/// The rooms of a member in the order in which it joined. Most have one: that takes no allocation.
#[derive(Debug, Default)]
pub(crate) enum Memberships {
    #[default]
    None,
    One(Membership),
    #[expect(clippy::box_collection, reason = "8 bytes less in each of the many with one room")]
    Many(Box<Vec<Membership>>),
}

impl Memberships {
    pub(crate) fn as_slice(&self) -> &[Membership] {
        match self {
            Memberships::None => &[],
            Memberships::One(one) => std::slice::from_ref(one),
            Memberships::Many(many) => many,
        }
    }

    pub(crate) fn push(&mut self, membership: Membership) {
        *self = match std::mem::take(self) {
            Memberships::None => Memberships::One(membership),
            Memberships::One(first) => Memberships::Many(Box::new(vec![first, membership])),
            Memberships::Many(mut many) => {
                many.push(membership);
                Memberships::Many(many)
            }
        };
    }

    pub(crate) fn remove(&mut self, room: RoomId) -> Option<Membership> {
        match self {
            Memberships::Many(many) => {
                let at = many.iter().position(|membership| membership.room == room)?;
                let removed = many.remove(at);
                // Who is in one room again is served like one that never was in two.
                if let [one] = many[..] {
                    *self = Memberships::One(one);
                }
                Some(removed)
            }
            Memberships::One(one) if one.room == room => {
                let one = *one;
                *self = Memberships::None;
                Some(one)
            }
            Memberships::None | Memberships::One(_) => None,
        }
    }

    pub(crate) fn position_mut(&mut self, room: RoomId) -> Option<&mut u32> {
        let all = match self {
            Memberships::None => return None,
            Memberships::One(one) => std::slice::from_mut(one),
            Memberships::Many(many) => many.as_mut_slice(),
        };
        all.iter_mut()
            .find(|membership| membership.room == room)
            .map(|membership| &mut membership.position)
    }
}
