use super::*;

#[test]
fn places_of_one_pod_have_an_order_and_those_of_two_have_none() {
    let [one, other] = ["web-1-00000000000000a1", "web-1-00000000000000b1"];
    assert_eq!(Place::new(one, 3).is_before(Place::new(one, 4)), Some(true));
    assert_eq!(Place::new(one, 4).is_before(Place::new(one, 4)), Some(false));
    assert_eq!(Place::new(one, 3).is_before(Place::new(other, 4)), None);
}

#[test]
fn a_place_is_what_its_parts_are() {
    let place = Place::new("web-1-0123456789abcdef", 7);
    let (pod, seq) = place.parts();
    assert_eq!(Place::of_parts(pod, seq), place);
}
