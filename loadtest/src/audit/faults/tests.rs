use super::*;

#[test]
fn a_fault_is_over_when_everybody_heard_what_was_due_after_it() {
    let mut story = FaultStory::new("kill a".into(), Moment(10), 2);
    story.handle_delivery(0, Moment(9), Moment(20));
    assert_eq!(story.heard_first, None);

    story.handle_delivery(0, Moment(10), Moment(30));
    story.handle_delivery(0, Moment(12), Moment(35));
    assert_eq!((story.heard_first, story.heard_by_all), (Some(Moment(30)), None));

    story.handle_delivery(1, Moment(11), Moment(40));
    assert_eq!(story.heard_by_all, Some(Moment(40)));
}
