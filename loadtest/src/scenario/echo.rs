//! `echo`: the unloaded round trip through a server; one client alone hears itself.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use stentor_wire::frame::{FrameHead, OpCode};

use crate::cli::EchoArgs;
use crate::failure::Failure;
use crate::floor;
use crate::floor::ping_pong::{self, Rounds};
use crate::floor::reference::Reference;
use crate::load::client_frame::{self, ChatTemplate};
use crate::load::dialect::{Heard, Opening, Session};
use crate::load::handshake::{self, Answer};
use crate::load::target::Target;
use crate::measure::moment::Moment;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::{Figure, grouped};
use crate::verdict::locator::Locator;
use crate::verdict::stamp::{RunId, Stamp};

/// How much one read may bring, in bytes; a larger frame is refused.
const READ_BYTES_MAX: usize = 128 * 1_024;

/// Measures the round trip.
///
/// # Errors
/// If the server is not there, refuses the client or a message, or does not answer in 5 s.
pub(crate) fn run(args: &EchoArgs) -> Result<Report, Failure> {
    let (target, server) = args.server.find()?;
    if target.tls().is_some() {
        return Err(Failure::new("echo times plain sockets: it takes ws://"));
    }
    let floor = Reference::new(&args.reference, &target, server);
    let mut template = ChatTemplate::new(target.dialect(), 0, args.content_bytes as usize);
    let mut client = Client::connect(&target)?;
    let run = RunId::new(fastrand::u32(..));
    let (mut frame, mut answer_bytes) = (Vec::new(), 0);

    let server_before = server.map(|server| server.cpu()).transpose()?;
    let rounds = Rounds { warmup: args.warmup_count, measured: args.count };
    let latency = ping_pong::time(rounds, |sequence| {
        frame.clear();
        let stamp = Stamp { run, talker: 0, sequence, due: Moment::default() };
        template.append(stamp, &mut frame);
        client.send(&frame)?;
        answer_bytes = client.wait_for(stamp)?;
        Ok(())
    })?;
    let server_after = server.map(|server| server.cpu()).transpose()?;
    client.leave()?;

    let what = format!("{} round trips, one at a time, alone in a room", grouped(latency.len()));
    let mut report = Report::new("echo", what);
    report.add_latencies(&latency);
    report.add_chart(curves::percentiles(&latency));
    let cpu = server_after.zip(server_before).map(|(after, before)| after.saturating_sub(before));
    let trips = u64::from(args.warmup_count) + u64::from(args.count);
    report
        .add_some("server_cpu_a_round_trip", cpu.and_then(|spent| Figure::cpu_each(spent, trips)));
    floor.add_round_trips(&mut report, &latency, rounds, answer_bytes)?;
    Ok(report)
}

/// A client with a blocking socket.
#[derive(Debug)]
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Where in the buffer what was not taken yet begins and ends.
    taken: usize,
    filled: usize,
    locator: Locator,
    session: Option<Box<Session>>,
}

