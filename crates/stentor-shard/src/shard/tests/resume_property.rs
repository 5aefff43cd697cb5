//! A pod of several shards whose mailboxes are late, and listeners that go and come back to any of
//! them: a resume that says that nothing is missing never lies.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;

const SHARDS: usize = 3;
const ROOMS: [&str; 2] = ["a", "b"];

#[derive(Clone, Copy, Debug)]
enum Step {
    /// The speaker of a shard says something in a room.
    Say {
        shard: usize,
        room: usize,
    },
    /// A shard takes so much of its mailbox.
    Take {
        shard: usize,
        most: usize,
    },
    /// A shard flushes.
    Flush {
        shard: usize,
    },
    /// The listener's connection ends, with so many of its last frames unread.
    Leave {
        unread: usize,
    },
    /// The listener comes back to a shard.
    Return {
        shard: usize,
    },
    /// The listener's socket takes so many bytes more.
    Read {
        bytes: usize,
    },
    Pass {
        millis: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let shard = 0..SHARDS;
    prop_oneof![
        6 => (shard.clone(), 0..ROOMS.len()).prop_map(|(shard, room)| Step::Say { shard, room }),
        6 => (shard.clone(), 1..4_usize).prop_map(|(shard, most)| Step::Take { shard, most }),
        5 => shard.clone().prop_map(|shard| Step::Flush { shard }),
        1 => (0..4_usize).prop_map(|unread| Step::Leave { unread }),
        2 => shard.prop_map(|shard| Step::Return { shard }),
        2 => (0..600_usize).prop_map(|bytes| Step::Read { bytes }),
        2 => (1..400_u64).prop_map(|millis| Step::Pass { millis }),
    ]
}

/// The listener's number on every shard.
const LISTENER: u32 = 1;

struct Pod {
    worlds: Vec<World>,
    mailboxes: Vec<VecDeque<Delivery>>,
    /// Texts that were said, in the order of their saying.
    said: usize,
    listener: Option<usize>,
    last_id: Option<Uuid>,
    /// What the listener read on connections that have ended.
    read: Vec<Heard>,
    /// Everything said before this it need not have, because it was told so.
    excused_before: usize,
    /// The time since all shards had caught up, in milliseconds.
    passed: u64,
}

impl Pod {
    fn new(size: usize) -> Pod {
        let traffic = Arc::new(Traffic::new(SHARDS));
        let worlds = (0..SHARDS).map(|shard| {
            let kept = HistoryConfig { size, traffic: Arc::clone(&traffic), ..history() };
            let mut world = World::with(|config| {
                config.history = Some(kept);
                config.seed = shard as u64;
                config.index = u16::try_from(shard).expect("a few");
                config.flush_gap_max = Duration::ZERO;
            });
            world.pass(Duration::from_secs(5));
            world.connect(0, &[]);
            world
        });
        let mut pod = Pod {
            worlds: worlds.collect(),
            mailboxes: vec![VecDeque::new(); SHARDS],
            said: 0,
            listener: None,
            last_id: None,
            read: Vec::new(),
            excused_before: 0,
            passed: 0,
        };
        pod.worlds[0].connect_with(LISTENER, &ROOMS, EVENTS);
        pod.listener = Some(0);
        pod.worlds[0].turn();
        let welcome = pod.worlds[0].frames(LISTENER)[0].json()["id"].clone();
        pod.last_id = welcome.as_str().and_then(|id| id.parse().ok());
        pod
    }

    fn handle(&mut self, step: Step) {
        match step {
            Step::Say { shard, room } => {
                let text = self.said.to_string();
                self.said += 1;
                self.worlds[shard].say(0, ROOMS[room], &text);
                self.emit(shard);
            }
            Step::Take { shard, most } => {
                for _ in 0..most {
                    let Some(delivery) = self.mailboxes[shard].pop_front() else { break };
                    let now = self.worlds[shard].now();
                    self.worlds[shard].shard.handle_delivery(now, &delivery);
                }
            }
            Step::Flush { shard } => self.worlds[shard].flush_only(),
            Step::Leave { unread } => self.leave(unread),
            Step::Return { shard } => self.come_back(shard),
            Step::Read { bytes } => {
                if let Some(shard) = self.listener {
                    self.worlds[shard].unblock(LISTENER, bytes);
                }
            }
            Step::Pass { millis } => {
                self.passed += millis;
                if self.passed > 450 {
                    // No shard is so far behind that a message would count as late.
                    self.catch_up();
                    self.passed = millis;
                }
                for world in &mut self.worlds {
                    world.pass(Duration::from_millis(millis));
                    world.shard.handle_heard(world.now(), MemberId(0));
                    world.shard.handle_heard(world.now(), MemberId(LISTENER));
                }
            }
        }
    }

