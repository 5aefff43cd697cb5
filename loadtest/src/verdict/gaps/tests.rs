use super::*;

fn ids() -> IdsHeard {
    (1..=20).map(|sequence| (format!("id{sequence}"), sequence)).collect()
}

fn gap(missed: u64, from: u32, to: u32) -> GapNotice {
    GapNotice { missed, from_id: Some(format!("id{from}")), to_id: Some(format!("id{to}")) }
}

fn judge(heard: &[u32], gaps: &[GapNotice]) -> Findings {
    let (mut strand, mut book) = (Strand::new(1), GapBook::default());
    heard.iter().for_each(|&sequence| {
        strand.hear(sequence);
    });
    gaps.iter().for_each(|gap| book.handle_gap(gap.clone()));
    let mut findings = Findings::default();
    book.close(&strand, 12, &ids(), "reader 0", &mut findings);
    findings
}

#[test]
fn gaps_that_add_up_are_no_fault() {
    assert!(judge(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], &[]).is_empty());
    assert!(judge(&[1, 2, 6, 7, 11, 12], &[gap(3, 3, 5), gap(3, 8, 10)]).is_empty());
}

#[test]
fn two_gaps_without_a_message_between_them_may_share_a_stretch() {
    assert!(judge(&[1, 2, 9, 10, 11, 12], &[gap(2, 3, 4), gap(4, 5, 8)]).is_empty());
}

#[test]
fn a_hole_without_a_gap_is_a_silent_loss() {
    let findings = judge(&[1, 2, 6, 7, 10, 11, 12], &[gap(3, 3, 5)]);

    assert_eq!(findings.count(Fault::Lost), 2);
}

#[test]
fn a_gap_that_covers_a_part_leaves_the_rest_a_silent_loss() {
    assert_eq!(judge(&[1, 2, 6, 7, 8, 9, 10, 11, 12], &[gap(2, 3, 4)]).count(Fault::Lost), 1);
}

#[test]
fn what_is_missing_at_the_end_is_a_silent_loss_too() {
    assert_eq!(judge(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &[]).count(Fault::Lost), 2);
}

#[test]
fn a_gap_with_a_wrong_count_or_a_wrong_id_is_untrue() {
    let heard = [1, 2, 6, 7, 8, 9, 10, 11, 12];
    let unnamed = GapNotice { missed: 3, from_id: None, to_id: Some("id5".to_owned()) };
    for wrong in [gap(2, 3, 5), gap(4, 3, 5), gap(3, 2, 4), gap(3, 3, 6), gap(0, 3, 5), unnamed] {
        assert_eq!(
            judge(&heard, std::slice::from_ref(&wrong)).count(Fault::Untrue),
            1,
            "{wrong:?}"
        );
    }
}

#[test]
fn a_gap_where_nothing_is_missing_is_untrue() {
    let all: Vec<u32> = (1..=12).collect();

    assert_eq!(judge(&all, &[gap(1, 3, 3)]).count(Fault::Untrue), 1);
}
