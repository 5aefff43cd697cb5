//! Where a stream of bytes is cut, as the input itself says: TCP may cut it anywhere.

/// How many bytes of an input say where it is cut.
pub(crate) const CUTS: usize = 4;

/// `bytes` in pieces whose sizes repeat those that `cuts` stand for; no piece is empty.
pub(crate) fn pieces<'a>(
    bytes: &'a [u8],
    cuts: &'a [u8; CUTS],
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let mut left = bytes;
    cuts.iter().cycle().map_while(move |&cut| {
        let (piece, behind) = left.split_at(piece_bytes(cut).min(left.len()));
        left = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Small cuts byte by byte, large ones up to more than any input.
fn piece_bytes(cut: u8) -> usize {
    let cut = usize::from(cut);
    1 + cut * cut / 3
}
