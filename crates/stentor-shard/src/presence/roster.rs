//! A roster: who is in a room, as the members that want to know have been told.
//!
//! It takes what each origin says of its people, and finds what has changed since it was shown
//! last. Somebody with several connections comes with the first and goes with the last, wherever
//! they are; who comes back within the grace never went.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use stentor_wire::presence::{Here, Person, Status};
use uuid::Uuid;

use crate::presence::COUNT_INTERVAL;
use crate::time::Instant;

/// People of origins that answer the first question within this time were there already.
const BASELINE: Duration = Duration::from_secs(2);

/// A shard of a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Origin {
    pub(crate) pod: Arc<str>,
    pub(crate) shard: u16,
}

/// Who somebody is: the user, or a connection without one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    User(Arc<str>),
    Client(Uuid),
}

/// What members are told of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: Key,
    pub(crate) person: Person,
    /// `None`: it is gone.
    pub(crate) status: Option<Status>,
    /// It came just now: it is not told so itself.
    pub(crate) is_new: bool,
}

/// What there is to show.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Changes(Vec<Change>),
    /// There are too many for names.
    Count(u64),
    Nothing,
}

/// What an origin said last.
#[derive(Debug)]
struct Said {
    count: u64,
    people: Option<Arc<[Person]>>,
    /// When it said so.
    at: Instant,
}

/// Somebody that the members know of.
#[derive(Debug)]
struct Known {
    person: Person,
    /// Since when it has not been there.
    gone_at: Option<Instant>,
}

#[derive(Debug)]
pub(crate) struct Roster {
    began_at: Instant,
    /// Members here that want to know.
    pub(crate) listeners: usize,
    said: HashMap<Origin, Said>,
    /// Pods that said hello since it began: their people came after that.
    newcomers: Vec<Arc<str>>,
    /// How often others were asked again.
    round: u32,
    /// In which round each pod answered first: whom it tells of in a later one came after that.
    answered: HashMap<Arc<str>, u32>,
    known: BTreeMap<Key, Known>,
    /// Names are not told because there are too many.
    counts: bool,
    told_count: u64,
    counted_at: Option<Instant>,
    shows_at: Option<Instant>,
}

impl Roster {
    /// A roster whose room has these people here already.
    pub(crate) fn new(now: Instant, own: &[Person]) -> Roster {
        let mut roster = Roster {
            began_at: now,
            listeners: 0,
            said: HashMap::new(),
            newcomers: Vec::new(),
            round: 0,
            answered: HashMap::new(),
            known: BTreeMap::new(),
            counts: false,
            told_count: 0,
            counted_at: None,
            shows_at: None,
        };
        roster.know(own);
        roster
    }

    /// It is to be shown by then; `None` where it will be sooner anyway.
    pub(crate) fn show_at(&mut self, at: Instant) -> Option<Instant> {
        if self.shows_at.is_some_and(|sooner| sooner <= at) {
            return None;
        }
        self.shows_at = Some(at);
        Some(at)
    }

    /// Whether it is to be shown now, and not at another time.
    pub(crate) fn takes_turn(&mut self, now: Instant) -> bool {
        let is_due = self.shows_at.is_some_and(|at| at <= now);
        if is_due {
            self.shows_at = None;
        }
        is_due
    }

    /// Others are asked again.
    pub(crate) fn begin_round(&mut self) {
        self.round += 1;
    }

    /// A pod has its first member: whoever it tells of has come.
    pub(crate) fn handle_hello(&mut self, pod: &Arc<str>) {
        if !self.newcomers.contains(pod) {
            self.newcomers.push(Arc::clone(pod));
        }
    }

    /// Takes what an origin says of its people. Who was there before this roster is not told of.
    pub(crate) fn handle_here(&mut self, now: Instant, origin: Origin, here: &Here) {
        let is_first = !self.said.contains_key(&origin);
        let round = *self.answered.entry(Arc::clone(&origin.pod)).or_insert(self.round);
        let was_there = is_first
            && here.is_answer
            && round == self.round
            && now.since(self.began_at) < BASELINE
            && !self.newcomers.contains(&origin.pod);
        if was_there && let Some(people) = &here.people {
            self.know(people);
        }
        if here.count == 0 {
            self.said.remove(&origin);
        } else {
            let said = Said { count: here.count, people: here.people.clone(), at: now };
            self.said.insert(origin, said);
        }
    }

    /// What was said before now counts as said now: nobody could be heard for a while.
    pub(crate) fn excuse_silence(&mut self, now: Instant) {
        self.said.values_mut().for_each(|said| said.at = now);
    }

    /// Forgets what other pods have said before a time and never confirmed, though they were asked;
    /// `false` where there is no such thing.
    pub(crate) fn forget_unconfirmed(&mut self, before: Instant, own_pod: &str) -> bool {
        let count = self.said.len();
        self.said.retain(|origin, said| *origin.pod == *own_pod || said.at >= before);
        self.said.len() < count
    }

