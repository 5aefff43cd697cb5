use super::*;

fn at(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn drain_door(strangers: &mut Strangers) -> Vec<u32> {
    std::iter::from_fn(|| strangers.pop_at_the_door()).map(|id| id.0).collect()
}

#[test]
fn an_address_that_floods_the_door_delays_nobody_but_itself() {
    let mut strangers = Strangers::default();
    for id in 0..100 {
        strangers.push_at_the_door(at("192.0.2.1"), MemberId(id));
    }
    strangers.push_at_the_door(at("192.0.2.2"), MemberId(100));
    strangers.push_at_the_door(at("192.0.2.3"), MemberId(101));
    let order = drain_door(&mut strangers);
    assert_eq!(order[..4], [0, 100, 101, 1]);
    assert_eq!(order.len(), 102);
    assert!(strangers.is_empty());
}

#[test]
fn a_block_that_comes_back_stands_in_line_once() {
    let mut strangers = Strangers::default();
    for id in 0..3 {
        strangers.push_at_the_door(at("192.0.2.1"), MemberId(id));
        assert_eq!(drain_door(&mut strangers), [id]);
    }
    strangers.push_at_the_door(at("192.0.2.1"), MemberId(7));
    strangers.push_at_the_door(at("192.0.2.1"), MemberId(8));
    assert_eq!(drain_door(&mut strangers), [7, 8]);
}

#[test]
fn those_who_leave_go_in_order() {
    let mut strangers = Strangers::default();
    strangers.push_leaving(MemberId(2));
    strangers.push_leaving(MemberId(1));
    assert!(!strangers.is_empty());
    assert_eq!(strangers.pop_leaving(), Some(MemberId(2)));
    assert_eq!(strangers.pop_leaving(), Some(MemberId(1)));
    assert_eq!(strangers.pop_leaving(), None);
    strangers.shrink();
    assert!(strangers.is_empty());
}
