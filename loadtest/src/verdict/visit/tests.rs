use super::*;
use crate::measure::moment::Moment;
use crate::verdict::stamp::RunId;

/// Room 1 of two rooms with two talkers each: talkers 2 and 3.
fn visit_after(said: [u32; 4]) -> Visit {
    let mut visit = Visit::new(1, 2);
    visit.open(&said);
    visit
}

fn hear(visit: &mut Visit, heard: &[(u32, u32)]) -> Findings {
    let mut findings = Findings::default();
    for &(talker, sequence) in heard {
        let stamp = Stamp { run: RunId::new(1), talker, sequence, due: Moment(0) };
        visit.hear(&stamp, &mut findings, || "one".to_owned());
    }
    findings
}

#[test]
fn each_talker_of_the_room_has_an_account_of_its_own() {
    let mut visit = visit_after([9, 9, 4, 0]);

    let mut findings = hear(&mut visit, &[(2, 5), (3, 1), (2, 6)]);
    visit.close(&[6, 1], &mut findings, || "one".to_owned());

    assert!(findings.is_empty(), "{findings:?}");
    assert!(visit.is_settled(&[6, 1]) && !visit.is_settled(&[6, 2]));
}

#[test]
fn what_a_talker_of_another_room_says_is_misrouted() {
    let mut visit = visit_after([0; 4]);

    for talker in [1, 4] {
        assert_eq!(hear(&mut visit, &[(talker, 1)]).count(Fault::Misrouted), 1);
    }
}

#[test]
fn one_who_stays_is_owed_the_end_and_one_who_is_thrown_out_is_not() {
    let mut visit = visit_after([0; 4]);
    hear(&mut visit, &[(2, 1), (2, 3)]);
    let (mut stayed, mut thrown_out) = (Findings::default(), Findings::default());

    visit.close(&[4, 1], &mut stayed, || "one".to_owned());
    visit.close_early(&mut thrown_out, || "one".to_owned());

    assert_eq!(stayed.count(Fault::Lost), 3, "2 and 4 of talker 2, and 1 of talker 3");
    assert_eq!(thrown_out.count(Fault::Lost), 1, "2 of talker 2");
}
