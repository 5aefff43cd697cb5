//! The sending half of `intake`: the tape to every socket, as fast as they take it.

use std::fs::File;
use std::io::{self, BufRead as _, ErrorKind, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, memfd_create, sendfile};
use serde_json::json;

use crate::cli::{FeedingBy, IntakeFeederArgs};
use crate::failure::Failure;
use crate::floor::sockets;
use crate::intake::tape::Tape;
use crate::measure::machine;
use crate::measure::meter;
use crate::measure::moment::Moment;

/// How long the feeder rests when no socket takes anything.
const REST: Duration = Duration::from_micros(20);
/// How long nothing may be taken before the receiver counts as gone.
const STALL_MAX: Duration = Duration::from_secs(10);

/// Listens, takes all members in, feeds them on word, and says what it took as a line of JSON.
///
/// # Errors
/// If the core is not there, or the receiver goes away.
pub(crate) fn run(args: &IntakeFeederArgs) -> Result<(), Failure> {
    if let Some(core) = args.core {
        machine::pin_to_core(core)?;
    }
    machine::require_descriptors(args.feeding.members as usize)?;
    let tape = Tape::record(&args.feeding, args.run, Moment(args.begin))?;
    let source = Source::new(tape, args).map_err(Failure::while_doing("the tape"))?;
    serve(source, args.feeding.members as usize).map_err(Failure::while_doing("the feeder"))
}

fn serve(source: Source, members: usize) -> io::Result<()> {
    let sockets = sockets::take_in(members)?;
    println!("ready");
    io::stdin().lock().read_line(&mut String::new())?;

    let (cpu_before, begin) = (meter::own_cpu(), Instant::now());
    let calls = feed(&sockets, &source)?;
    let (cpu, took) = (meter::own_cpu() - cpu_before, begin.elapsed());
    println!(
        "{}",
        json!({ "calls": calls, "cpu_seconds": cpu.as_secs_f64(), "seconds": took.as_secs_f64() })
    );
    for socket in &sockets {
        socket.shutdown(Shutdown::Write)?;
    }
    // The receiver has its time to read: it ends the input when it has everything.
    io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

/// Goes round all sockets until each has had the whole tape; how many calls it took.
fn feed(sockets: &[TcpStream], source: &Source) -> io::Result<u64> {
    let mut had = vec![0; sockets.len()];
    let (mut calls, mut taken) = (0, Instant::now());
    loop {
        let (mut is_over, mut sent_any) = (true, false);
        for (socket, had) in sockets.iter().zip(&mut had) {
            if *had == source.bytes() {
                continue;
            }
            is_over = false;
            calls += 1;
            match source.send(socket, *had) {
                Ok(count) => {
                    *had += count;
                    sent_any |= count > 0;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        if is_over {
            return Ok(calls);
        }
        if sent_any {
            taken = Instant::now();
        } else if taken.elapsed() > STALL_MAX {
            return Err(io::Error::new(ErrorKind::TimedOut, "the receiver reads nothing"));
        } else {
            std::thread::sleep(REST);
        }
    }
}

/// The tape, and how it goes into a socket.
#[derive(Debug)]
struct Source {
    tape: Tape,
    bytes_per_call: usize,
    /// The tape as a file in memory, where it is sent without a copy.
    file: Option<File>,
}

impl Source {
    fn new(tape: Tape, args: &IntakeFeederArgs) -> io::Result<Self> {
        let bytes_per_call = tape.frame_bytes * args.feeding.frames_per_send as usize;
        let file = match args.feeding.by {
            FeedingBy::Write => None,
            FeedingBy::Sendfile => {
                let mut file = File::from(memfd_create("tape", MemfdFlags::CLOEXEC)?);
                file.write_all(&tape.bytes)?;
                Some(file)
            }
        };
        Ok(Self { tape, bytes_per_call, file })
    }

    fn bytes(&self) -> usize {
        self.tape.bytes.len()
    }

    /// One call: from `at` to where the next one is to begin, if the socket takes as much.
    fn send(&self, mut socket: &TcpStream, at: usize) -> io::Result<usize> {
        let wanted = self.bytes_per_call - at % self.bytes_per_call;
        let end = (at + wanted).min(self.bytes());
        match &self.file {
            None => socket.write(&self.tape.bytes[at..end]),
            Some(file) => {
                let mut offset = at as u64;
                Ok(sendfile(socket, file, Some(&mut offset), end - at)?)
            }
        }
    }
}