impl Client {
    fn connect(target: &Target) -> Result<Self, Failure> {
        let mut stream = target.knock()?;
        let Opening { request, session } = target.upgrade(Some(0));
        let prepared = stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(ping_pong::ANSWER_TIMEOUT)))
            .and_then(|()| stream.write_all(&request));
        prepared.map_err(Failure::while_doing("the handshake"))?;
        let (buffer, locator) = (vec![0; READ_BYTES_MAX], Locator::new());
        let mut client = Self { stream, buffer, taken: 0, filled: 0, locator, session };
        loop {
            client.fill()?;
            match handshake::read_answer(&client.buffer[..client.filled]) {
                Answer::Incomplete => {}
                Answer::Upgraded(bytes) => {
                    client.taken = bytes;
                    client.wait_for_admission()?;
                    return Ok(client);
                }
                Answer::Refused(reason) => return Err(Failure::new(format!("refused: {reason}"))),
            }
        }
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(frame).map_err(Failure::while_doing("sending"))
    }

    /// Reads until the server has let the client into its room, where it says so in frames.
    fn wait_for_admission(&mut self) -> Result<(), Failure> {
        let mut admitted = self.session.is_none();
        while !admitted {
            self.hear(&mut |_, heard| admitted |= heard == Heard::Admitted)?;
        }
        Ok(())
    }

    /// Reads until the message with this stamp is there, and says how many bytes its frame has;
    /// others are passed over.
    fn wait_for(&mut self, stamp: Stamp) -> Result<usize, Failure> {
        let (mut came, mut refusal) = (None, None);
        loop {
            self.hear(&mut |locator, heard| {
                let Heard::Text(text) = heard else { return };
                if locator.find(text).map(Stamp::decode) == Some(stamp) {
                    came = Some(floor::frame_bytes(text.len() as u64) as usize);
                } else if let text = String::from_utf8_lossy(text)
                    && text.contains("\"type\":\"error\"")
                {
                    refusal = Some(text.into_owned());
                }
            })?;
            if let Some(text) = refusal {
                return Err(Failure::new(format!(
                    "the server refused a message ({text}); RATE_LIMIT=0 lifts its limit"
                )));
            }
            if let Some(frame_bytes) = came {
                return Ok(frame_bytes);
            }
        }
    }

    /// Reads until there is a frame, and tells what it says.
    fn hear(&mut self, tell: &mut dyn FnMut(&mut Locator, Heard<'_>)) -> Result<(), Failure> {
        loop {
            let Some((opcode, payload)) = self.next_frame()? else {
                self.fill()?;
                continue;
            };
            let payload = &self.buffer[payload];
            let mut replies = Vec::new();
            match opcode {
                OpCode::Ping => client_frame::append(OpCode::Pong, payload, &mut replies),
                OpCode::Close => return Err(Failure::new("the server closed the connection")),
                _ => match &mut self.session {
                    None => tell(&mut self.locator, Heard::Text(payload)),
                    Some(session) => session
                        .handle_payload(payload, &mut replies, |heard| {
                            tell(&mut self.locator, heard);
                        })
                        .map_err(Failure::new)?,
                },
            }
            return if replies.is_empty() { Ok(()) } else { self.send(&replies) };
        }
    }

    fn leave(mut self) -> Result<(), Failure> {
        self.send(&client_frame::farewell())?;
        // The server's goodbye is waited for, and whatever it says is no figure of ours.
        let _ = self.stream.read(&mut self.buffer);
        Ok(())
    }

    /// Takes the next whole frame; its payload's place is in the buffer.
    fn next_frame(&mut self) -> Result<Option<(OpCode, std::ops::Range<usize>)>, Failure> {
        let bytes = &self.buffer[self.taken..self.filled];
        let parsed = FrameHead::parse(bytes).map_err(Failure::while_doing("a malformed frame"))?;
        let Some((head, head_bytes)) = parsed else { return Ok(None) };
        let payload_bytes = usize::try_from(head.payload_bytes).unwrap_or(usize::MAX);
        if payload_bytes > bytes.len() - head_bytes {
            return Ok(None);
        }
        let begin = self.taken + head_bytes;
        self.taken = begin + payload_bytes;
        Ok(Some((head.opcode, begin..self.taken)))
    }

    fn fill(&mut self) -> Result<(), Failure> {
        if self.taken > 0 {
            self.buffer.copy_within(self.taken..self.filled, 0);
            self.filled -= self.taken;
            self.taken = 0;
        }
        if self.filled == self.buffer.len() {
            return Err(Failure::new("the server sent a frame larger than the read buffer"));
        }
        match self.stream.read(&mut self.buffer[self.filled..]) {
            Ok(0) => Err(Failure::new("the server hung up")),
            Ok(count) => {
                self.filled += count;
                Ok(())
            }
            Err(error) => Err(Failure::new(format!("no answer from the server: {error}"))),
        }
    }
}
