use super::*;

fn arrivals(strand: &mut Strand, sequences: &[u32]) -> Vec<Arrival> {
    sequences.iter().map(|&sequence| strand.hear(sequence)).collect()
}

#[test]
fn one_who_came_later_hears_on_from_any_message_that_was_under_way() {
    for first in 3..=6 {
        let mut strand = Strand::new(6);

        assert_eq!(arrivals(&mut strand, &[first, first + 1]), [Arrival::InLine; 2]);
        assert_eq!(strand.lost(first + 1), 0);
    }
}

#[test]
fn what_was_said_after_the_door_opened_is_owed() {
    let mut strand = Strand::new(6);

    assert_eq!(strand.hear(9), Arrival::AfterHole(3));
    assert_eq!(strand.missing(9).collect::<Vec<_>>(), [6..=8]);
}

#[test]
fn one_who_heard_nothing_misses_all_that_is_owed_and_no_more() {
    let strand = Strand::new(6);

    assert!(strand.is_settled(5));
    assert_eq!(strand.lost(5), 0);
    assert_eq!(strand.missing(8).collect::<Vec<_>>(), [6..=8]);
}

#[test]
fn before_the_door_is_known_to_be_open_nothing_is_owed_and_then_what_follows() {
    let mut unheard = Strand::new(u32::MAX);
    unheard.owe_from(4);
    let mut heard = Strand::new(u32::MAX);
    heard.hear(2);
    heard.owe_from(4);

    assert_eq!(unheard.hear(6), Arrival::AfterHole(2));
    assert_eq!(heard.hear(4), Arrival::AfterHole(1), "3 follows one that was heard");
}

#[test]
fn a_late_message_fills_its_hole_and_a_double_one_none() {
    let mut strand = Strand::new(1);

    let found = arrivals(&mut strand, &[1, 5, 3, 3, 5, 1]);

    let (line, late, double) = (Arrival::InLine, Arrival::Late, Arrival::Double);
    assert_eq!(found, [line, Arrival::AfterHole(3), late, double, double, double]);
    assert_eq!(strand.missing(6).collect::<Vec<_>>(), [2..=2, 4..=4, 6..=6]);
    assert_eq!(strand.lost(6), 3);
}

#[test]
fn an_earlier_message_after_the_first_one_is_out_of_order() {
    let mut strand = Strand::new(5);

    assert_eq!(arrivals(&mut strand, &[4, 3]), [Arrival::InLine, Arrival::Late]);
}

#[test]
fn holes_beyond_the_bound_are_still_counted() {
    let mut strand = Strand::new(1);
    let holes = HOLES_MAX as u32 + 10;

    for sequence in 1..=holes {
        strand.hear(sequence * 2);
    }

    assert_eq!(strand.lost(holes * 2), u64::from(holes));
}
