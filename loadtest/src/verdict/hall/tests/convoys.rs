//! What came together is heard as if each frame had come alone: the same verdict, word for word.

use proptest::prelude::*;
use stentor_wire::encode::text_frame;
use stentor_wire::frame::{FrameHead, OpCode};

use super::*;
use crate::load::frames;
use crate::load::seating::Seating;
use crate::verdict::auditor::{Losses, Tally};

/// Two connections, each in both of two rooms, where two talk: talkers 0 to 3.
const SEATING: Seating = Seating { rooms: 2, members: 2, talkers: 2, rooms_per_connection: 2 };
const RUN: u32 = 7;
/// The connection that hears it all.
const MEMBER: usize = 1;

/// A hall of which nobody knows that it can read convoys.
struct OneByOne<'a>(&'a mut Hall);

impl Audience for OneByOne<'_> {
    fn handle_text(&mut self, connection: usize, payload: &[u8], now: Moment) {
        self.0.handle_text(connection, payload, now);
    }

    fn handle_end(&mut self, connection: usize, end: End) {
        self.0.handle_end(connection, end);
    }
}

fn open_hall(seating: Seating) -> Hall {
    let share = Share::whole(seating.connections());
    let mut hall = Hall::of_share(SeatMap::deal(seating), &share, RunId::new(RUN));
    (hall.window_from, hall.window_to) = (Moment(100), Moment(100_000));
    hall.timeline = Some(Timeline::over(hall.window_from, hall.window_to, 4));
    hall.stages = Some(Stages::new(2).unwrap());
    hall.turn_to(Moment(5_000), 1);
    hall
}

/// Lets an audience hear a stream in reads of these sizes, in turn, as a connection would: an
/// incomplete frame is kept. What control frames said, and the error that ended it.
fn hear<A: Audience>(
    audience: &mut A,
    stream: &[u8],
    sizes: &[usize],
) -> (Vec<(OpCode, Vec<u8>)>, Option<String>) {
    let (mut kept, mut controls) = (Vec::new(), Vec::new());
    let (mut rest, mut now) = (stream, Moment(1_000));
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (read, behind) = rest.split_at(size.clamp(1, rest.len()));
        (rest, now) = (behind, Moment(now.0 + 777));
        kept.extend_from_slice(read);
        let control = |opcode, payload: &[u8]| controls.push((opcode, payload.to_vec()));
        match frames::read_bare(MEMBER, &kept, now, audience, control) {
            Ok(taken) => drop(kept.drain(..taken)),
            Err(error) => return (controls, Some(error.to_string())),
        }
    }
    (controls, None)
}

/// All that a hall has to say.
#[derive(PartialEq, Debug)]
struct Verdict {
    tally: Tally,
    named: Vec<String>,
    losses: Losses,
    payload_bytes: u64,
    heard_last: Moment,
    strange: (u64, u64, Vec<String>),
    latency: Vec<(u64, u64)>,
    stages: Vec<Vec<(u64, u64)>>,
    over_time: Vec<(f64, f64)>,
}

fn verdict(hall: &Hall, said: &[u32]) -> Verdict {
    let bins = |latency: &Histogram<u64>| {
        latency.iter_recorded().map(|at| (at.value_iterated_to(), at.count_at_value())).collect()
    };
    let stages = hall.stages.as_ref().unwrap();
    Verdict {
        tally: hall.auditor.tally(),
        named: hall.auditor.named().to_vec(),
        losses: hall.auditor.close(said),
        payload_bytes: hall.payload_bytes,
        heard_last: hall.heard_last,
        strange: (hall.errors, hall.strange, hall.strange_shown.clone()),
        latency: bins(&hall.latency.histogram().unwrap()),
        stages: (0..2).map(|stage| bins(stages.of(stage))).collect(),
        over_time: hall.timeline.as_ref().unwrap().latencies(0.99),
    }
}

