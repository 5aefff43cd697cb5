use super::*;
use crate::measure::moment::Moment;
use crate::verdict::stamp::RunId;

/// A listener alone with one talker.
struct Stay {
    listener: Listener,
    findings: Findings,
}

impl Stay {
    /// It came after message 2 was said, and heard messages 3 to 5.
    fn begin() -> Self {
        let listener = Listener::new("one".to_owned(), 0, 1);
        let mut stay = Self { listener, findings: Findings::default() };
        stay.listener.open(&[2]);
        stay.hear([3, 4, 5]);
        stay
    }

    /// It was away until message 8 had been said.
    fn returned(recovered: bool, replayed: u64) -> Self {
        let mut stay = Self::begin();
        stay.listener.reopen(&[8], &mut stay.findings);
        stay.listener.handle_resume(recovered, replayed, &mut stay.findings);
        stay
    }

    fn hear<const N: usize>(&mut self, sequences: [u32; N]) {
        for sequence in sequences {
            let (run, due) = (RunId::new(1), Moment(0));
            let stamp = Stamp { run, talker: 0, sequence, due };
            self.listener.hear(&stamp, &mut self.findings);
        }
    }

    fn close(mut self, said: u32) -> (Listener, Findings) {
        self.listener.close(&[said], &mut self.findings);
        (self.listener, self.findings)
    }
}

#[test]
fn a_whole_replay_is_no_fault() {
    let mut stay = Stay::returned(true, 3);
    stay.hear([6, 7, 8, 9]);

    let (listener, findings) = stay.close(9);

    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!((listener.replayed, listener.repeated, listener.missed), (3, 0, 0));
}

#[test]
fn what_was_heard_before_may_be_replayed_and_is_counted() {
    let mut stay = Stay::returned(true, 5);
    stay.hear([4, 5, 6, 7, 8, 9]);

    let (listener, findings) = stay.close(9);

    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!((listener.replayed, listener.repeated), (5, 2));
}

#[test]
fn a_hole_in_what_is_said_to_be_recovered_is_lost() {
    let mut stay = Stay::returned(true, 2);
    stay.hear([6, 8, 9]);

    assert_eq!(stay.close(9).1.count(Fault::Lost), 1);
}

#[test]
fn recovered_and_nothing_replayed_is_a_lie_that_the_next_message_shows() {
    let mut stay = Stay::returned(true, 0);
    stay.hear([9]);

    assert_eq!(stay.close(9).1.count(Fault::Lost), 3);
}

#[test]
fn a_replayed_message_that_comes_twice_is_doubled() {
    let mut stay = Stay::returned(true, 4);
    stay.hear([6, 7, 7, 8, 9]);

    assert_eq!(stay.close(9).1.count(Fault::Doubled), 1);
}

#[test]
fn a_replay_out_of_order_is_reordered() {
    let mut stay = Stay::returned(true, 3);
    stay.hear([6, 8, 7, 9]);

    let findings = stay.close(9).1;

    assert_eq!((findings.count(Fault::Reordered), findings.count(Fault::Lost)), (1, 0));
}

#[test]
fn an_announced_loss_is_counted_and_no_fault() {
    let mut stay = Stay::returned(false, 0);
    stay.hear([9, 10]);

    let (listener, findings) = stay.close(10);

    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(listener.missed, 3);
}

#[test]
fn after_an_announced_loss_a_part_that_is_kept_counts_as_heard() {
    let mut stay = Stay::returned(false, 1);
    stay.hear([8, 9]);

    let (listener, findings) = stay.close(9);

    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!((listener.missed, listener.replayed), (2, 1));
}

#[test]
fn after_an_announced_loss_what_is_said_is_owed_again() {
    let mut stay = Stay::returned(false, 0);
    stay.hear([10]);

    assert_eq!(stay.close(10).1.count(Fault::Lost), 1);
}

#[test]
fn a_live_message_that_was_heard_is_doubled() {
    let mut stay = Stay::returned(true, 3);
    stay.hear([6, 7, 8, 5]);

    assert_eq!(stay.close(8).1.count(Fault::Doubled), 1);
}

#[test]
fn a_live_message_counted_as_replayed_is_untrue() {
    let mut stay = Stay::returned(true, 4);
    stay.hear([6, 7, 8, 9]);

    assert_eq!(stay.close(9).1.count(Fault::Untrue), 1);
}

#[test]
fn a_replay_that_stops_short_of_its_count_is_untrue() {
    let mut stay = Stay::returned(true, 4);
    stay.hear([6, 7, 8]);
    assert!(!stay.listener.is_settled(&[8]));

    assert_eq!(stay.close(8).1.count(Fault::Untrue), 1);
}

#[test]
fn a_message_before_the_event_resume_and_no_event_are_faults() {
    let mut stay = Stay::begin();
    stay.listener.reopen(&[8], &mut stay.findings);
    stay.hear([9]);

    assert_eq!(stay.close(5).1.count(Fault::Refused), 2);
}

#[test]
fn what_was_missing_when_it_left_is_owed_at_the_next_return_too() {
    let mut stay = Stay::returned(true, 1);
    stay.hear([6]);
    stay.listener.reopen(&[9], &mut stay.findings);
    stay.listener.handle_resume(true, 2, &mut stay.findings);
    stay.hear([8, 9]);

    assert_eq!(stay.close(9).1.count(Fault::Lost), 1, "7 was never replayed");
}
