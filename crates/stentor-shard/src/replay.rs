//! The replay: how a member that came back catches up, as fast as its socket takes it.
//!
//! Until it has, it hears its rooms from the history and not from their turn buffers: what is said
//! meanwhile is kept there too, behind what it is owed. So nothing falls between, its ring holds
//! no more than one portion, and no room waits for it. What the history lets go of before it was
//! read is told as a gap.

use crate::history::{Cursor, Entry, History, HistoryId, Resumption};

/// A portion ends with the message that reaches so many bytes.
const PORTION_BYTES: usize = 64 * 1024;

/// A portion has no more messages than this.
const PORTION_FRAMES_MAX: u32 = 128;

/// What a member is still owed from the history.
#[derive(Debug)]
pub(crate) struct Replay {
    resumption: Resumption,
    cursors: Vec<Cursor>,
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
        Replay { resumption, cursors, is_queued: false }
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
        let mut last = Replay::new(self.resumption.clone(), cursors);
        let mut portion = Portion::default();
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
        self.note_missed(history, &mut portion);
        while portion.bytes.len() < PORTION_BYTES
            && portion.frames < PORTION_FRAMES_MAX
            && self.take_next(history, &is_spared, &mut portion)
        {}
        portion
    }

    /// How many messages it still owes.
    pub(crate) fn messages(&self, history: &History, is_spared: impl Fn(&Entry) -> bool) -> u64 {
        let mut rest = Replay::new(self.resumption.clone(), self.cursors.clone());
        let mut portion = Portion::default();
        rest.note_missed(history, &mut portion);
        let mut messages: u64 = portion.missed.iter().map(|(_, missed)| missed).sum();
        while let Some(entry) = rest.next(history) {
            messages += u64::from(!is_spared(entry));
        }
        messages
    }

    fn take_next(
        &mut self,
        history: &History,
        is_spared: &impl Fn(&Entry) -> bool,
        portion: &mut Portion,
    ) -> bool {
        let Some(entry) = self.next(history) else { return false };
        if !is_spared(entry) {
            portion.bytes.extend_from_slice(&entry.frame);
            portion.frames += 1;
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
