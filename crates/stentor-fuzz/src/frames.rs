//! Frames: any bytes of a client, cut anywhere, are what an independent decoder takes them for.
//!
//! That decoder is tungstenite, in its strict settings. Where the two differ with good reason:
//!
//! - It judges a frame when all of it has come, and we at the first byte that shows the fault; so
//!   it is handed more bytes before it is asked why it refuses.
//! - Of two faults in one frame each names the one that it looks for first. All of these are 1002,
//!   but that it may call a frame too big that we do not want at all, and a close's reason bad
//!   UTF-8 where we have seen its bad code.
//! - A close with a code that no peer may send it passes on as one with 1002; 1014 is such a code
//!   to it, and not to us: it stands in the registry of RFC 6455.
//! - A control frame whose length is written in a longer form than 125 bytes need it takes, and we
//!   do not: RFC 6455 section 5.2 wants the shortest.
//! - What follows a close it does not read.
//!
//! An input is one byte for the limit, four for the cuts, and the rest is the stream.

mod independent;

use independent::{Peer, read_all};
use stentor_wire::assemble::{Assembler, Incoming, Input, ProtocolError};
use stentor_wire::close::CloseCode;
use stentor_wire::encode::{binary_frame, close_frame, ping_frame, pong_frame, text_frame};
use stentor_wire::frame::{CONTROL_BYTES_MAX, FrameHead};

use crate::cuts::{CUTS, pieces};

/// The least limit: below it the other decoder would bound control frames too.
const LIMIT_LEAST: usize = CONTROL_BYTES_MAX;

/// How many bytes of limit one step of its byte is.
const LIMIT_STEP: usize = 8;

/// A message or control frame, in the words of neither decoder.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Heard {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

/// What a stream came to.
#[derive(PartialEq, Eq, Debug)]
struct Outcome {
    heard: Vec<Heard>,
    /// Why the rest was not read; `None` where all was.
    fault: Option<ProtocolError>,
}

/// Panics where a promise about frames is broken.
pub fn body(input: &[u8]) {
    let Some((&limit, rest)) = input.split_first() else { return };
    let Some((cuts, stream)) = rest.split_first_chunk::<CUTS>() else { return };
    let limit = LIMIT_LEAST + usize::from(limit) * LIMIT_STEP;

    let whole = ours(std::iter::once(stream), limit);
    assert_eq!(ours(pieces(stream, cuts), limit), whole, "cuts change nothing");

    let (heard, fault) = up_to_the_close(&whole);
    let theirs = read_all(Peer::Client, stream, limit);
    let agree = heard.len() == theirs.heard.len()
        && heard.iter().zip(&theirs.heard).all(|(ours, theirs)| is_same(ours, theirs));
    match (fault, theirs.fault) {
        (None, None) => assert!(agree, "{heard:?} is {:?}", theirs.heard),
        (Some(ProtocolError::ControlTooBig), _) => {
            assert!(theirs.heard.starts_with(heard), "{heard:?} is {:?}", theirs.heard);
            let refused = theirs.heard.get(heard.len());
            assert!(refused.is_none_or(is_control), "{refused:?} is no control frame");
        }
        (Some(ProtocolError::BadCloseCode), None) => {
            let (last, before) = theirs.heard.split_last().expect("it heard the close");
            assert_eq!(before, heard, "before a close of a bad code");
            assert!(is_no_code(last), "{last:?} is a close of a bad code");
        }
        (Some(fault), None) => refuses_in_the_end(stream, limit, heard, fault),
        (Some(fault), Some(theirs_fault)) => {
            assert!(agree, "{heard:?} is {:?}", theirs.heard);
            assert!(is_same_fault(fault, theirs_fault), "{fault:?} is {theirs_fault:?}");
        }
        (None, Some(fault)) => panic!("{heard:?} were heard, the other says {fault:?}"),
    }
    answers_are_read(heard);
}

fn is_control(heard: &Heard) -> bool {
    !matches!(heard, Heard::Text(_) | Heard::Binary(_))
}

