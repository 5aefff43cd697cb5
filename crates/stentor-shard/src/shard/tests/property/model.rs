//! What should be heard: lists of texts, one for each audience of each member.

use std::collections::{BTreeMap, BTreeSet};

use super::super::sockets::Heard;
use super::*;

#[derive(Default)]
pub(super) struct Model {
    listeners: BTreeMap<u32, Listener>,
    said: usize,
    /// How often the holders of a number were closed.
    closes: BTreeMap<u32, usize>,
}

pub(super) struct Listener {
    rooms: BTreeSet<String>,
    identity: Option<Identity>,
    /// Tokens of it that were refused.
    refusals: usize,
    echo: bool,
    state: State,
    /// What it should hear, by audience.
    owed: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Open,
    /// Closed by the driver: it hears everything first.
    Closed,
    /// Closed by the shard, because it was slow: it may miss what it could not take.
    Lost,
}

impl Model {
    pub(super) fn listener(&self, member: u32) -> Option<&Listener> {
        self.listeners.get(&member)
    }

    fn open(&mut self, member: u32) -> Option<&mut Listener> {
        self.listeners.get_mut(&member).filter(|listener| listener.state == State::Open)
    }

    pub(super) fn connect(
        &mut self,
        member: u32,
        rooms: &[&str],
        options: MemberOptions,
        identity: Option<Identity>,
    ) {
        let mut listener = Listener {
            rooms: BTreeSet::new(),
            identity,
            refusals: 0,
            echo: options.echo,
            state: State::Open,
            owed: BTreeMap::new(),
        };
        let allowed = rooms.iter().filter(|room| listener.allows(room));
        listener.rooms = allowed.map(|room| (*room).to_owned()).collect();
        self.listeners.insert(member, listener);
    }

    pub(super) fn renew(&mut self, member: u32, identity: Identity, now_unix_millis: u64) {
        let Some(listener) = self.open(member) else { return };
        let Some(old) = &mut listener.identity else { return };
        let is_over = identity.expires_at_unix_millis.is_some_and(|end| end <= now_unix_millis);
        if old.user != identity.user || is_over {
            listener.refusals += 1;
            return;
        }
        *old = identity;
        let rooms = std::mem::take(&mut listener.rooms);
        listener.rooms = rooms.into_iter().filter(|room| listener.allows(room)).collect();
    }

    pub(super) fn join(&mut self, member: u32, room: &str) {
        if let Some(listener) = self.open(member).filter(|listener| listener.allows(room)) {
            listener.rooms.insert(room.to_owned());
        }
    }

    pub(super) fn leave(&mut self, member: u32, room: &str) {
        if let Some(listener) = self.open(member) {
            listener.rooms.remove(room);
        }
    }

    /// The text of a new message, if its sender is there to say it and may.
    pub(super) fn say(&mut self, member: u32, room: &str) -> Option<String> {
        let echo = self.open(member).filter(|listener| listener.allows(room))?.echo;
        Some(self.tell(room, (!echo).then_some(member)))
    }

    pub(super) fn deliver(&mut self, room: &str) -> String {
        self.tell(room, None)
    }

    fn tell(&mut self, room: &str, but: Option<u32>) -> String {
        self.said += 1;
        let text = self.said.to_string();
        for (member, listener) in &mut self.listeners {
            let hears = room.is_empty() || listener.rooms.contains(room);
            if listener.state == State::Open && hears && but != Some(*member) {
                listener.owed.entry(room.to_owned()).or_default().push(text.clone());
            }
        }
        text
    }

    pub(super) fn close(&mut self, member: u32) {
        self.end(member, State::Closed);
    }

    /// The shard says that the member's identity has ended, or that it showed too many tokens.
    pub(super) fn expire(&mut self, member: u32, now_unix_millis: u64) {
        let Some(listener) = self.open(member) else { return };
        assert!(listener.refusals > 8 || listener.is_over(now_unix_millis), "closed early");
        self.close(member);
    }

    pub(super) fn check_that_nobody_outlives_an_identity(&self, now_unix_millis: u64) {
        for listener in self.listeners.values() {
            assert!(listener.is_closed() || !listener.is_over(now_unix_millis));
        }
    }

    pub(super) fn lose(&mut self, member: u32) {
        self.end(member, State::Lost);
    }

    fn end(&mut self, member: u32, state: State) {
        if let Some(listener) = self.open(member) {
            listener.state = state;
            listener.rooms.clear();
            *self.closes.entry(member).or_default() += 1;
        }
    }