/// Something that stands in a stream of frames.
#[derive(Clone, Debug)]
enum Piece {
    /// Messages of a talker in a row; the numbers go on by `step`, from what was last given.
    Messages { talker: u32, count: u32, step: i32, filler: usize },
    /// A message of another run.
    Foreign,
    /// A message whose members stand in another order, of the usual size.
    WordedOtherwise { talker: u32 },
    /// A message in a frame of another kind, or with a length in more bits than it needs.
    Oddly { opcode: OpCode, fin: bool, long: bool },
    /// The server's own words.
    Words(&'static str),
    /// A control frame.
    Control(OpCode),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let messages = |step: i32| {
        // Talker 4 talks nowhere.
        (0_u32..5, 1_u32..12, prop_oneof![Just(0_usize), Just(2), Just(150), Just(4_200)]).prop_map(
            move |(talker, count, filler)| {
                let count = if step == 1 { count } else { 1 };
                Piece::Messages { talker, count, step, filler }
            },
        )
    };
    let opcode = prop_oneof![Just(OpCode::Text), Just(OpCode::Binary), Just(OpCode::Continuation)];
    let piece = prop_oneof![
        12 => messages(1),
        1 => messages(0),
        1 => messages(2),
        1 => messages(5),
        1 => messages(-2),
        1 => Just(Piece::Foreign),
        2 => (0_u32..4).prop_map(|talker| Piece::WordedOtherwise { talker }),
        1 => (opcode, any::<bool>(), any::<bool>())
            .prop_map(|(opcode, fin, long)| Piece::Oddly { opcode, fin, long }),
        1 => prop_oneof![
            Just(r#"{"type":"error","data":{"code":"rate_limited"}}"#),
            Just(r#"{"type":"system","data":{"event":"welcome"}}"#),
            Just(""),
        ]
        .prop_map(Piece::Words),
        1 => prop_oneof![Just(OpCode::Ping), Just(OpCode::Pong), Just(OpCode::Close)]
            .prop_map(Piece::Control),
    ];
    prop::collection::vec(piece, 1..40)
}

/// Writes pieces as a server would.
#[derive(Default)]
struct Server {
    said: [u32; 5],
    written: u64,
    stream: Vec<u8>,
}

impl Server {
    fn write(&mut self, piece: &Piece) {
        match *piece {
            Piece::Messages { talker, count, step, filler } => {
                for _ in 0..count {
                    let text = self.message(RUN, talker, step, filler);
                    text_frame(text.as_bytes(), &mut self.stream);
                }
            }
            Piece::Foreign => {
                let text = self.message(RUN + 1, 0, 0, 2);
                text_frame(text.as_bytes(), &mut self.stream);
            }
            Piece::WordedOtherwise { talker } => {
                let text = self.message(RUN, talker, 1, 2);
                let (front, data) = text.split_once(r#""data""#).unwrap();
                let data = data.strip_suffix('}').unwrap();
                let front = front.trim_start_matches('{').trim_end_matches(',');
                let worded = format!(r#"{{"data"{data},{front}}}"#);
                text_frame(worded.as_bytes(), &mut self.stream);
            }
            Piece::Oddly { opcode, fin, long } => {
                let text = self.message(RUN, 0, 1, 2);
                if long {
                    self.stream.extend_from_slice(&[0x81, 127]);
                    self.stream.extend_from_slice(&(text.len() as u64).to_be_bytes());
                } else {
                    let payload_bytes = text.len() as u64;
                    let head = FrameHead { fin, opcode, mask: None, payload_bytes };
                    head.encode(&mut self.stream);
                }
                self.stream.extend_from_slice(text.as_bytes());
            }
            Piece::Words(words) => text_frame(words.as_bytes(), &mut self.stream),
            Piece::Control(opcode) => {
                let head = FrameHead { fin: true, opcode, mask: None, payload_bytes: 2 };
                head.encode(&mut self.stream);
                self.stream.extend_from_slice(&[3, 232]);
            }
        }
    }

    fn message(&mut self, run: u32, talker: u32, step: i32, filler: usize) -> String {
        self.written += 1;
        let said = &mut self.said[talker as usize];
        *said = said.saturating_add_signed(step);
        let due = Moment(self.written * 131);
        let stamp = Stamp { run: RunId::new(run), talker, sequence: *said, due }.encode();
        let stamp = std::str::from_utf8(&stamp).unwrap();
        let filler = "y".repeat(filler);
        format!(r#"{{"id":"x","type":"chat","data":{{"content":"{stamp}{filler}"}}}}"#)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn convoys_are_judged_as_frame_by_frame(
        pieces in pieces(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 0..4),
        sizes in prop::collection::vec(prop_oneof![1_usize..40, 200_usize..6_000], 1..20),
    ) {
        let mut server = Server::default();
        pieces.iter().for_each(|piece| server.write(piece));
        let Server { mut stream, said, .. } = server;
        for (at, bit) in flips {
            let at = at.index(stream.len());
            stream[at] ^= 1 << bit;
        }
        let (mut together, mut apart) = (open_hall(SEATING), open_hall(SEATING));

        let heard_together = hear(&mut together, &stream, &sizes);
        let heard_apart = hear(&mut OneByOne(&mut apart), &stream, &sizes);

        prop_assert_eq!(heard_together, heard_apart);
        prop_assert_eq!(verdict(&together, &said[..4]), verdict(&apart, &said[..4]));
    }
}

/// What one member hears of a room with one talker, in one read: the bytes of `count` messages.
fn coalesced(count: u32) -> Vec<Vec<u8>> {
    let mut server = Server::default();
    let one = Piece::Messages { talker: 0, count: 1, step: 1, filler: 150 };
    let frame = |_| {
        server.stream.clear();
        server.write(&one);
        server.stream.clone()
    };
    (0..count).map(frame).collect()
}

/// Both ways of hearing these frames in one read, of which `said` messages were said.
fn both_ways(frames: &[Vec<u8>], said: u32) -> [Hall; 2] {
    const ONE: Seating = Seating { rooms: 1, members: 2, talkers: 1, rooms_per_connection: 1 };
    let (mut together, mut apart) = (open_hall(ONE), open_hall(ONE));
    for sequence in 1..=said {
        // The other member hears all, so that faults are the one's alone.
        together.auditor.handle_delivery(0, 0, sequence);
        apart.auditor.handle_delivery(0, 0, sequence);
    }
    let stream = frames.concat();
    hear(&mut together, &stream, &[stream.len()]);
    hear(&mut OneByOne(&mut apart), &stream, &[stream.len()]);
    [together, apart]
}

#[test]
fn a_lost_message_in_the_middle_of_a_convoy_is_told() {
    let mut frames = coalesced(64);
    frames.remove(31);

    for hall in both_ways(&frames, 64) {
        let losses = hall.auditor.close(&[64]);
        assert_eq!(losses.count, 1);
        let named = "room r0 member 1: message 32 of talker 0 in r0 never came";
        assert_eq!(losses.named, [named]);
    }
}

#[test]
fn a_doubled_message_in_the_middle_of_a_convoy_is_told() {
    let mut frames = coalesced(64);
    frames.insert(32, frames[31].clone());

    for hall in both_ways(&frames, 64) {
        assert_eq!(hall.auditor.tally().duplicated, 1);
        let named = "room r0 member 1: message 32 of talker 0 in r0 came twice";
        assert_eq!(hall.auditor.named(), [named]);
        assert_eq!(hall.auditor.close(&[64]), Losses::default());
    }
}

#[test]
fn two_swapped_messages_in_the_middle_of_a_convoy_are_told() {
    let mut frames = coalesced(64);
    frames.swap(31, 32);

    for hall in both_ways(&frames, 64) {
        assert_eq!(hall.auditor.tally().reordered, 1);
        let named = "room r0 member 1: message 32 of talker 0 in r0 came after message 33";
        assert_eq!(hall.auditor.named(), [named]);
        assert_eq!(hall.auditor.close(&[64]), Losses::default());
    }
}

#[test]
fn a_message_with_a_broken_marker_in_the_middle_of_a_convoy_is_shown_and_lost() {
    let mut frames = coalesced(64);
    let at = frames[31].windows(7).position(|word| word == b"content").unwrap();
    frames[31][at] = b'k';

    for hall in both_ways(&frames, 64) {
        assert_eq!((hall.strange, hall.auditor.close(&[64]).count), (1, 1));
        assert!(hall.strange_shown[0].contains("kontent"), "{:?}", hall.strange_shown);
    }
}

#[test]
fn a_message_of_a_strange_talker_in_the_middle_of_a_convoy_is_misrouted() {
    let mut frames = coalesced(64);
    let stamp = frames[31].windows(10).position(|word| word == b"content\":\"").unwrap() + 10;
    frames[31][stamp + 15] = b'1';

    for hall in both_ways(&frames, 64) {
        assert_eq!(hall.auditor.tally().misrouted, 1);
        let named = "connection 1: message 32 of talker 0 in r1, a room that it is not in";
        assert_eq!(hall.auditor.named(), [named]);
    }
}
