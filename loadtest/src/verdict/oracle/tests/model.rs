//! The oracle against a server that is a model: it errs at known places, and each error is found.

use proptest::prelude::*;

use super::{Scene, id};
use crate::verdict::promise::Promise;

/// What the model does with the next message, or with the connection.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Step {
    Deliver,
    Lose,
    Double,
    DropAndTell,
    Refuse,
    BreakAndRecover,
    BreakAndAdmit,
    BreakAndLie,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => Just(Step::Deliver),
        1 => Just(Step::Lose),
        1 => Just(Step::Double),
        1 => Just(Step::DropAndTell),
        1 => Just(Step::Refuse),
        1 => Just(Step::BreakAndRecover),
        1 => Just(Step::BreakAndAdmit),
        1 => Just(Step::BreakAndLie),
    ]
}

/// What the model knows that it did wrong.
#[derive(Default)]
struct Guilt {
    lost: u64,
    doubled: u64,
    lies: u64,
    gapped: u64,
}

/// Plays the steps. Between two of them a message is always heard, so that each error stands alone.
fn play(steps: &[Step], scene: &mut Scene) -> Guilt {
    let mut guilt = Guilt::default();
    let mut next = 1;
    let deliver = |scene: &mut Scene, next: &mut u32| {
        scene.say(*next..=*next);
        scene.hear(&[*next]);
        *next += 1;
    };
    deliver(scene, &mut next);
    for step in steps {
        match step {
            Step::Deliver => {}
            Step::Lose => {
                scene.say(next..=next);
                (next, guilt.lost) = (next + 1, guilt.lost + 1);
            }
            Step::Double => {
                scene.hear(&[next - 1]);
                guilt.doubled += 1;
            }
            Step::DropAndTell => {
                scene.say(next..=next + 1);
                scene.gap(2, next, next + 1);
                (next, guilt.gapped) = (next + 2, guilt.gapped + 2);
            }
            Step::Refuse => {
                scene.send(next..=next);
                scene.oracle.handle_refusal(id(next));
                next += 1;
            }
            Step::BreakAndRecover => {
                scene.say(next..=next + 1);
                scene.come_back(true, 3);
                scene.hear(&[next - 1, next, next + 1]);
                next += 2;
            }
            Step::BreakAndAdmit => {
                scene.say(next..=next);
                scene.come_back(false, 0);
                next += 1;
            }
            Step::BreakAndLie => {
                scene.say(next..=next);
                scene.come_back(true, 0);
                (next, guilt.lies) = (next + 1, guilt.lies + 1);
            }
        }
        deliver(scene, &mut next);
    }
    guilt
}

proptest! {
    #[test]
    fn every_error_is_found_and_nothing_else(steps in proptest::collection::vec(step(), 0..60)) {
        let mut scene = Scene::new();
        let guilt = play(&steps, &mut scene);

        let findings = scene.close();

        let broken = |promise| findings.on(promise).broken;
        prop_assert_eq!(broken(Promise::Unbroken), guilt.lost);
        prop_assert_eq!(broken(Promise::Once), guilt.doubled);
        prop_assert_eq!(broken(Promise::Recovered), guilt.lies);
        for innocent in [
            Promise::Acknowledged,
            Promise::Answered,
            Promise::Ordered,
            Promise::GapExact,
            Promise::Unaltered,
        ] {
            prop_assert_eq!(broken(innocent), 0, "{:?}", innocent);
        }
        prop_assert!(findings.on(Promise::Unbroken).announced >= guilt.gapped);
    }
}
