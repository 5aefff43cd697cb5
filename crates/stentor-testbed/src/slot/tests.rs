//! The slots that the specification and a real server give.

use super::{crc16, slot_of};

#[test]
fn the_check_value_of_the_specification_comes_out() {
    assert_eq!(crc16(b"123456789"), 0x31c3);
}

#[test]
fn known_names_have_their_known_slots() {
    assert_eq!(slot_of("foo"), 12_182);
    assert_eq!(slot_of("hello"), 866);
}

#[test]
fn a_tag_decides_where_it_is_not_empty() {
    assert_eq!(slot_of("{user1000}.following"), slot_of("user1000"));
    assert_eq!(slot_of("foo{bar}{zap}"), slot_of("bar"));
    assert_eq!(slot_of("foo{{bar}}zap"), slot_of("{bar"));
    assert_ne!(slot_of("foo{}{bar}"), slot_of("bar"));
    assert_ne!(slot_of("foo{bar"), slot_of("bar"));
}
