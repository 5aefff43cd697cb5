use super::*;

#[test]
fn a_stamp_reads_back_as_it_was_written() {
    for bits in [0, 1, 9, 10, 0xdead_beef, 0x0123_4567, 0x89ab_cdef, u32::MAX] {
        let stamp = Stamp {
            run: RunId::new(bits),
            talker: bits.rotate_left(7),
            sequence: bits.rotate_left(13),
            due: Moment(u64::from(bits) << 29 | 0xabc),
        };

        assert_eq!(Stamp::decode(&stamp.encode()), stamp);
    }
}

#[test]
fn a_stamp_is_hexadecimal_text() {
    let stamp =
        Stamp { run: RunId::new(0xa1), talker: 2, sequence: 0x3f, due: Moment(0x1_0000_0002) };

    assert_eq!(stamp.encode(), *b"000000a1000000020000003f0000000100000002");
}
