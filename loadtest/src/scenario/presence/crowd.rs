//! The crowd: all who come to one room, in a process of their own, and what they are told there.
//!
//! A process apart, as in `storm`: the others' chat must not wait for ten thousand calls of
//! `connect()`, nor for whatever the crowd is told.

use std::time::Duration;

use crate::cli::PresenceCrowdArgs;
use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::load::dialect::Opening;
use crate::load::swarm::{Bound, Swarm};
use crate::load::target::Target;
use crate::measure::meter;
use crate::measure::moment::{Clock, Moment};
use crate::process::talk::{Orders, say};
use crate::scenario::fanout::describe_end;
use crate::scenario::presence::ears::Ears;
use crate::scenario::presence::words::{Answer, Move, Order, Told};

/// How often an order is listened for.
const LISTENING: Duration = Duration::from_millis(10);
/// How long comings and goings are waited for behind the last of them.
const PATIENCE: Duration = Duration::from_secs(60);

/// Works until the first process ends the input.
///
/// # Errors
/// If descriptors run out, or the event loop is broken.
pub(crate) fn serve(args: &PresenceCrowdArgs) -> Result<(), Failure> {
    let mut orders = Orders::listen();
    let mut crowd = Crowd::gather(args)?;
    say(&Answer::Ready)?;
    loop {
        match crowd.wait_for_order(&mut orders)? {
            Order::Come(spread) => say(&Answer::Done(crowd.come(spread)?))?,
            Order::Leave => say(&Answer::Done(crowd.leave()?))?,
            Order::Tell => say(&Answer::Told(crowd.tell()))?,
        }
    }
}

/// The connections.
#[derive(Debug)]
struct Crowd {
    swarm: Swarm,
    /// Sockets of those who have not come yet, in their order.
    bound: Vec<Bound>,
    /// How each comes in: those who do not ask are the first.
    openings: Vec<Opening>,
    people: People,
    bystanders: usize,
    stay: usize,
    order_at: Moment,
    own_cpu: Duration,
}

impl Crowd {
    fn gather(args: &PresenceCrowdArgs) -> Result<Self, Failure> {
        let first = args.server.target()?;
        let others = args
            .other
            .iter()
            .map(|url| Target::parse(url)?.speaking(first.dialect()).carrying(first.token()));
        let others = others.collect::<Result<Vec<_>, _>>()?;
        let targets: Vec<Target> = std::iter::once(first.clone()).chain(others).collect();
        let (count, bystanders) = (args.count as usize, args.bystanders as usize);
        let unasking = if args.asking { bystanders } else { count };
        let mut swarm = Swarm::new(first, count)?;
        let target = |index: usize| &targets[index % targets.len()];
        let bound = (0..count).map(|index| swarm.bind(target(index).address, None));
        let bound = bound.collect::<Result<_, _>>()?;
        let room = args.room as usize;
        let opening = |index: usize| {
            if index < unasking {
                target(index).upgrade(Some(room))
            } else {
                target(index).upgrade_asking(room, "presence=1")
            }
        };
        let openings = (0..count).map(opening).collect();
        let clock = swarm.clock();
        let people = People::new(count, unasking, clock);
        let (stay, order_at, own_cpu) = (args.stay as usize, clock.now(), meter::own_cpu());
        Ok(Self { swarm, bound, openings, people, bystanders, stay, order_at, own_cpu })
    }

    fn wait_for_order(&mut self, orders: &mut Orders) -> Result<Order, Failure> {
        loop {
            if let Some(order) = orders.poll()? {
                return Ok(order);
            }
            self.turn_over(Moment::NEVER)?;
        }
    }

