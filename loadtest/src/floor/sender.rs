//! The sending half of `floor`: rounds of plain `send()` over all sockets, and nothing else.

use std::io::{self, BufRead as _, ErrorKind, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::json;
use stentor_wire::frame::{FrameHead, OpCode};

use crate::cli::{FloorSenderArgs, FloorSending, Pace};
use crate::failure::Failure;
use crate::floor::sockets;
use crate::measure::machine;
use crate::measure::meter;

/// How long the sender rests when no socket takes anything.
const REST: Duration = Duration::from_micros(100);
/// How long nothing may be taken before the receiver counts as gone.
const STALL_MAX: Duration = Duration::from_secs(10);
/// Bursts go to sockets in an order that is no address order, the same in every run.
const SHUFFLE_SEED: u64 = 1;

/// Listens, takes all sockets in, sends on word, and says what it took as a line of JSON.
///
/// # Errors
/// If the core is not there, or the receiver goes away.
pub(crate) fn run(args: &FloorSenderArgs) -> Result<(), Failure> {
    if let Some(core) = args.core {
        machine::pin_to_core(core)?;
    }
    machine::require_descriptors(args.sending.sockets as usize)?;
    serve(&args.sending).map_err(Failure::while_doing("the sender"))
}

fn serve(sending: &FloorSending) -> io::Result<()> {
    let mut sockets = sockets::take_in(sending.sockets as usize)?;
    if sending.sockets_per_burst.is_some() {
        Rng::with_seed(SHUFFLE_SEED).shuffle(&mut sockets);
    }
    println!("ready");
    io::stdin().lock().read_line(&mut String::new())?;

    let mut rounds = Rounds::new(sockets, sending);
    rounds.go(sending.rate, sending.warmup)?;
    let (frames_before, calls_before) = (rounds.frames(), rounds.calls);
    let refused_before = rounds.refused;
    let (cpu_before, begin) = (meter::own_cpu(), Instant::now());
    rounds.go(sending.rate, sending.duration)?;
    let (cpu, took) = (meter::own_cpu() - cpu_before, begin.elapsed());
    let frames = rounds.frames() - frames_before;
    let (calls, refused) = (rounds.calls - calls_before, rounds.refused - refused_before);
    rounds.finish()?;
    let result = json!({
        "frames_total": rounds.frames(),
        "frames": frames,
        "calls": calls,
        "refused": refused,
        "cpu_seconds": cpu.as_secs_f64(),
        "seconds": took.as_secs_f64(),
    });
    println!("{result}");
    for socket in &rounds.sockets {
        socket.shutdown(Shutdown::Write)?;
    }
    // The receiver has its time to read: it ends the input when it has everything.
    io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

/// The frames that every call sends.
fn build_frames(sending: &FloorSending) -> Vec<u8> {
    let frame_bytes = u64::from(sending.bytes);
    let head_of =
        |payload_bytes| FrameHead { fin: true, opcode: OpCode::Text, mask: None, payload_bytes };
    let head_bytes = head_of(frame_bytes.saturating_sub(2)).encoded_bytes();
    let payload_bytes = frame_bytes.saturating_sub(head_bytes as u64);
    let mut frame = Vec::new();
    head_of(payload_bytes).encode(&mut frame);
    frame.resize(frame.len() + payload_bytes as usize, b'x');
    frame.repeat(sending.frames_per_send as usize)
}

/// The sockets and how far each is.
#[derive(Debug)]
struct Rounds {
    sockets: Vec<TcpStream>,
    /// How many sockets have their turn at once, and which is the next to have one.
    sockets_per_burst: usize,
    next: usize,
    /// What a socket did not take of its last call, counted from the end of the frames.
    owed: Vec<usize>,
    frames: Vec<u8>,
    frames_per_call: u64,
    bytes: u64,
    calls: u64,
    refused: u64,
}

impl Rounds {
    fn new(sockets: Vec<TcpStream>, sending: &FloorSending) -> Self {
        let owed = vec![0; sockets.len()];
        let all = sockets.len();
        Self {
            sockets,
            sockets_per_burst: sending.sockets_per_burst.map_or(all, |few| all.min(few as usize)),
            next: 0,
            owed,
            frames: build_frames(sending),
            frames_per_call: sending.frames_per_send.into(),
            bytes: 0,
            calls: 0,
            refused: 0,
        }
    }

    /// Frames sent, in whole.
    fn frames(&self) -> u64 {
        self.bytes * self.frames_per_call / self.frames.len() as u64
    }

    /// Goes round for so long.
    fn go(&mut self, pace: Pace, duration: Duration) -> io::Result<()> {
        let begin = Instant::now();
        let mut taken = begin;
        let bursts_per_round = self.sockets.len() as f64 / self.sockets_per_burst as f64;
        for burst in 0_u64.. {
            if let Pace::Rounds(rate) = pace {
                let due = Duration::from_secs_f64(burst as f64 / (rate * bursts_per_round));
                // At a rate that is past it, the sender is flat out and no longer than asked for.
                if due.max(begin.elapsed()) >= duration {
                    return Ok(());
                }
                std::thread::sleep(due.saturating_sub(begin.elapsed()));
            } else if begin.elapsed() >= duration {
                return Ok(());
            }
            self.burst(self.sockets_per_burst, self.frames.len(), &mut taken)?;
        }
        Ok(())
    }

    /// Sends what the sockets still owe of their last frames, so that no frame is half sent.
    fn finish(&mut self) -> io::Result<()> {
        let mut taken = Instant::now();
        while self.owed.iter().any(|&owed| owed > 0) {
            self.burst(self.sockets.len(), 0, &mut taken)?;
        }
        Ok(())
    }

    /// One call for each of the next `count` sockets: what it owes, or else `fresh` bytes.
    fn burst(&mut self, count: usize, fresh: usize, taken: &mut Instant) -> io::Result<()> {
        let (all, mut sent_any) = (self.sockets.len(), false);
        for _ in 0..count {
            let (socket, owed) = (&mut self.sockets[self.next], &mut self.owed[self.next]);
            self.next = (self.next + 1) % all;
            let wanted = if *owed > 0 { *owed } else { fresh };
            if wanted == 0 {
                continue;
            }
            self.calls += 1;
            match socket.write(&self.frames[self.frames.len() - wanted..]) {
                Ok(count) => {
                    *owed = wanted - count;
                    self.bytes += count as u64;
                    sent_any = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.refused += 1,
                Err(error) => return Err(error),
            }
        }
        if sent_any {
            *taken = Instant::now();
        } else if taken.elapsed() > STALL_MAX {
            return Err(io::Error::new(ErrorKind::TimedOut, "the receiver reads nothing"));
        } else {
            std::thread::sleep(REST);
        }
        Ok(())
    }
}
