//! What a plan has more where pods keep what is said: bounds that are soon met, clients that go
//! away and come back, and calendars that are set.
//!
//! Drawn from a stream of its own, so that a seed's world without a history stays what it was.

use super::{Act, Plan, TALK_FROM, Window};
use crate::fault::Fault;
use crate::queue::{MILLI, Micros, SECOND};

/// What a shard keeps for those who come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryPlan {
    /// Messages of a room.
    pub size: usize,
    /// How long, in microseconds.
    pub ttl: Micros,
    /// What all of it may weigh, in bytes.
    pub bytes_max: usize,
    /// Redis keeps it too.
    pub is_archived: bool,
}

/// Behind what a client resumes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resumes {
    /// Nothing: it begins anew.
    #[default]
    Never,
    /// The last message that others heard too, as a careful client does.
    BehindMessages,
    /// Whatever it read last that has an id.
    BehindAnything,
}

/// Nothing is let go of in a run that keeps so much.
const AMPLE: HistoryPlan = HistoryPlan {
    size: 100_000,
    ttl: 600 * SECOND,
    bytes_max: 1024 * 1024 * 1024,
    is_archived: false,
};

/// The longest time that a client stays away in a quiet world.
const QUIET_ABSENCE_MAX: Micros = 4 * SECOND;

impl HistoryPlan {
    /// Whether nothing is let go of in a run.
    pub(crate) fn is_ample(self) -> bool {
        HistoryPlan { is_archived: false, ..self } == AMPLE
    }

    /// One of three keeps everything; the others let go of much by one bound or another.
    fn draw(random: &mut fastrand::Rng) -> HistoryPlan {
        let mut history = AMPLE;
        if random.u32(0..3) > 0 {
            match random.u32(0..3) {
                0 => history.size = random.usize(1..12),
                1 => history.ttl = random.u64(SECOND..5 * SECOND),
                _ => history.bytes_max = random.usize(2_000..20_000),
            }
        }
        history
    }
}

impl Plan {
    /// Draws a plan of pods that keep what is said. With `only`, that fault happens and no other;
    /// clients go away and come back in any case.
    pub fn draw_with_history(seed: u64, only: Option<Fault>) -> Plan {
        let mut plan = Plan::draw(seed, only);
        let mut random = fastrand::Rng::with_seed(seed ^ 0x0000_c0de_5eed_0001);
        plan.history = Some(HistoryPlan::draw(&mut random));
        // Pods reckon with each other's stamps: what they promise, they promise where calendars
        // agree.
        plan.windows.retain(|window| window.fault != Fault::ClockSkew);
        plan.let_clients_resume(&mut random, 10 * SECOND);
        for fault in Fault::ALL.into_iter().filter(|fault| fault.is_of_history()) {
            let happens = random.u32(0..100) < fault.percent();
            if only.map_or(happens, |only| only == fault) {
                for _ in 0..random.u32(1..=fault.times_max()) {
                    let window = plan.draw_window(&mut random, fault);
                    plan.windows.push(window);
                    plan.let_clients_flee(&mut random, window);
                }
            }
        }
        plan.sort();
        plan
    }

    /// The same where Redis keeps what is said, too.
    pub fn draw_with_archive(seed: u64, only: Option<Fault>) -> Plan {
        let mut plan = Plan::draw_with_history(seed, only);
        plan.history = plan.history.map(|history| HistoryPlan { is_archived: true, ..history });
        plan
    }

    /// Draws a plan in which nothing is wrong and nothing is let go of, and clients come back soon.
    pub fn draw_quiet(seed: u64) -> Plan {
        let mut plan = Plan::draw(seed, None);
        let mut random = fastrand::Rng::with_seed(seed ^ 0x0000_c0de_5eed_0002);
        plan.windows.clear();
        plan.history = Some(AMPLE);
        plan.let_clients_resume(&mut random, QUIET_ABSENCE_MAX);
        plan.sort();
        plan
    }

    fn let_clients_resume(&mut self, random: &mut fastrand::Rng, absence_max: Micros) {
        for client in &mut self.clients {
            client.resumes = match random.u32(0..8) {
                0 => Resumes::Never,
                1..4 => Resumes::BehindAnything,
                _ => Resumes::BehindMessages,
            };
        }
        for _ in 0..random.usize(2..=3 * self.clients.len()) {
            let client = random.usize(0..self.clients.len());
            let at = match random.bool() {
                true => TALK_FROM + random.u64(0..self.talk),
                // While something is on its way.
                false => self.acts[random.usize(0..self.acts.len())].0 + random.u64(0..40 * MILLI),
            };
            let longest = if random.bool() { 500 * MILLI } else { absence_max };
            let lasts = random.u64(10 * MILLI..longest);
            self.acts.push((at, Act::GoAway { client, lasts }));
        }
    }

    /// Who is on a pod that hears nothing talks there, and goes to another before that is known.
    fn let_clients_flee(&mut self, random: &mut fastrand::Rng, window: Window) {
        if !matches!(window.fault, Fault::PodDeaf | Fault::PodStands) {
            return;
        }
        for _ in 0..8 {
            let client = random.usize(0..self.clients.len());
            let at = window.at + random.u64(0..5 * SECOND);
            let rooms = self.clients[client].rooms;
            let room = (0..8).rfind(|room| rooms & (1 << room) != 0);
            self.acts.push((at, Act::Say { client, room, count: 1 }));
            let lasts = random.u64(10 * MILLI..SECOND);
            if random.bool() {
                let soon = at + random.u64(5 * MILLI..200 * MILLI);
                self.acts.push((soon, Act::GoAway { client, lasts }));
            }
        }
    }

    fn sort(&mut self) {
        self.acts.sort_by_key(|(at, _)| *at);
        self.windows.sort_by_key(|window: &Window| window.at);
    }
}