    /// All come, spread over this time, until each is in or has failed.
    fn come(&mut self, spread: Duration) -> Result<Move, Failure> {
        let clock = self.swarm.clock();
        let begin = self.begin();
        let bound = std::mem::take(&mut self.bound);
        let calls = bound.into_iter().zip(std::mem::take(&mut self.openings));
        let each = spread.div_f64(calls.len().max(1) as f64);
        for (index, (bound, opening)) in calls.enumerate() {
            let due = begin.after(each.mul_f64(index as f64));
            while clock.now() < due {
                self.turn_over(due)?;
            }
            self.people.on_the_way += 1;
            self.swarm.call_on(index, bound, opening)?;
            self.swarm.ask_at_once(index);
        }
        let deadline = clock.now().after(PATIENCE);
        while self.people.on_the_way > 0 && clock.now() < deadline {
            self.turn_over(deadline)?;
        }
        self.people.settled = clock.now();
        Ok(Move { inside: self.people.inside(), took: self.people.settled.since(begin) })
    }

    /// All go at once, with a close frame each, but those who asked last.
    fn leave(&mut self) -> Result<Move, Failure> {
        let clock = self.swarm.clock();
        let begin = self.begin();
        let count = self.people.places.len();
        let stays = count.saturating_sub(self.stay).max(self.bystanders);
        for index in (0..stays).filter(|index| *index >= self.bystanders) {
            if self.people.places[index] == Place::Inside {
                self.people.places[index] = Place::Leaving;
                self.people.leaving += 1;
                self.swarm.leave(index);
            }
        }
        let deadline = clock.now().after(PATIENCE);
        while self.people.leaving > 0 && clock.now() < deadline {
            self.turn_over(deadline)?;
        }
        self.people.settled = clock.now();
        Ok(Move { inside: self.people.inside(), took: self.people.settled.since(begin) })
    }

    fn tell(&mut self) -> Told {
        let People { ears, places, settled, ended, first_end, .. } = &mut self.people;
        let members = places.iter().filter(|place| **place == Place::Inside).count();
        let told = ears.take(members as i64, *settled, |index| places[index] == Place::Inside);
        let span = self.swarm.clock().now().since(self.order_at).as_secs_f64();
        let own = meter::own_cpu().saturating_sub(self.own_cpu).as_secs_f64();
        let generator_share = own / span.max(1e-9);
        Told { ended: *ended, first_end: first_end.clone(), generator_share, ..told }
    }

    fn begin(&mut self) -> Moment {
        (self.order_at, self.own_cpu) = (self.swarm.clock().now(), meter::own_cpu());
        self.order_at
    }

    fn turn_over(&mut self, due: Moment) -> Result<(), Failure> {
        let listening = self.swarm.clock().now().after(LISTENING);
        self.swarm.wait(due.min(listening))?;
        while self.swarm.handle_next(&mut self.people) {}
        Ok(())
    }
}

/// Where one of the crowd is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Place {
    Outside,
    Inside,
    Leaving,
}

/// Who is where, and what was heard.
#[derive(Debug)]
struct People {
    ears: Ears,
    places: Vec<Place>,
    on_the_way: usize,
    leaving: usize,
    /// When the last one had come, or gone.
    settled: Moment,
    ended: u64,
    first_end: Option<String>,
}

impl People {
    fn new(count: usize, unasking: usize, clock: Clock) -> Self {
        Self {
            ears: Ears::new(count, unasking),
            places: vec![Place::Outside; count],
            on_the_way: 0,
            leaving: 0,
            settled: clock.now(),
            ended: 0,
            first_end: None,
        }
    }

    fn inside(&self) -> u64 {
        self.places.iter().filter(|place| **place == Place::Inside).count() as u64
    }
}

impl Audience for People {
    fn handle_open(&mut self, index: usize, _: Duration) {
        self.places[index] = Place::Inside;
        self.on_the_way -= 1;
    }

    fn handle_text(&mut self, index: usize, payload: &[u8], now: Moment) {
        self.ears.hear(index, payload, now);
    }

    fn handle_end(&mut self, index: usize, end: End) {
        match std::mem::replace(&mut self.places[index], Place::Outside) {
            Place::Leaving => return self.leaving -= 1,
            Place::Outside => self.on_the_way = self.on_the_way.saturating_sub(1),
            Place::Inside => {}
        }
        self.ended += 1;
        self.first_end.get_or_insert_with(|| describe_end(&end));
    }
}
