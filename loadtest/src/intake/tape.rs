//! What every member hears in `intake`, built beforehand: the frames that a Stentor server would
//! send of messages that a swarm would send.

use std::time::Duration;

use fastrand::Rng;
use stentor_wire::encode;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;
use stentor_wire::uuid_v7;

use crate::cli::{self, Feeding};
use crate::failure::Failure;
use crate::load::seating::Seating;
use crate::measure::machine;
use crate::measure::moment::Moment;
use crate::verdict::stamp::{RunId, STAMP_BYTES, Stamp};

#[cfg(test)]
mod tests;

/// What a tape may weigh, in bytes; it is held by both processes.
const TAPE_BYTES_MAX: u64 = 1 << 30;
/// How far apart the messages are due: as in a room of 1,000 that hears 20 million a second.
const SPACING: Duration = Duration::from_micros(50);
/// When the messages say that they were stamped, in milliseconds since 1970: any time will do.
const STAMPED_MILLIS: u64 = 1_770_249_600_000;

/// The frames, all of one size.
#[derive(Debug)]
pub(crate) struct Tape {
    /// One after the other.
    pub(crate) bytes: Vec<u8>,
    /// What each weighs, its head included.
    pub(crate) frame_bytes: usize,
}

impl Tape {
    /// The tape of a run whose first message is due at `begin`: the same in every process.
    ///
    /// # Errors
    /// If it would be larger than a GiB.
    pub(crate) fn record(feeding: &Feeding, run: u32, begin: Moment) -> Result<Self, Failure> {
        let mut writer = Writer::new(feeding, run);
        let frame_bytes = writer.frame(0, begin).len();
        let total = u64::from(feeding.messages) * frame_bytes as u64;
        if total > TAPE_BYTES_MAX {
            return Err(Failure::new(format!(
                "{} messages of {frame_bytes} bytes are {total}, more than {TAPE_BYTES_MAX}: take \
                 fewer --messages",
                feeding.messages
            )));
        }
        let mut bytes = Vec::with_capacity(total as usize);
        for message in 0..feeding.messages {
            let frame = writer.frame(message, begin.after(SPACING * message));
            if feeding.leave_out != Some(message + 1) {
                bytes.extend_from_slice(frame);
            }
        }
        Ok(Self { bytes, frame_bytes })
    }
}

/// One room with these members.
///
/// # Errors
/// If more talk than listen, the descriptor limit does not allow them all, a stamp has no place in
/// a message, or there is none with the number to be left out.
pub(crate) fn seating(feeding: &Feeding) -> Result<Seating, Failure> {
    cli::require_content_bytes(feeding.content_bytes)?;
    if let Some(message) = feeding.leave_out
        && !(1..=feeding.messages).contains(&message)
    {
        return Err(Failure::new(format!("there is no message {message} to leave out")));
    }
    let (members, talkers) = (feeding.members as usize, feeding.talkers as usize);
    machine::require_descriptors(members)?;
    Seating { rooms: 1, members, talkers, rooms_per_connection: 1 }.check()
}

/// How many messages each talker says: they talk in turn.
pub(crate) fn said(feeding: &Feeding) -> Vec<u32> {
    let Feeding { messages, talkers, .. } = *feeding;
    (0..talkers).map(|talker| (messages + talkers - 1 - talker) / talkers).collect()
}

/// Writes one frame after the other into the same place.
struct Writer {
    run: RunId,
    talkers: u32,
    random: Rng,
    from: String,
    data: Vec<u8>,
    filler: Vec<u8>,
    frame: Vec<u8>,
}

impl Writer {
    fn new(feeding: &Feeding, run: u32) -> Self {
        let mut random = Rng::with_seed(run.into());
        let from = uuid_v7::made_at(STAMPED_MILLIS, random.u128(..).to_ne_bytes()).to_string();
        let filler_bytes = feeding.content_bytes.saturating_sub(STAMP_BYTES);
        Self {
            run: RunId::new(run),
            talkers: feeding.talkers,
            random,
            from,
            data: Vec::new(),
            filler: (0..filler_bytes).map(|at| b'a' + (at % 26) as u8).collect(),
            frame: Vec::new(),
        }
    }

    /// The frame of a message, counted from 0 through all talkers.
    fn frame(&mut self, message: u32, due: Moment) -> &[u8] {
        let (talker, sequence) = (message % self.talkers, message / self.talkers + 1);
        let stamp = Stamp { run: self.run, talker, sequence, due };
        self.data.clear();
        self.data.extend_from_slice(br#"{"content":""#);
        self.data.extend_from_slice(&stamp.encode());
        self.data.extend_from_slice(&self.filler);
        self.data.extend_from_slice(br#""}"#);
        self.frame.clear();
        let millis = STAMPED_MILLIS + u64::from(message) / 20;
        let envelope = Envelope {
            id: uuid_v7::made_at(millis, self.random.u128(..).to_ne_bytes()),
            kind: MessageType::Chat,
            room: Some("r0"),
            from: &self.from,
            data: &self.data,
            timestamp: Timestamp::from_unix_millis(millis),
        };
        encode::envelope_frame(&envelope, &mut self.frame);
        &self.frame
    }
}
