//! A connection that listens, and knows what became of each thing that it asked for.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use fred::error::{Error, ErrorKind};

use super::connection::{Connection, Frame, bytes, list, refusal};
use crate::mode::Mode;
use crate::subscriptions::{CommandId, CommandKind};

/// Commands are answered in their order, and there is one answer for each channel, or one error.
pub(crate) struct Listener {
    connection: Connection,
    mode: Mode,
    asked: VecDeque<Asked>,
}

/// Something that was asked for: its channels, and for whom.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) kind: CommandKind,
    pub(crate) channels: Vec<String>,
    /// `None` for what the session itself wants.
    pub(crate) command: Option<CommandId>,
    /// Which of the command's channels these are.
    pub(crate) places: Vec<usize>,
    /// How many of the channels are done.
    pub(crate) confirmed: usize,
    /// How often another node was named instead.
    pub(crate) redirects: u32,
}

/// What a listener hears.
#[derive(Debug)]
pub(crate) enum Told {
    Message {
        channel: Bytes,
        payload: Bytes,
    },
    Answered(Asked, Result<(), Error>),
    /// Redis has ended this subscription by itself.
    Ended(Bytes),
}

impl Listener {
    pub(crate) fn new(connection: Connection, mode: Mode) -> Listener {
        Listener { connection, mode, asked: VecDeque::new() }
    }

    /// Subscribes to channels or leaves them. In sharded mode they are of one slot.
    pub(crate) fn ask(&mut self, asked: Asked) {
        let word = match (self.mode, asked.kind) {
            (Mode::Classic, CommandKind::Subscribe) => "SUBSCRIBE",
            (Mode::Classic, CommandKind::Unsubscribe) => "UNSUBSCRIBE",
            (Mode::Sharded, CommandKind::Subscribe) => "SSUBSCRIBE",
            (Mode::Sharded, CommandKind::Unsubscribe) => "SUNSUBSCRIBE",
        };
        let mut words = vec![word];
        words.extend(asked.channels.iter().map(String::as_str));
        self.connection.send(&words);
        self.asked.push_back(asked);
    }

    /// What is heard next.
    pub(crate) fn poll_told(&mut self, cx: &mut Context<'_>) -> Poll<Result<Told, Error>> {
        loop {
            let frame = ready!(self.connection.poll_frame(cx))?;
            if let Some(told) = self.take(frame)? {
                return Poll::Ready(Ok(told));
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Told>, Error> {
        if let Frame::Error(text) = &frame {
            let asked = self.asked.pop_front().ok_or_else(|| refusal(text))?;
            return Ok(Some(Told::Answered(asked, Err(refusal(text)))));
        }
        let [word, channel, rest] = list(&frame) else { return Err(strange()) };
        let word = bytes(word).ok_or_else(strange)?;
        let channel = bytes(channel).cloned().unwrap_or_default();
        match &**word {
            b"message" | b"smessage" => {
                let payload = bytes(rest).cloned().ok_or_else(strange)?;
                Ok(Some(Told::Message { channel, payload }))
            }
            b"subscribe" | b"ssubscribe" => self.confirm(CommandKind::Subscribe),
            b"unsubscribe" | b"sunsubscribe" => {
                let expected = self.asked.front().is_some_and(|asked| {
                    asked.kind == CommandKind::Unsubscribe
                        && asked.channels.iter().any(|name| name.as_bytes() == &*channel)
                });
                if expected {
                    self.confirm(CommandKind::Unsubscribe)
                } else {
                    Ok(Some(Told::Ended(channel)))
                }
            }
            _ => Err(strange()),
        }
    }

    /// One channel of the first command is done; the command is with its last.
    fn confirm(&mut self, kind: CommandKind) -> Result<Option<Told>, Error> {
        let asked = self.asked.front_mut().filter(|asked| asked.kind == kind);
        asked.ok_or_else(strange)?.confirmed += 1;
        let is_done =
            self.asked.front().is_some_and(|asked| asked.confirmed >= asked.channels.len());
        let done = if is_done { self.asked.pop_front() } else { None };
        Ok(done.map(|asked| Told::Answered(asked, Ok(()))))
    }
}

fn strange() -> Error {
    Error::new(ErrorKind::Protocol, "an answer that belongs to nothing")
}