    /// Passes on what a shard has to tell.
    fn emit(&mut self, shard: usize) {
        while let Some(event) = self.worlds[shard].shard.poll_event() {
            let Event::Published { room, frame, chosen_id, passage } = event else { continue };
            let delivery = Delivery { room, frame, chosen_id, passage };
            for other in (0..SHARDS).filter(|other| *other != shard) {
                self.mailboxes[other].push_back(delivery.clone());
            }
        }
    }

    /// Every shard takes and flushes what there is.
    fn catch_up(&mut self) {
        for shard in 0..SHARDS {
            self.handle(Step::Take { shard, most: usize::MAX });
            self.worlds[shard].flush_only();
        }
    }

    fn leave(&mut self, unread: usize) {
        let Some(shard) = self.listener.take() else { return };
        let mut frames = self.worlds[shard].frames(LISTENER);
        frames.truncate(frames.len().saturating_sub(unread));
        let ids = frames.iter().filter_map(|frame| frame.json()["id"].as_str()?.parse().ok());
        self.last_id = ids.fold(self.last_id, |_, id| Some(id));
        self.note_promise(&frames);
        self.read.extend(frames);
        self.worlds[shard].disconnect(LISTENER);
        self.emit(shard);
    }

    fn come_back(&mut self, shard: usize) {
        if self.listener.is_some() {
            return;
        }
        let Some(last_id) = self.last_id else { return };
        self.worlds[shard].come_back(LISTENER, &ROOMS, last_id);
        self.listener = Some(shard);
        self.emit(shard);
    }

    /// What was said before a resume that promises nothing, or a gap, may be missing.
    fn note_promise(&mut self, frames: &[Heard]) {
        let is_told = frames.iter().any(|frame| {
            frame.label() == "gap"
                || frame.label() == "resume" && frame.json()["data"]["recovered"] == false
        });
        if is_told {
            self.excused_before = self.said;
        }
    }

    /// Lets everything come to its end; the listener is there and reads.
    fn settle(&mut self) {
        self.come_back(0);
        if let Some(shard) = self.listener {
            self.worlds[shard].unblock(LISTENER, usize::MAX);
        }
        for shard in 0..SHARDS {
            self.handle(Step::Take { shard, most: usize::MAX });
            self.worlds[shard].turn();
            self.emit(shard);
        }
        if let Some(shard) = self.listener {
            let frames = self.worlds[shard].frames(LISTENER);
            self.note_promise(&frames);
            self.read.extend(frames);
        }
    }
}

proptest! {
    #![proptest_config(Config { cases: 400, ..Config::default() })]

    #[test]
    fn a_resume_never_hides_a_loss(
        steps in prop::collection::vec(step(), 1..120),
        size in prop_oneof![2..10_usize, Just(256)],
    ) {
        let mut pod = Pod::new(size);
        steps.into_iter().for_each(|step| pod.handle(step));
        pod.settle();
        let labels: Vec<String> = pod.read.iter().map(Heard::label).collect();
        let heard: BTreeSet<usize> = labels.iter().filter_map(|text| text.parse().ok()).collect();
        let missing: Vec<usize> = (pod.excused_before..pod.said)
            .filter(|number| !heard.contains(number))
            .collect();
        prop_assert!(missing.is_empty(), "{missing:?} of {} are missing in {labels:?}", pod.said);
    }

    #[test]
    fn a_sender_is_heard_in_order_once_repeats_are_dropped(
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut pod = Pod::new(256);
        steps.into_iter().for_each(|step| pod.handle(step));
        pod.settle();
        let mut had = BTreeSet::new();
        let mut last: BTreeMap<(String, String), usize> = BTreeMap::new();
        for frame in &pod.read {
            let Ok(number) = frame.label().parse::<usize>() else { continue };
            if !had.insert(number) {
                continue;
            }
            let word = |name: &str| frame.json()[name].as_str().unwrap_or_default().to_owned();
            let before = last.insert((word("from"), word("room")), number);
            prop_assert!(before.is_none_or(|before| before < number), "{before:?} {number}");
        }
    }
}

#[test]
fn where_nothing_is_on_its_way_a_resume_brings_what_was_missed_and_no_more() {
    let mut pod = Pod::new(256);
    for number in 0..30 {
        pod.handle(Step::Say { shard: number % SHARDS, room: number % ROOMS.len() });
        for shard in 0..SHARDS {
            pod.handle(Step::Take { shard, most: usize::MAX });
            pod.handle(Step::Flush { shard });
        }
        match number {
            9 => pod.leave(0),
            19 => pod.come_back(2),
            _ => {}
        }
    }
    pod.settle();
    let heard: Vec<String> = pod.read.iter().map(Heard::label).collect();
    let numbers_heard: Vec<&String> =
        heard.iter().filter(|text| text.parse::<u32>().is_ok()).collect();
    assert_eq!(numbers_heard, numbers(0..30).iter().collect::<Vec<_>>());
}
