use super::*;
use crate::verdict::promise::Finding;

mod gaps;
mod model;
mod once;
mod repeats;
mod resumes;

const SETTLE: Duration = Duration::from_nanos(10);
/// The talker of the room; the client that the tests are about is the other one.
const LISTENER: usize = 1;

/// One room with a talker (client 0) and a listener; time goes on by itself.
struct Scene {
    oracle: Oracle,
    now: u64,
}

impl Scene {
    fn new() -> Self {
        Self::of(Crew { rooms: 1, members: 2, talkers: 1 })
    }

    fn of(crew: Crew) -> Self {
        let mut scene = Self { oracle: Oracle::new(crew, SETTLE), now: 0 };
        scene.open(0, false);
        scene
    }

    fn tick(&mut self) -> Moment {
        self.now += 1;
        Moment(self.now)
    }

    fn wait(&mut self) {
        self.now += 100;
    }

    fn open(&mut self, home: u64, asked: bool) {
        let now = self.tick();
        self.oracle.handle_open(LISTENER, Opening { home, asked }, now);
    }

    fn end(&mut self) {
        let now = self.tick();
        self.oracle.handle_end(LISTENER, now);
    }

    fn come_back(&mut self, recovered: bool, replayed: u64) {
        self.end();
        self.open(0, true);
        self.oracle.handle_resume(LISTENER, recovered, replayed);
    }

    fn send(&mut self, sequences: std::ops::RangeInclusive<u32>) {
        for sequence in sequences {
            let now = self.tick();
            self.oracle.handle_sent(id(sequence), now);
        }
    }

    fn ack(&mut self, sequence: u32) {
        let now = self.tick();
        self.oracle.handle_ack(id(sequence), now);
    }

    fn say(&mut self, sequences: std::ops::RangeInclusive<u32>) {
        self.send(sequences.clone());
        sequences.for_each(|sequence| self.ack(sequence));
    }

    fn hear(&mut self, sequences: &[u32]) {
        for &sequence in sequences {
            let now = self.tick();
            self.oracle.handle_delivery(LISTENER, id(sequence), true, now);
        }
    }

    fn gap(&mut self, missed: u64, from: u32, to: u32) {
        let now = self.tick();
        self.oracle.handle_gap(LISTENER, Some(missed), [Some(id(from)), Some(id(to))], now);
    }

    fn close(self) -> Findings {
        self.oracle.close(Moment(self.now + 1_000))
    }

    /// Judges, and asserts that this promise was broken so often, and no other one was.
    #[track_caller]
    fn assert_broken(self, promise: Promise, count: u64) -> Finding {
        let findings = self.close();
        for other in Promise::ALL {
            let expected = if other == promise { count } else { 0 };
            assert_eq!(findings.on(other).broken, expected, "{other:?}: {findings:?}");
        }
        findings.on(promise).clone()
    }

    #[track_caller]
    fn assert_kept(self) -> Findings {
        let findings = self.close();
        for promise in Promise::ALL {
            assert_eq!(findings.on(promise).broken, 0, "{promise:?}: {findings:?}");
        }
        findings
    }
}

fn id(sequence: u32) -> MessageId {
    MessageId { talker: 0, sequence }
}

#[test]
fn what_was_not_tried_has_no_verdict() {
    let findings = Scene::new().assert_kept();

    for promise in Promise::ALL {
        assert_eq!(findings.on(promise).word(), "not tried", "{promise:?}");
    }
}

#[test]
fn a_run_without_a_fault_passes() {
    let mut scene = Scene::new();
    scene.say(1..=5);
    scene.hear(&[1, 2, 3, 4, 5]);

    let findings = scene.assert_kept();

    assert_eq!(findings.on(Promise::Unbroken).judged, 5);
    assert_eq!(findings.on(Promise::Acknowledged).judged, 5);
    assert_eq!(findings.on(Promise::Ordered).judged, 4);
}

#[test]
fn a_message_missing_between_two_is_lost_even_if_nobody_acknowledged_it() {
    let mut scene = Scene::new();
    scene.send(1..=3);
    scene.hear(&[1, 3]);

    let finding = scene.assert_broken(Promise::Unbroken, 1);

    assert_eq!((finding.judged, finding.word()), (3, "FAILED"));
    assert!(finding.named[0].contains("client 1: message 2 of talker 0"), "{finding:?}");
}

#[test]
fn a_refused_message_is_owed_to_nobody() {
    let mut scene = Scene::new();
    scene.send(1..=3);
    scene.oracle.handle_refusal(id(2));
    scene.hear(&[1, 3]);

    scene.assert_kept();
}

#[test]
fn what_was_sent_last_before_a_talker_was_cut_off_may_never_have_been_taken_in() {
    let mut scene = Scene::new();
    scene.send(1..=1);
    scene.wait();
    scene.send(2..=3);
    scene.oracle.handle_voice_lost(0, Moment(scene.now));
    scene.send(4..=4);
    scene.hear(&[1, 4]);
    scene.assert_kept();

    let mut scene = Scene::new();
    scene.send(1..=2);
    scene.wait();
    scene.oracle.handle_voice_lost(0, Moment(scene.now));
    scene.send(3..=3);
    scene.hear(&[1, 3]);
    scene.assert_broken(Promise::Unbroken, 1);
}

#[test]
fn an_acknowledged_message_is_owed_to_who_was_there_all_the_time() {
    let mut scene = Scene::new();
    scene.say(1..=1);

    scene.assert_broken(Promise::Acknowledged, 1);
}

#[test]
fn the_last_messages_are_owed_too() {
    let mut scene = Scene::new();
    scene.say(1..=4);
    scene.hear(&[1, 2]);

    scene.assert_broken(Promise::Acknowledged, 2);
}

#[test]
fn what_nobody_acknowledged_may_be_lost_at_the_end() {
    let mut scene = Scene::new();
    scene.send(1..=3);
    scene.hear(&[1, 2]);

    scene.assert_kept();
}

#[test]
fn who_left_before_a_delivery_was_late_is_owed_nothing() {
    let mut scene = Scene::new();
    scene.say(1..=1);
    scene.end();

    scene.assert_kept();
}

#[test]
fn who_came_after_a_message_was_sent_is_not_owed_it() {
    let mut scene = Scene::new();
    scene.end();
    scene.send(1..=1);
    scene.open(0, false);
    scene.ack(1);
    scene.wait();

    scene.assert_kept();
}

#[test]
fn who_was_there_before_the_first_message_is_owed_it() {
    let mut scene = Scene::new();
    scene.say(1..=3);
    scene.hear(&[2, 3]);

    scene.assert_broken(Promise::Acknowledged, 1);
}

#[test]
fn offenders_are_named_up_to_a_bound() {
    let mut scene = Scene::new();
    scene.say(1..=99);
    scene.hear(&(1..=33).map(|third| third * 3).collect::<Vec<_>>());

    let findings = scene.close();

    let finding = findings.on(Promise::Unbroken);
    assert_eq!((finding.broken, finding.named.len()), (64, 20));
    assert!(finding.named[0].contains("message 4 of talker 0 in room 0 and the next up to 5 "));
}
