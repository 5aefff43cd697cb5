//! The crowd: thousands of clients in a process of their own, who come at one instant and leave at
//! one.
//!
//! A process apart, so that the steady members' latency does not wait for ten thousand calls of
//! `connect()`. It gives way to every other process on its core.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::cli::{LeavingBy, StormCrowdArgs};
use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::load::dialect::Opening;
use crate::load::swarm::{Bound, Swarm};
use crate::load::target::Target;
use crate::measure::meter;
use crate::measure::moment::{Clock, Moment};
use crate::process::talk::{Orders, say};
use crate::scenario::fanout::describe_end;
use crate::scenario::storm::words::{Answer, Arrival, Departure, Order};
use crate::verdict::hall;

/// How often one tries before it stays away.
const TRIES_MAX: u32 = 20;
/// How long one waits whose attempt broke without an answer.
const BROKEN_PAUSE: Duration = Duration::from_secs(1);
/// The longest that one who is told when to come again is willing to wait.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
/// How long the server's goodbyes are waited for.
const GOODBYE_MAX: Duration = Duration::from_secs(15);
/// How often an order is listened for.
const LISTENING: Duration = Duration::from_millis(10);
/// The least share of its core that the crowd takes where others want it (nice(2)).
const NICENESS: i32 = 19;

/// Works until the first process ends the input.
///
/// # Errors
/// If descriptors run out, or the event loop is broken.
pub(crate) fn serve(args: &StormCrowdArgs) -> Result<(), Failure> {
    // Where the system refuses, the report shows how late the steady members' process was.
    let _ = rustix::process::nice(NICENESS);
    let target = args.server.target()?;
    let mut orders = Orders::listen();
    let mut crowd = Crowd::gather(args, target)?;
    say(&Answer::Ready)?;
    loop {
        match crowd.wait_for_order(&mut orders)? {
            Order::Come => {
                let next = crowd.come(&mut orders)?;
                say(&Answer::Came(crowd.arrival()))?;
                if let Some(Order::Leave(by)) = next {
                    say(&Answer::Left(crowd.leave(by)?))?;
                }
            }
            Order::Leave(by) => say(&Answer::Left(crowd.leave(by)?))?,
        }
    }
}

/// The connections, and who of them is where.
#[derive(Debug)]
struct Crowd {
    target: Target,
    first_room: usize,
    rooms: usize,
    connects_first: bool,
    swarm: Swarm,
    /// Sockets for the first attempts.
    bound: Vec<Bound>,
    people: People,
    issued: Duration,
    own: Duration,
}

impl Crowd {
    fn gather(args: &StormCrowdArgs, target: Target) -> Result<Self, Failure> {
        let count = args.count as usize;
        let mut swarm = Swarm::new(target.clone(), count)?;
        swarm.spread_sources(args.per_address);
        let bound = (0..count).map(|_| swarm.bind(target.address, None));
        let bound = bound.collect::<Result<_, _>>()?;
        let people = People::new(count, swarm.clock())?;
        let (first_room, rooms) = (args.first_room as usize, args.rooms.max(1) as usize);
        let (issued, own) = (Duration::ZERO, Duration::ZERO);
        let connects_first = args.connects_first;
        Ok(Self { target, first_room, rooms, connects_first, swarm, bound, people, issued, own })
    }

    fn wait_for_order(&mut self, orders: &mut Orders) -> Result<Order, Failure> {
        loop {
            if let Some(order) = orders.poll()? {
                return Ok(order);
            }
            self.turn_over(Moment::NEVER)?;
        }
    }

    /// All come at once; those who are told to come again do. Until all are in or have given up,
    /// or another order comes.
    fn come(&mut self, orders: &mut Orders) -> Result<Option<Order>, Failure> {
        let clock = self.swarm.clock();
        let (begin, own_before) = (clock.now(), meter::own_cpu());
        self.people.begin = begin;
        for (index, bound) in std::mem::take(&mut self.bound).into_iter().enumerate() {
            let opening = self.opening_of(index);
            self.people.set_out(index);
            self.swarm.call_on(index, bound, opening)?;
            if !self.connects_first {
                self.swarm.ask_at_once(index);
            }
        }
        self.issued = clock.now().since(begin);
        let mut next = None;
        while self.people.on_their_way > 0 {
            next = orders.poll()?;
            if next.is_some() {
                break;
            }
            self.turn_over(self.people.next_return())?;
            while let Some(index) = self.people.poll_return(clock.now()) {
                let bound = self.swarm.bind(self.target.address, None)?;
                let opening = self.opening_of(index);
                self.people.set_out(index);
                self.swarm.call_on(index, bound, opening)?;
            }
        }
        self.people.end = self.people.last_in.max(begin);
        self.own = meter::own_cpu().saturating_sub(own_before);
        Ok(next)
    }

    fn arrival(&self) -> Arrival {
        let People { tally, begin, end, on_their_way, latency, .. } = &self.people;
        let took = end.since(*begin);
        Arrival {
            opened: tally.opened,
            tries: tally.tries,
            told_503: tally.told_503,
            told_429: tally.told_429,
            broken: tally.broken,
            given_up: tally.given_up + *on_their_way as u64,
            first_failure: tally.first_failure.clone(),
            issued: self.issued,
            took,
            latency: latency.clone(),
            generator_share: self.own.as_secs_f64() / took.as_secs_f64().max(1e-9),
        }
    }