/// What the server's side makes of a stream that comes in these pieces.
fn ours<'a>(pieces: impl Iterator<Item = &'a [u8]>, limit: usize) -> Outcome {
    let mut assembler = Assembler::default();
    let mut heard = Vec::new();
    for piece in pieces {
        let mut scratch = piece.to_vec();
        let mut input = Input::new(&mut scratch);
        loop {
            match assembler.poll(&mut input, limit) {
                Ok(Some(incoming)) => heard.push(Heard::of(incoming)),
                Ok(None) => break,
                Err(fault) => return Outcome { heard, fault: Some(fault) },
            }
        }
        let kept = assembler.buffered_bytes();
        let may_keep = limit + CONTROL_BYTES_MAX + FrameHead::BYTES_MAX;
        assert!(kept <= may_keep, "{kept} bytes are kept, {limit} is the limit");
        assert!(kept == 0 || !assembler.is_idle(), "an idle assembler keeps {kept} bytes");
    }
    Outcome { heard, fault: None }
}

/// The part of an outcome that the other decoder reads: nothing behind a close.
fn up_to_the_close(outcome: &Outcome) -> (&[Heard], Option<ProtocolError>) {
    let close = outcome.heard.iter().position(|heard| matches!(heard, Heard::Close(_)));
    match close {
        Some(at) => (&outcome.heard[..=at], None),
        None => (&outcome.heard, outcome.fault),
    }
}

/// We refused before all of the frame had come: with more of it the other refuses too, and hears
/// nothing before that.
fn refuses_in_the_end(stream: &[u8], limit: usize, heard: &[Heard], fault: ProtocolError) {
    // No frame begins with such a byte, so what is behind the refused one is never heard.
    const FILLER: u8 = 0xff;
    let mut filled = stream.to_vec();
    filled.resize(stream.len() + limit + FrameHead::BYTES_MAX, FILLER);
    let theirs = read_all(Peer::Client, &filled, limit);
    assert_eq!(theirs.heard, heard, "{fault:?} was seen early");
    let theirs = theirs.fault.unwrap_or_else(|| panic!("the other sees no {fault:?}"));
    assert!(is_same_fault(fault, theirs), "{fault:?} is {theirs:?}");
}

/// Whether two faults of one frame have one close code, or may have two; see the module's head.
fn is_same_fault(ours: ProtocolError, theirs: CloseCode) -> bool {
    let excused = match ours {
        ProtocolError::BadCloseCode => theirs == CloseCode::NotUtf8,
        other => other.close_code() == CloseCode::ProtocolError && theirs == CloseCode::TooBig,
    };
    excused || ours.close_code() == theirs
}

fn is_same(ours: &Heard, theirs: &Heard) -> bool {
    const BAD_GATEWAY: u16 = 1014;
    match ours {
        Heard::Close(Some((BAD_GATEWAY, _))) => is_no_code(theirs),
        _ => ours == theirs,
    }
}

/// What the other decoder makes of a close whose code it does not know.
fn is_no_code(theirs: &Heard) -> bool {
    *theirs == Heard::Close(Some((1002, "Protocol violation".to_owned())))
}

/// What our encoder writes of all this, the other decoder reads as it was meant.
fn answers_are_read(heard: &[Heard]) {
    let mut stream = Vec::new();
    for heard in heard {
        match heard {
            Heard::Text(text) => text_frame(text.as_bytes(), &mut stream),
            Heard::Binary(bytes) => binary_frame(bytes, &mut stream),
            Heard::Ping(bytes) => ping_frame(bytes, &mut stream),
            Heard::Pong(bytes) => pong_frame(bytes, &mut stream),
            Heard::Close(Some((code, reason))) => close_frame(*code, reason, &mut stream),
            // The server's own closes always have a code.
            Heard::Close(None) => {}
        }
    }
    let sent = heard.iter().filter(|heard| **heard != Heard::Close(None));
    let theirs = read_all(Peer::Server, &stream, usize::MAX);
    assert_eq!(theirs.fault, None, "the other reads what we write");
    assert_eq!(theirs.heard.len(), sent.clone().count());
    for (sent, read) in sent.zip(&theirs.heard) {
        assert!(is_same(sent, read), "{sent:?} is read as {read:?}");
    }
}

impl Heard {
    fn of(incoming: Incoming<'_>) -> Heard {
        match incoming {
            Incoming::Text(text) => Heard::Text(text.to_owned()),
            Incoming::Binary(bytes) => Heard::Binary(bytes.to_vec()),
            Incoming::Ping(bytes) => Heard::Ping(bytes.to_vec()),
            Incoming::Pong(bytes) => Heard::Pong(bytes.to_vec()),
            Incoming::Close(close) => {
                Heard::Close(close.map(|close| (close.code, close.reason.to_owned())))
            }
        }
    }
}
