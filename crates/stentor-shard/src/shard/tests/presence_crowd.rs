//! How much a crowd is told of itself: counted over two shards of a pod in virtual time, so that it
//! is seen that nothing in it grows with the square of the crowd.

use stentor_wire::presence::Tale;

use super::*;

const WATCHES: MemberOptions = MemberOptions { presence: true, ..PLAIN };
const MEMBERS_MAX: u64 = 256;
const SHARDS: usize = 2;
const STEP: Duration = Duration::from_millis(50);

/// Shards that tell each other of presence, and how often they did.
struct Pod {
    shards: Vec<World>,
    tales: u64,
}

impl Pod {
    fn new() -> Pod {
        let shard = |number: usize| {
            World::with(|config| {
                config.index = number as u16;
                config.presence.members_max = MEMBERS_MAX as usize;
            })
        };
        Pod { shards: (0..SHARDS).map(shard).collect(), tales: 0 }
    }

    fn join(&mut self, member: usize) {
        let shard = &mut self.shards[member % SHARDS];
        shard.connect_with((member / SHARDS) as u32, &["a"], WATCHES);
    }

    fn disconnect(&mut self, member: usize) {
        self.shards[member % SHARDS].disconnect((member / SHARDS) as u32);
    }

    /// Lets a step pass: what the shards tell each other arrives, what members are told is written.
    fn step(&mut self) {
        self.shards.iter_mut().for_each(|shard| shard.pass(STEP));
        while self.carry_tales() {}
        for shard in &mut self.shards {
            shard.turn();
        }
    }

    /// Hands on what the shards have to tell each other; `false` where that is nothing.
    fn carry_tales(&mut self) -> bool {
        let mut tales = Vec::new();
        for (number, shard) in self.shards.iter_mut().enumerate() {
            while let Some(event) = shard.shard.poll_event() {
                if let Event::Presence { room, tale, to_shards: true, .. } = event {
                    tales.push((number, room, tale));
                }
            }
        }
        self.tales +=
            tales.iter().filter(|(.., tale)| matches!(tale, Tale::Here(_))).count() as u64;
        for (from, room, tale) in &tales {
            for (number, shard) in self.shards.iter_mut().enumerate() {
                if number != *from {
                    let now = shard.now();
                    shard.shard.handle_tale(now, None, Some(room), tale);
                }
            }
        }
        !tales.is_empty()
    }

    fn steps(&mut self, time: Duration) {
        (0..time.as_millis() / STEP.as_millis()).for_each(|_| self.step());
    }

    /// Frames about presence so far.
    fn told(&self) -> u64 {
        self.shards.iter().map(|shard| shard.shard.counters().presence_told).sum()
    }

    /// The last word about presence that a member heard.
    fn last_word(&self, member: usize) -> serde_json::Value {
        let frames = self.shards[member % SHARDS].frames((member / SHARDS) as u32);
        frames.last().expect("a word").json()["data"].clone()
    }
}

#[test]
fn a_crowd_that_comes_at_once_is_told_a_few_frames_each_however_large_it_is() {
    for crowd in [600, 1_200, 2_400, 4_800] {
        let mut pod = Pod::new();
        (0..crowd).for_each(|member| pod.join(member));
        pod.steps(Duration::from_secs(4));
        assert!(pod.told() <= 3 * crowd as u64, "{} frames to {crowd}", pod.told());
        assert!(pod.tales <= 8, "{} tales", pod.tales);
        for member in [0, 1, crowd / 2, crowd - 1] {
            assert_eq!(pod.last_word(member), serde_json::json!({ "members": crowd }));
        }
    }
}

#[test]
fn a_crowd_that_comes_over_seconds_is_told_names_while_it_is_small_and_then_a_number_a_second() {
    const SECONDS: u64 = 10;
    for crowd in [600, 1_200, 2_400] {
        let mut pod = Pod::new();
        let steps = (SECONDS * 1_000) as usize / STEP.as_millis() as usize;
        for step in 0..steps {
            let due = |step: usize| crowd * step / steps;
            (due(step)..due(step + 1)).for_each(|member| pod.join(member));
            pod.step();
        }
        pod.steps(Duration::from_secs(2));
        let names_max = MEMBERS_MAX * MEMBERS_MAX;
        let most = names_max + crowd as u64 * (SECONDS + 3);
        assert!(pod.told() <= most, "{} frames to {crowd}, at most {most}", pod.told());
        // A shard speaks once a tick of 200 ms, whoever came in it.
        assert!(pod.tales <= SHARDS as u64 * 5 * (SECONDS + 3), "{} tales", pod.tales);
        assert_eq!(pod.last_word(0), serde_json::json!({ "members": crowd }));
    }
}

#[test]
fn a_crowd_that_goes_is_told_to_who_stays_in_a_few_frames() {
    const STAY: usize = 100;
    for crowd in [600, 1_200, 2_400] {
        let mut pod = Pod::new();
        (0..crowd).for_each(|member| pod.join(member));
        pod.steps(Duration::from_secs(4));
        let before = pod.told();
        (STAY..crowd).for_each(|member| pod.disconnect(member));
        pod.steps(Duration::from_secs(8));
        let told = pod.told() - before;
        assert!((STAY as u64..=2 * STAY as u64).contains(&told), "{told} frames to {STAY}");
        assert_eq!(pod.last_word(0), serde_json::json!({ "members": STAY }));
    }
}
