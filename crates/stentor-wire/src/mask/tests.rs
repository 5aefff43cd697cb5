use super::apply_mask;
use proptest::prelude::*;

#[test]
fn the_example_of_the_rfc_is_unmasked() {
    let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];

    apply_mask(&mut payload, [0x37, 0xfa, 0x21, 0x3d], 0);

    assert_eq!(&payload, b"Hello");
}

proptest! {
    #[test]
    fn every_byte_meets_the_key_byte_of_its_place(
        payload in prop::collection::vec(any::<u8>(), 0..200),
        mask: [u8; 4],
        offset in 0usize..1_000,
    ) {
        let expected: Vec<u8> =
            payload.iter().enumerate().map(|(at, byte)| byte ^ mask[(offset + at) % 4]).collect();

        let mut masked = payload;
        apply_mask(&mut masked, mask, offset);

        prop_assert_eq!(masked, expected);
    }

    #[test]
    fn stretches_give_what_the_whole_gives(
        payload in prop::collection::vec(any::<u8>(), 0..200),
        mask: [u8; 4],
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(payload.len() + 1);
        let mut whole = payload.clone();
        apply_mask(&mut whole, mask, 0);

        let mut stretches = payload;
        let (first, second) = stretches.split_at_mut(cut);
        apply_mask(first, mask, 0);
        apply_mask(second, mask, cut);

        prop_assert_eq!(stretches, whole);
    }
}
