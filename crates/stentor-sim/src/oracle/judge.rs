//! What a connection is missing, and whether it was told.

use super::{Acceptance, Gap, Listener, Oracle, Promise, Said};
use crate::connection::ConnectionId;
use crate::queue::Micros;

/// How far a connection is owed what was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// It is still there: all of it.
    End,
    /// It has ended: what lies before something that it has heard of the same sender.
    LastHeard,
}

/// What one connection has missed.
#[derive(Default)]
struct Missing {
    /// What gaps with a count have to make up for.
    counted: Vec<u64>,
    announced: u64,
    /// Something of the time before the connection.
    is_of_before: bool,
    /// What nobody may miss.
    last_words: Vec<u64>,
}

impl Oracle {
    /// Judges what a connection has not heard of what it was owed.
    pub(super) fn judge_missing(&mut self, now: Micros, id: ConnectionId, until: Until) {
        let Some(listener) = self.listeners.get(&id) else { return };
        let gaps = self.gaps_of(listener);
        let mut missing = Missing::default();
        for (number, said) in &self.said {
            if !self.is_owed(id, listener, *number, said, until) {
                continue;
            }
            let covers = |gap: &Gap| {
                let is_of_it = gap.audience.as_ref().is_none_or(|of| *of == said.audience);
                is_of_it && gap.missed.is_none() && gap.at >= said.first_at
            };
            if said.is_last_word {
                missing.last_words.push(*number);
            } else if gaps.iter().any(covers) {
                missing.announced += 1;
            } else {
                missing.is_of_before |= said.first_at <= listener.since;
                missing.counted.push(*number);
            }
        }
        let counted: u64 = gaps.iter().filter_map(|gap| gap.missed).sum();
        let is_covered = missing.counted.len() as u64 <= counted;
        let Missing { counted: unheard, announced, is_of_before, last_words } = missing;
        self.verdict.announced += announced;
        if is_covered {
            self.verdict.announced += unheard.len() as u64;
        } else {
            let few: Vec<u64> = unheard.iter().copied().take(10).collect();
            let what = format!("{id} missed {} ({few:?}), told of {counted}", unheard.len());
            let promise = if is_of_before { Promise::Resumed } else { Promise::Announced };
            self.note(now, promise, what);
        }
        if !last_words.is_empty() {
            let what = format!("{id} missed {last_words:?}, said after all had healed");
            self.note(now, Promise::Healed, what);
        }
    }

    /// A ring's gaps count what they dropped: no more than was not heard.
    pub(super) fn judge_rings(&mut self, now: Micros, id: ConnectionId) {
        let Some(listener) = self.listeners.get(&id) else { return };
        let of_ring = listener.gaps.iter().filter(|gap| gap.is_of_ring);
        let dropped: u64 = of_ring.filter_map(|gap| gap.missed).sum();
        let unheard = self.said.iter().filter(|(number, said)| {
            listener.ever.contains(&said.audience) && !listener.heard.contains(number)
        });
        // A foreign message may be among them, which nobody counts.
        let unheard = unheard.count() as u64 + self.foreign;
        if dropped > unheard {
            let what =
                format!("{id} was told of {dropped} that it lost, and did not hear {unheard}");
            self.note(now, Promise::Counted, what);
        }
    }

    /// What a connection was told, or where it hears no events its shard.
    pub(super) fn gaps_of(&self, listener: &Listener) -> Vec<Gap> {
        let mut gaps = listener.gaps.clone();
        if !listener.events {
            let told = self.told.get(&(listener.pod, listener.shard));
            gaps.extend(told.into_iter().flatten().cloned());
        }
        gaps
    }

    fn is_owed(
        &self,
        id: ConnectionId,
        listener: &Listener,
        number: u64,
        said: &Said,
        until: Until,
    ) -> bool {
        let is_in = listener.rooms.get(&said.audience).is_some_and(|since| *since < said.first_at);
        if !is_in || listener.heard.contains(&number) || listener.had.contains(&number) {
            return false;
        }
        let is_of_client = |by: &Acceptance| {
            let sender = self.listeners.get(&by.sender);
            sender.is_some_and(|sender| sender.client == listener.client)
        };
        // Its client does without what it said on earlier connections, too.
        let is_own = |by: &Acceptance| {
            !listener.echo && (by.sender == id || listener.was_told && is_of_client(by))
        };
        // A resend that another pod has had already goes no further, and makes up for nothing that
        // its first pod lost when it died.
        let lives = |by: &Acceptance| {
            by.pod == listener.pod || (by.is_passed_on && !self.dead_pods.contains(&by.pod))
        };
        match until {
            Until::End => said.by.iter().any(lives) && !said.by.iter().any(is_own),
            Until::LastHeard => {
                let [by] = &said.by[..] else { return false };
                let last = listener.last.get(&(by.sender, said.audience.clone()));
                !is_own(by) && last.is_some_and(|last| *last > by.order)
            }
        }
    }
}
