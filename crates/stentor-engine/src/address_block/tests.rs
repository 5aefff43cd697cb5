use super::*;

fn block(text: &str) -> AddressBlock {
    AddressBlock::of(text.parse().expect("an address"))
}

#[test]
fn an_ipv4_address_is_a_block_of_its_own_however_it_is_written() {
    assert_ne!(block("192.0.2.1"), block("192.0.2.2"));
    assert_eq!(block("192.0.2.1"), block("::ffff:192.0.2.1"));
    assert_eq!(format!("{:?}", block("192.0.2.1")), "192.0.2.1");
}

#[test]
fn addresses_of_one_ipv6_64_are_one_block() {
    assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
    assert_eq!(format!("{:?}", block("2001:db8:1:2::1")), "2001:db8:1:2::/64");
}

#[test]
fn the_loopback_addresses_are_blocks_too() {
    assert_eq!(block("::1"), block("::"));
    assert_ne!(block("::1"), block("127.0.0.1"));
}