    pub(super) fn disconnect(&mut self, member: u32) -> Option<Listener> {
        self.listeners.remove(&member)
    }

    pub(super) fn members_open(&self) -> usize {
        self.listeners.values().filter(|listener| listener.state == State::Open).count()
    }

    pub(super) fn members_of(&self, room: &str) -> usize {
        self.listeners.values().filter(|listener| listener.rooms.contains(room)).count()
    }

    pub(super) fn rooms_open(&self) -> usize {
        ROOMS[1..].iter().filter(|room| self.members_of(room) > 0).count()
    }

    /// Nobody finished more often than it was closed.
    pub(super) fn check_finished(&self, finished: &[MemberId]) {
        for member in 0..MEMBERS {
            let times = finished.iter().filter(|id| id.0 == member).count();
            assert!(times <= self.closes.get(&member).copied().unwrap_or(0));
        }
    }
}

impl Listener {
    /// Whether it may join this room and send to it; the empty name is everybody.
    fn allows(&self, room: &str) -> bool {
        let rooms = self.identity.as_ref().and_then(|identity| identity.rooms.as_ref());
        rooms.is_none_or(|rooms| {
            rooms.iter().any(|pattern| pattern == "*" || !room.is_empty() && pattern == room)
        })
    }

    fn is_over(&self, now_unix_millis: u64) -> bool {
        let end = self.identity.as_ref().and_then(|identity| identity.expires_at_unix_millis);
        end.is_some_and(|end| end <= now_unix_millis)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state != State::Open
    }

    /// Compares what it heard with what it should have. `whole`: nothing is under way any more.
    pub(super) fn check(&self, frames: &[Heard], whole: bool) {
        let mut next: BTreeMap<&str, usize> = BTreeMap::new();
        // Audiences that no gap was announced to since they were last heard.
        let mut unwarned: BTreeSet<&str> = ROOMS.into_iter().collect();
        let (mut announced, mut missing) = (0, 0);
        for (index, frame) in frames.iter().enumerate() {
            match frame {
                Heard::Close(code) => {
                    assert!(self.is_closed());
                    assert_eq!(index + 1, frames.len(), "nothing follows a close frame");
                    assert_eq!(*code == 1013, self.state == State::Lost);
                }
                Heard::Text(json) if frame.label() == "gap" => {
                    announced += json["data"]["missed"].as_u64().unwrap();
                    unwarned.clear();
                }
                Heard::Text(json) if json["type"] == "chat" => {
                    let room = json["room"].as_str().unwrap_or("");
                    let (room, owed) = self.owed.get_key_value(room).expect("an audience of its");
                    let seen = next.entry(room).or_default();
                    let skipped = owed[*seen..].iter().position(|text| *text == frame.label());
                    let skipped = skipped.expect("owed, in this order, once");
                    assert!(skipped == 0 || !unwarned.contains(room.as_str()), "a silent loss");
                    missing += skipped as u64;
                    *seen += skipped + 1;
                    unwarned.insert(room);
                }
                _ => {}
            }
        }
        for (room, owed) in self.owed.iter().filter(|_| whole && self.state != State::Lost) {
            let left = owed.len() - next.get(room.as_str()).copied().unwrap_or(0);
            assert!(left == 0 || !unwarned.contains(room.as_str()), "a silent loss at the end");
            missing += left as u64;
        }
        if whole && self.state != State::Lost {
            assert_eq!(announced, missing);
        } else {
            assert!(announced >= missing);
        }
        if whole && self.is_closed() {
            assert!(matches!(frames.last(), Some(Heard::Close(_))));
        }
    }
}

/// A room opens only when it is closed and closes only when it is open, and in the end all are.
pub(super) fn check_rooms_opened_and_closed(events: &[Event]) {
    let mut members: BTreeMap<&str, BTreeSet<MemberId>> = BTreeMap::new();
    for event in events {
        match event {
            Event::Joined { member, room, opened, .. } => {
                let members = members.entry(room.as_str()).or_default();
                assert_eq!(*opened, members.is_empty());
                assert!(members.insert(*member));
            }
            Event::Left { member, room, closed, .. } => {
                let members = members.entry(room.as_str()).or_default();
                assert!(members.remove(member));
                assert_eq!(*closed, members.is_empty());
            }
            _ => {}
        }
    }
    assert!(members.values().all(BTreeSet::is_empty));
}