    /// All leave at once.
    fn leave(&mut self, by: LeavingBy) -> Result<Departure, Failure> {
        let clock = self.swarm.clock();
        let (begin, deadline) = (clock.now(), clock.now().after(GOODBYE_MAX));
        let left = self.people.count_inside();
        self.people.give_up_returns();
        for index in 0..self.people.places.len() {
            match (self.people.places[index], by) {
                (Place::Inside, LeavingBy::Close) => {
                    self.people.places[index] = Place::Leaving;
                    self.swarm.leave(index);
                }
                (Place::Inside, LeavingBy::Reset) => self.swarm.reset(index),
                _ => self.swarm.cut(index),
            }
        }
        let issued = clock.now().since(begin);
        let mut unanswered = 0;
        if by == LeavingBy::Close {
            while self.people.count_leaving() > 0 && clock.now() < deadline {
                self.turn_over(deadline)?;
            }
            unanswered = self.people.count_leaving();
        }
        let People { thrown_out, first_end, .. } = &self.people;
        Ok(Departure {
            left,
            thrown_out: *thrown_out,
            first_end: first_end.clone(),
            issued,
            took: clock.now().since(begin),
            unanswered,
        })
    }

    fn turn_over(&mut self, due: Moment) -> Result<(), Failure> {
        let listening = self.swarm.clock().now().after(LISTENING);
        self.swarm.wait(due.min(listening))?;
        while self.swarm.handle_next(&mut self.people) {}
        Ok(())
    }

    fn opening_of(&self, index: usize) -> Opening {
        self.target.upgrade(Some(self.first_room + index % self.rooms))
    }
}

/// Where one of the crowd is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Place {
    Outside,
    OnTheWay,
    Inside,
    Leaving,
}

/// What became of their attempts.
#[derive(Debug, Default)]
struct Tally {
    opened: u64,
    tries: u64,
    told_503: u64,
    told_429: u64,
    broken: u64,
    given_up: u64,
    first_failure: Option<String>,
}

/// Who is where, and who comes again when.
#[derive(Debug)]
struct People {
    clock: Clock,
    places: Vec<Place>,
    tries: Vec<u32>,
    returns: BinaryHeap<Reverse<(Moment, usize)>>,
    /// How many are neither in nor have given up.
    on_their_way: usize,
    tally: Tally,
    begin: Moment,
    last_in: Moment,
    end: Moment,
    latency: Histogram<u64>,
    thrown_out: u64,
    first_end: Option<String>,
}

impl People {
    fn new(count: usize, clock: Clock) -> Result<Self, Failure> {
        Ok(Self {
            clock,
            places: vec![Place::Outside; count],
            tries: vec![0; count],
            returns: BinaryHeap::new(),
            on_their_way: count,
            tally: Tally::default(),
            begin: Moment::default(),
            last_in: Moment::default(),
            end: Moment::default(),
            latency: hall::latency_histogram()?,
            thrown_out: 0,
            first_end: None,
        })
    }

    fn set_out(&mut self, index: usize) {
        self.places[index] = Place::OnTheWay;
        self.tries[index] += 1;
        self.tally.tries += 1;
    }

    fn next_return(&self) -> Moment {
        self.returns.peek().map_or(Moment::NEVER, |Reverse((at, _))| *at)
    }

    fn poll_return(&mut self, now: Moment) -> Option<usize> {
        if self.next_return() > now {
            return None;
        }
        self.returns.pop().map(|Reverse((_, index))| index)
    }

    fn give_up_returns(&mut self) {
        self.returns.clear();
    }

    fn count_inside(&self) -> u64 {
        self.places.iter().filter(|place| **place == Place::Inside).count() as u64
    }

    fn count_leaving(&self) -> u64 {
        self.places.iter().filter(|place| **place == Place::Leaving).count() as u64
    }

    /// One that was not let in comes again when it was told to, or after a while if its attempt
    /// broke; one that was refused for good stays away.
    fn handle_failure(&mut self, index: usize, end: &End) {
        self.places[index] = Place::Outside;
        self.tally.first_failure.get_or_insert_with(|| describe_end(end));
        let wait = match end {
            End::Refused(refusal) => match (refusal.status, refusal.retry_after) {
                (Some(503), Some(wait)) => {
                    self.tally.told_503 += 1;
                    Some(wait)
                }
                (Some(429), Some(wait)) => {
                    self.tally.told_429 += 1;
                    Some(wait)
                }
                (Some(_), _) => None,
                (None, _) => self.note_broken(),
            },
            _ => self.note_broken(),
        };
        match wait.filter(|_| self.tries[index] < TRIES_MAX) {
            Some(wait) => {
                let at = self.clock.now().after(wait.min(RETRY_AFTER_MAX));
                self.returns.push(Reverse((at, index)));
            }
            None => {
                self.tally.given_up += 1;
                self.on_their_way -= 1;
                self.last_in = self.clock.now();
            }
        }
    }

    fn note_broken(&mut self) -> Option<Duration> {
        self.tally.broken += 1;
        Some(BROKEN_PAUSE)
    }
}

impl Audience for People {
    fn handle_open(&mut self, index: usize, _: Duration) {
        self.places[index] = Place::Inside;
        self.on_their_way -= 1;
        self.tally.opened += 1;
        self.last_in = self.clock.now();
        self.latency.saturating_record(self.last_in.since(self.begin).as_nanos() as u64);
    }

    fn handle_text(&mut self, _: usize, _: &[u8], _: Moment) {}

    fn handle_end(&mut self, index: usize, end: End) {
        match std::mem::replace(&mut self.places[index], Place::Outside) {
            Place::OnTheWay => self.handle_failure(index, &end),
            Place::Inside => {
                self.thrown_out += 1;
                self.first_end.get_or_insert_with(|| describe_end(&end));
            }
            Place::Leaving | Place::Outside => {}
        }
    }
}
