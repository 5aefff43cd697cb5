//! The replay: how a member that came back catches up, as fast as its socket takes it.
//!
//! Until it has, it hears its rooms from the history and not from their turn buffers: what is said
//! meanwhile is kept there too, behind what it is owed. So nothing falls between, its ring holds
//! no more than one portion, and no room waits for it. What the history lets go of before it was
//! read is told as a gap.

use std::collections::VecDeque;

use bytes::Bytes;
use stentor_wire::encode::frame_id;
use uuid::Uuid;

use crate::history::{Cursor, Entry, History, HistoryId, Resumption};

/// A portion ends with the message that reaches so many bytes.
const PORTION_BYTES: usize = 64 * 1024;

/// A portion has no more messages than this.
const PORTION_FRAMES_MAX: u32 = 128;

/// An id's text as it stands in a frame.
type IdText = [u8; 36];

/// What a member is still owed from the history.
#[derive(Debug)]
pub(crate) struct Replay {
    resumption: Resumption,
    cursors: Vec<Cursor>,
    /// What an archive knew; it goes before what is kept here.
    recalled: VecDeque<Bytes>,
    /// Ids of what was recalled, which may come here too; in order, for a search.
    repeats: Vec<IdText>,
    /// The archive was asked behind this message, and has not answered.
    pub(crate) asked_behind: Option<Uuid>,
    /// Rooms that the member has joined since the archive was asked: it is owed nothing of before.
    joined: Vec<HistoryId>,
    /// Its member stands in the shard's list of those that get their next portion.
    pub(crate) is_queued: bool,
}

/// What goes into a ring at once.
#[derive(Debug, Default)]
pub(crate) struct Portion {
    /// Frames back to back.
    pub(crate) bytes: Vec<u8>,
    pub(crate) frames: u32,
    /// What is gone of which rooms; it belongs before the frames.
    pub(crate) missed: Vec<(HistoryId, u64)>,
}

impl Replay {
    pub(crate) fn new(resumption: Resumption, cursors: Vec<Cursor>) -> Replay {
        Replay {
            resumption,
            cursors,
            recalled: VecDeque::new(),
            repeats: Vec::new(),
            asked_behind: None,
            joined: Vec::new(),
            is_queued: false,
        }
    }

    /// What goes before what is kept here, as an archive knew it.
    pub(crate) fn recalling(mut self, frames: Vec<Bytes>) -> Replay {
        self.repeats = frames.iter().filter_map(|frame| id_text(frame)).collect();
        self.repeats.sort_unstable();
        self.recalled = frames.into();
        self
    }

