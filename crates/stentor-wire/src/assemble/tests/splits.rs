use super::{Assembler, Heard, dribble, feed, fragment, frame};
use crate::assemble::ProtocolError;
use crate::frame::OpCode;
use proptest::prelude::*;

/// A message and how its sender cuts it into frames.
#[derive(Clone, Debug)]
struct Sent {
    heard: Heard,
    /// Where the payload is cut into fragments.
    cuts: Vec<prop::sample::Index>,
    /// Control frames, one after each fragment but the last, as long as there are any.
    between: Vec<Heard>,
}

impl Sent {
    /// Writes the frames to `bytes`, and to `heard` what is to be heard of them, in order.
    fn write(&self, bytes: &mut Vec<u8>, heard: &mut Vec<Heard>) {
        let (opcode, payload) = opcode_and_payload(&self.heard);
        if opcode.is_control() {
            bytes.extend(frame(opcode, &payload));
            heard.push(self.heard.clone());
            return;
        }
        let mut cuts: Vec<usize> =
            self.cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
        cuts.sort_unstable();
        let mut between = self.between.iter();
        let mut begin = 0;
        let mut opcode = opcode;
        for cut in cuts {
            bytes.extend(fragment(false, opcode, &payload[begin..cut]));
            if let Some(control) = between.next() {
                let (opcode, payload) = opcode_and_payload(control);
                bytes.extend(frame(opcode, &payload));
                heard.push(control.clone());
            }
            (begin, opcode) = (cut, OpCode::Continuation);
        }
        bytes.extend(frame(opcode, &payload[begin..]));
        heard.push(self.heard.clone());
    }
}

fn opcode_and_payload(heard: &Heard) -> (OpCode, Vec<u8>) {
    match heard {
        Heard::Text(text) => (OpCode::Text, text.clone().into_bytes()),
        Heard::Binary(bytes) => (OpCode::Binary, bytes.clone()),
        Heard::Ping(bytes) => (OpCode::Ping, bytes.clone()),
        Heard::Pong(bytes) => (OpCode::Pong, bytes.clone()),
        Heard::Close(None) => (OpCode::Close, vec![]),
        Heard::Close(Some((code, reason))) => {
            (OpCode::Close, [&code.to_be_bytes()[..], reason.as_bytes()].concat())
        }
    }
}

fn any_control() -> impl Strategy<Value = Heard> {
    let payload = || prop::collection::vec(any::<u8>(), 0..=125);
    let code = prop_oneof![1000..=1003u16, 1007..=1014u16, 3000..=4999u16];
    prop_oneof![
        payload().prop_map(Heard::Ping),
        payload().prop_map(Heard::Pong),
        prop::option::of((code, "\\PC{0,30}")).prop_map(Heard::Close),
    ]
}

fn any_sent() -> impl Strategy<Value = Sent> {
    let heard = prop_oneof![
        // Lengths around the edges of the length's three forms, and texts of every code point.
        3 => "\\PC{0,60}".prop_map(Heard::Text),
        2 => prop::collection::vec(any::<u8>(), 0..140).prop_map(Heard::Binary),
        1 => (65_500..=65_536usize, any::<u8>())
            .prop_map(|(bytes, fill)| Heard::Binary(vec![fill; bytes])),
        2 => any_control(),
    ];
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    (heard, cuts, prop::collection::vec(any_control(), 0..3))
        .prop_map(|(heard, cuts, between)| Sent { heard, cuts, between })
}

fn written(sent: &[Sent]) -> (Vec<u8>, Vec<Heard>) {
    let (mut bytes, mut heard) = (Vec::new(), Vec::new());
    for one in sent {
        one.write(&mut bytes, &mut heard);
    }
    (bytes, heard)
}

/// Feeds the bytes in pieces, cut where `cuts` says.
fn feed_in_pieces(bytes: &[u8], mut cuts: Vec<usize>) -> Result<Vec<Heard>, ProtocolError> {
    cuts.push(bytes.len());
    cuts.sort_unstable();
    let mut assembler = Assembler::default();
    let mut heard = Vec::new();
    let mut begin = 0;
    for cut in cuts {
        heard.extend(feed(&mut assembler, &bytes[begin..cut])?);
        begin = cut;
    }
    Ok(heard)
}

proptest! {
    #[test]
    fn what_is_heard_does_not_depend_on_how_the_bytes_come(
        sent in prop::collection::vec(any_sent(), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let (bytes, heard) = written(&sent);
        let cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();

        prop_assert_eq!(feed_in_pieces(&bytes, vec![]), Ok(heard.clone()));
        prop_assert_eq!(feed_in_pieces(&bytes, cuts), Ok(heard.clone()));
        prop_assert_eq!(dribble(&bytes), Ok(heard));
    }

    #[test]
    fn a_fault_does_not_depend_on_how_the_bytes_come(
        sent in prop::collection::vec(any_sent(), 1..4),
        place: prop::sample::Index,
        flipped in 1..=255u8,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let (mut bytes, _) = written(&sent);
        let place = place.index(bytes.len());
        bytes[place] ^= flipped;
        let cuts = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();

        // Of two faults in one head, the bytes of a dribble show the other one first: the close
        // code is what must be the same.
        let at_once = feed_in_pieces(&bytes, vec![]).map_err(ProtocolError::close_code);
        let in_pieces = feed_in_pieces(&bytes, cuts).map_err(ProtocolError::close_code);
        let dribbled = dribble(&bytes).map_err(|(_, error)| error.close_code());

        prop_assert_eq!(in_pieces, at_once.clone());
        prop_assert_eq!(dribbled, at_once);
    }

    #[test]
    fn garbage_is_refused_or_heard_but_never_a_panic(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..40),
    ) {
        let mut assembler = Assembler::default();
        let fed_bytes: usize = pieces.iter().map(Vec::len).sum();
        for piece in &pieces {
            if feed(&mut assembler, piece).is_err() {
                break;
            }
        }

        prop_assert!(assembler.buffered_bytes() <= fed_bytes);
    }
}