    /// Forgets the people of a pod that is dead, who do not come back; `false` where it had none.
    pub(crate) fn forget_pod(&mut self, pod: &Arc<str>) -> bool {
        let before = self.said.len();
        let mut lost: Vec<Key> = Vec::new();
        self.said.retain(|origin, said| {
            let stays = origin.pod != *pod;
            if !stays {
                lost.extend(said.people.iter().flat_map(|people| people.iter()).map(Key::of));
            }
            stays
        });
        self.newcomers.retain(|newcomer| newcomer != pod);
        self.answered.remove(pod);
        for key in &lost {
            if let Some(known) = self.known.get_mut(key) {
                known.gone_at = Some(Instant::default());
            }
        }
        self.said.len() < before
    }

    /// How many connections there are, with those of this shard.
    pub(crate) fn count(&self, own: &Here) -> u64 {
        own.count + self.said.values().map(|said| said.count).sum::<u64>()
    }

    /// Everybody who is there now; `None` where some origin has too many to say who they are.
    pub(crate) fn people(&self, own: &Here) -> Option<BTreeMap<Key, Person>> {
        let mut people = BTreeMap::new();
        let all = self.said.values().map(|said| &said.people).chain([&own.people]);
        for of_origin in all {
            for person in of_origin.as_ref()?.iter() {
                add(&mut people, person);
            }
        }
        Some(people)
    }

    /// What has changed since this was asked last, for the members here to hear.
    pub(crate) fn show(
        &mut self,
        now: Instant,
        own: &Here,
        grace: Duration,
        members_max: usize,
    ) -> Shown {
        let count = self.count(own);
        // Once there were too many, there must be clearly fewer.
        let most = if self.counts { members_max / 4 * 3 } else { members_max };
        let people = if count > most as u64 { None } else { self.people(own) };
        match people {
            None => self.show_count(now, count),
            Some(people) if self.counts => {
                self.counts = false;
                self.known =
                    people.into_iter().map(|(key, person)| (key, Known::new(person))).collect();
                self.tell_count(now, count)
            }
            Some(people) => self.show_changes(now, people, grace),
        }
    }

    fn show_count(&mut self, now: Instant, count: u64) -> Shown {
        self.counts = true;
        self.known = BTreeMap::new();
        let next = self.counted_at.map(|at| at + COUNT_INTERVAL);
        if let Some(next) = next.filter(|next| *next > now) {
            // Whoever schedules it finds this time again in `shows_at`.
            self.shows_at = Some(next);
            return Shown::Nothing;
        }
        if count == self.told_count { Shown::Nothing } else { self.tell_count(now, count) }
    }

    fn tell_count(&mut self, now: Instant, count: u64) -> Shown {
        self.told_count = count;
        self.counted_at = Some(now);
        Shown::Count(count)
    }

    fn show_changes(
        &mut self,
        now: Instant,
        people: BTreeMap<Key, Person>,
        grace: Duration,
    ) -> Shown {
        let mut changes = Vec::new();
        let mut next: Option<Instant> = None;
        self.known.retain(|key, known| {
            if people.contains_key(key) {
                return true;
            }
            let gone_at = *known.gone_at.get_or_insert(now);
            let told_at = gone_at + grace;
            if told_at <= now || gone_at == Instant::default() {
                let person = known.person.clone();
                changes.push(Change { key: key.clone(), person, status: None, is_new: false });
                return false;
            }
            next = Some(next.map_or(told_at, |next| next.min(told_at)));
            true
        });
        for (key, person) in people {
            let status = Some(person.status);
            match self.known.get_mut(&key) {
                Some(known) => {
                    known.gone_at = None;
                    if known.person.status != person.status {
                        known.person = person.clone();
                        changes.push(Change { key, person, status, is_new: false });
                    }
                }
                None => {
                    self.known.insert(key.clone(), Known::new(person.clone()));
                    changes.push(Change { key, person, status, is_new: true });
                }
            }
        }
        if let Some(next) = next {
            self.shows_at = Some(self.shows_at.map_or(next, |sooner| sooner.min(next)));
        }
        if changes.is_empty() { Shown::Nothing } else { Shown::Changes(changes) }
    }

    /// When it is to be shown next, as far as it knows by itself.
    pub(crate) fn shows_at(&self) -> Option<Instant> {
        self.shows_at
    }

    fn know(&mut self, people: &[Person]) {
        let mut there = BTreeMap::new();
        people.iter().for_each(|person| add(&mut there, person));
        for (key, person) in there {
            self.known.entry(key).or_insert_with(|| Known::new(person));
        }
    }
}

impl Known {
    fn new(person: Person) -> Known {
        Known { person, gone_at: None }
    }
}

impl Key {
    pub(crate) fn of(person: &Person) -> Key {
        match &person.user {
            Some(user) => Key::User(Arc::clone(user)),
            None => Key::Client(person.client_id),
        }
    }
}

/// Somebody with several connections is away only where all of them are.
fn add(people: &mut BTreeMap<Key, Person>, person: &Person) {
    people
        .entry(Key::of(person))
        .and_modify(|known| {
            let is_closer = (person.status, person.client_id) < (known.status, known.client_id);
            if is_closer {
                *known = person.clone();
            }
        })
        .or_insert_with(|| person.clone());
}

#[cfg(test)]
mod tests;
