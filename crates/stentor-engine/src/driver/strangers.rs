//! Strangers: sockets that are no members, not yet or no longer, and have something to be read.
//!
//! They stand in lines of their own and a turn serves a few of each, so that a crowd that comes or
//! goes at once does not stand between the members and what they say. At the door addresses take
//! turns: who floods it from one waits behind itself.
//!
//! Knows only numbers and addresses; what is read, and what follows, is the driver's business.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use stentor_shard::MemberId;

use crate::address_block::AddressBlock;

#[cfg(test)]
mod tests;

/// How many entries the lines may have room for while nobody waits.
const SPARE_ENTRIES_MAX: usize = 1_024;

/// The lines in which strangers wait. The caller sees to it that nobody stands in two places.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// Those at the door, by the address block that they come from.
    at_the_door: HashMap<AddressBlock, VecDeque<MemberId>>,
    /// Blocks with somebody at the door, in the order of their turns.
    blocks: VecDeque<AddressBlock>,
    /// Those who have said goodbye or were told it, and those whose stream has ended.
    leaving: VecDeque<MemberId>,
}

impl Strangers {
    /// Puts a socket at the door at the end of its address block's line.
    pub(super) fn push_at_the_door(&mut self, address: IpAddr, id: MemberId) {
        let block = AddressBlock::of(address);
        let line = self.at_the_door.entry(block).or_default();
        if line.is_empty() {
            self.blocks.push_back(block);
        }
        line.push_back(id);
    }

    /// Puts a socket at the end of the line of those that leave.
    pub(super) fn push_leaving(&mut self, id: MemberId) {
        self.leaving.push_back(id);
    }

    /// The next from the door: the first of the block whose turn it is.
    pub(super) fn pop_at_the_door(&mut self) -> Option<MemberId> {
        let block = self.blocks.pop_front()?;
        let line = self.at_the_door.get_mut(&block)?;
        let id = line.pop_front();
        if line.is_empty() {
            self.at_the_door.remove(&block);
        } else {
            self.blocks.push_back(block);
        }
        id
    }

    /// The next of those that leave.
    pub(super) fn pop_leaving(&mut self) -> Option<MemberId> {
        self.leaving.pop_front()
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.leaving.is_empty()
    }

    /// Gives back the memory of a past crowd, once nobody waits.
    pub(super) fn shrink(&mut self) {
        if self.is_empty() && self.leaving.capacity() + self.blocks.capacity() > SPARE_ENTRIES_MAX {
            *self = Strangers::default();
        }
    }
}
