//! Making a plan that fails smaller, as long as it still fails in the same promise.

use crate::oracle::Promise;
use crate::plan::Plan;
use crate::world;

/// No more runs than this are spent on it.
const RUNS_MAX: usize = 400;

/// The smallest plan that was found, and how many runs that took.
pub fn shrink(plan: &Plan) -> (Plan, usize) {
    let Some(promise) = broken(plan) else { return (plan.clone(), 1) };
    let mut search = Search { best: plan.clone(), promise, runs: 1 };
    loop {
        let before = weight(&search.best);
        search.drop_some(|plan| &mut plan.windows);
        search.drop_some(|plan| &mut plan.acts);
        search.silence_clients();
        search.shorten();
        search.take_shards_away();
        if weight(&search.best) == before || search.runs >= RUNS_MAX {
            return (search.best, search.runs);
        }
    }
}

struct Search {
    best: Plan,
    promise: Promise,
    runs: usize,
}

impl Search {
    /// Takes a smaller plan where it still fails.
    fn consider(&mut self, plan: Plan) -> bool {
        if self.runs >= RUNS_MAX {
            return false;
        }
        self.runs += 1;
        let fails = broken(&plan) == Some(self.promise);
        if fails {
            self.best = plan;
        }
        fails
    }

    /// Drops stretches of a list, long ones first.
    fn drop_some<T: Clone>(&mut self, list: impl Fn(&mut Plan) -> &mut Vec<T>) {
        let mut size = list(&mut self.best).len();
        while size > 0 {
            let mut start = 0;
            while start < list(&mut self.best).len() {
                let mut plan = self.best.clone();
                let end = (start + size).min(list(&mut plan).len());
                list(&mut plan).drain(start..end);
                if !self.consider(plan) {
                    start += size;
                }
            }
            size /= 2;
        }
    }

    /// A client at the end of the list that nothing else names is left out.
    fn silence_clients(&mut self) {
        while self.best.clients.len() > 1 {
            let mut plan = self.best.clone();
            plan.clients.pop();
            if !self.consider(plan) {
                break;
            }
        }
        for client in 0..self.best.clients.len() {
            for room in 0..8 {
                let mut plan = self.best.clone();
                if plan.clients[client].rooms & (1 << room) != 0 {
                    plan.clients[client].rooms &= !(1 << room);
                    self.consider(plan);
                }
            }
        }
    }

    fn shorten(&mut self) {
        let last = self.best.windows.iter().map(|window| window.at).max().unwrap_or(0);
        let last = last.max(self.best.acts.last().map_or(0, |(at, _)| *at));
        let mut plan = self.best.clone();
        plan.talk = last.saturating_sub(crate::plan::TALK_FROM);
        if plan.talk < self.best.talk {
            self.consider(plan);
        }
    }

    fn take_shards_away(&mut self) {
        for pod in 0..self.best.pods.len() {
            if self.best.pods[pod] > 1 {
                let mut plan = self.best.clone();
                plan.pods[pod] = 1;
                self.consider(plan);
            }
        }
        while self.best.pods.len() > 1 {
            let mut plan = self.best.clone();
            plan.pods.pop();
            if !self.consider(plan) {
                break;
            }
        }
    }
}

/// The first promise that a plan breaks.
fn broken(plan: &Plan) -> Option<Promise> {
    let plan = Plan { is_traced: false, ..plan.clone() };
    world::run(&plan).verdict.violations.first().map(|violation| violation.promise)
}

fn weight(plan: &Plan) -> (usize, usize, usize, u32) {
    let rooms = plan.clients.iter().map(|client| client.rooms.count_ones()).sum();
    (
        plan.windows.len(),
        plan.acts.len(),
        plan.clients.len() + plan.pods.iter().sum::<usize>(),
        rooms,
    )
}
