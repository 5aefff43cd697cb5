use proptest::prelude::*;
use stentor_wire::room_name::RoomName;

use super::{BadPrefix, ChannelNames, PREFIX_BYTES_MAX};
use crate::pod_id::PodId;

#[test]
fn names_are_those_of_the_contract() {
    let names = ChannelNames::new("realtime").unwrap();
    let general = Some(RoomName::parse("general").unwrap());
    assert_eq!(names.of(&None), "realtime:global");
    assert_eq!(names.of(&general), "realtime:room:general");
    assert_eq!(names.probe(&PodId::new("a", 1)), "realtime:probe:a-0000000000000001");
}

#[test]
fn a_probe_and_a_strange_name_are_no_audience() {
    let names = ChannelNames::new("realtime").unwrap();
    for name in ["realtime:probe:a", "realtime:room:", "realtime", "other:global", "realtimeglobal"]
    {
        assert_eq!(names.audience(name), None, "{name}");
    }
}

#[test]
fn a_prefix_is_bounded() {
    assert_eq!(ChannelNames::new(""), Err(BadPrefix));
    assert_eq!(ChannelNames::new("a\n"), Err(BadPrefix));
    assert!(ChannelNames::new(&"a".repeat(PREFIX_BYTES_MAX)).is_ok());
    assert_eq!(ChannelNames::new(&"a".repeat(PREFIX_BYTES_MAX + 1)), Err(BadPrefix));
}

proptest! {
    #[test]
    fn every_room_comes_back_from_its_channel(prefix in "[a-z:{}]{1,9}", room in "[^\\pC]{1,30}") {
        let names = ChannelNames::new(&prefix).unwrap();
        let audience = Some(RoomName::parse(&room).unwrap());
        prop_assert_eq!(names.audience(&names.of(&audience)), Some(audience));
        prop_assert_eq!(names.audience(&names.of(&None)), Some(None));
    }
}