    /// The rooms that it owes something of.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = HistoryId> + '_ {
        self.cursors.iter().map(|cursor| cursor.room)
    }

    /// Where a room's messages go on for it.
    pub(crate) fn cursor(&self, room: HistoryId) -> Option<Cursor> {
        self.cursors.iter().find(|cursor| cursor.room == room).copied()
    }

    /// The time of the message that the member heard last before this, in milliseconds since 1970.
    ///
    /// Whatever else the server tells it before it has caught up has an id of that time: who is cut
    /// off behind it and resumes there is owed all of this again.
    pub(crate) fn unix_millis(&self) -> u64 {
        self.resumption.unix_millis
    }

    /// The member is in one room more; it hears what comes from here on.
    pub(crate) fn enter(&mut self, history: &History, room: HistoryId) {
        self.cursors.push(Cursor { room, next: history.next_number(room) });
        if self.asked_behind.is_some() {
            self.joined.push(room);
        }
    }

    /// Where it goes on in the rooms that its member has joined since the archive was asked.
    pub(crate) fn cursors_joined(&self) -> impl Iterator<Item = Cursor> + '_ {
        self.cursors.iter().filter(|cursor| !self.was_asked_for(cursor.room)).copied()
    }

    /// Whether the archive was asked what the member has missed of a room.
    pub(crate) fn was_asked_for(&self, room: HistoryId) -> bool {
        !self.joined.contains(&room)
    }

    /// The member is in one room less; returns what it is still owed of that.
    pub(crate) fn leave(
        &mut self,
        history: &History,
        room: HistoryId,
        is_spared: impl Fn(&Entry) -> bool,
    ) -> Option<Portion> {
        let at = self.cursors.iter().position(|cursor| cursor.room == room)?;
        let cursors = vec![self.cursors.swap_remove(at)];
        self.joined.retain(|joined| *joined != room);
        let mut last = Replay::new(self.resumption.clone(), cursors);
        self.resumption.forget(room);
        last.repeats.clone_from(&self.repeats);
        let mut portion = Portion::default();
        // All that was recalled goes first, whichever room's it is: it is older.
        self.recalled.drain(..).for_each(|frame| portion.push(&frame));
        last.note_missed(history, &mut portion);
        while last.take_next(history, &is_spared, &mut portion) {}
        Some(portion)
    }

    /// The next portion, in the order in which the messages came. An empty one: it has caught up.
    pub(crate) fn next_portion(
        &mut self,
        history: &History,
        is_spared: impl Fn(&Entry) -> bool,
    ) -> Portion {
        let mut portion = Portion::default();
        while portion.has_room()
            && let Some(frame) = self.recalled.pop_front()
        {
            portion.push(&frame);
        }
        if portion.frames > 0 {
            return portion;
        }
        self.note_missed(history, &mut portion);
        while portion.has_room() && self.take_next(history, &is_spared, &mut portion) {}
        portion
    }

    /// How many messages of those that are kept here are no repeats of what was recalled.
    pub(crate) fn messages_kept(
        &self,
        history: &History,
        is_spared: impl Fn(&Entry) -> bool,
    ) -> u64 {
        let is_passed_over = |entry: &Entry| is_spared(entry) || self.is_repeated(&entry.frame);
        self.messages(history, is_passed_over) - self.recalled.len() as u64
    }

    /// How many messages it still owes.
    pub(crate) fn messages(&self, history: &History, is_spared: impl Fn(&Entry) -> bool) -> u64 {
        let mut rest = Replay::new(self.resumption.clone(), self.cursors.clone());
        let mut portion = Portion::default();
        rest.note_missed(history, &mut portion);
        let recalled = self.recalled.len() as u64;
        let mut messages: u64 = portion.missed.iter().map(|(_, missed)| missed).sum();
        while let Some(entry) = rest.next(history) {
            messages += u64::from(!is_spared(entry));
        }
        recalled + messages
    }

    fn take_next(
        &mut self,
        history: &History,
        is_spared: &impl Fn(&Entry) -> bool,
        portion: &mut Portion,
    ) -> bool {
        let Some(entry) = self.next(history) else { return false };
        if !is_spared(entry) && !self.is_repeated(&entry.frame) {
            portion.push(&entry.frame);
        }
        true
    }

    /// The oldest message that it owes, which it owes no more after this.
    fn next<'a>(&mut self, history: &'a History) -> Option<&'a Entry> {
        let mut oldest: Option<(usize, u64, &Entry)> = None;
        for (index, cursor) in self.cursors.iter_mut().enumerate() {
            let next = loop {
                match history.entry_from(cursor.room, cursor.next) {
                    Some((number, entry))
                        if self.resumption.has_heard(cursor.room, number, entry) =>
                    {
                        cursor.next = number + 1;
                    }
                    next => break next,
                }
            };
            if let Some((number, entry)) = next
                && oldest.is_none_or(|(_, _, other)| entry.ordinal < other.ordinal)
            {
                oldest = Some((index, number, entry));
            }
        }
        let (index, number, entry) = oldest?;
        self.cursors[index].next = number + 1;
        Some(entry)
    }

    fn is_repeated(&self, frame: &[u8]) -> bool {
        !self.repeats.is_empty()
            && id_text(frame).is_some_and(|id| self.repeats.binary_search(&id).is_ok())
    }

    fn note_missed(&mut self, history: &History, portion: &mut Portion) {
        for cursor in &mut self.cursors {
            let first = history.first_number(cursor.room);
            if cursor.next < first {
                portion.missed.push((cursor.room, first - cursor.next));
                cursor.next = first;
            }
        }
    }
}

impl Portion {
    fn has_room(&self) -> bool {
        self.bytes.len() < PORTION_BYTES && self.frames < PORTION_FRAMES_MAX
    }

    fn push(&mut self, frame: &[u8]) {
        self.bytes.extend_from_slice(frame);
        self.frames += 1;
    }
}

fn id_text(frame: &[u8]) -> Option<IdText> {
    frame_id(frame)?.as_bytes().try_into().ok()
}
