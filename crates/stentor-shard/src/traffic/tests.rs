use std::time::Duration;

use stentor_wire::place::Place;

use super::{Passage, Traffic};
use crate::time::Instant;

const NOW: Instant = Instant::from_micros(1);

#[test]
fn a_message_is_quiet_only_when_every_shard_has_flushed_all_before_it() {
    let traffic = Traffic::new(2);
    let first = traffic.begin(NOW, 0, 0);
    assert!(first.is_quiet(), "nothing was said before");
    traffic.end(1);
    let second = traffic.begin(NOW, 0, first.settled);
    assert!(!second.is_quiet(), "one of the shards has the first still before it");
    assert_eq!(second.settled, first.settled, "what was known is known");
    traffic.end(1);
    traffic.end(1);
    assert!(!traffic.begin(NOW, 0, 0).is_quiet());
    traffic.end(1);
    traffic.end(2);
    let quiet = traffic.begin(NOW, 0, 0);
    assert!(quiet.is_quiet());
    assert!(quiet.settled > second.ticket, "so the second is known to be heard");
}

#[test]
fn what_was_flushed_of_a_later_message_does_not_hide_an_earlier_one() {
    let traffic = Traffic::new(2);
    let _ = traffic.begin(NOW, 0, 0);
    let _ = traffic.begin(NOW, 0, 0);
    traffic.end(2);
    assert!(!traffic.begin(NOW, 0, 0).is_quiet(), "two of four are flushed, whichever they are");
}

#[test]
fn nothing_is_known_of_a_message_from_elsewhere() {
    assert!(!Passage::UNKNOWN.is_quiet());
    assert_eq!(Passage::UNKNOWN.settled(), 0);
}

#[test]
fn a_late_message_is_noted_and_one_of_which_nothing_is_known_is_not_late() {
    let traffic = Traffic::new(2);
    let later = NOW + Duration::from_millis(500);
    traffic.look_at_delay(later, NOW);
    traffic.look_at_delay(later, Passage::UNKNOWN.said_at());
    assert_eq!(traffic.late_at(), None);
    traffic.look_at_delay(later + Duration::from_micros(1), NOW);
    assert_eq!(traffic.late_at(), Some(later + Duration::from_micros(1)));
}

#[test]
fn the_place_of_another_pods_message_stands_where_one_of_this_pod_has_its_ticket() {
    let place = Place::new("web-1-0123456789abcdef", 7);
    let passage = Passage::from_elsewhere(Some(place));
    assert_eq!((passage.place(), passage.settled()), (Some(place), 0));
    assert!(!passage.is_of_this_pod() && !passage.is_quiet());
    let own = Traffic::new(1).begin(NOW, 0, 0);
    assert!(own.is_of_this_pod() && own.place().is_none());
    assert_eq!(size_of::<Passage>(), 32, "each message that is kept has one");
}
