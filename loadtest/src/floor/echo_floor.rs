//! `echo-floor`: the round trip that no server can be faster than, a bare TCP echo's.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use crate::cli::{EchoFloorArgs, EchoFloorServerArgs};
use crate::failure::Failure;
use crate::floor::ping_pong::{self, Rounds};
use crate::measure::machine;
use crate::process::child::Other;
use crate::report::Report;
use crate::report::curves;
use crate::report::figure::grouped;

/// How much the echo takes in one read, in bytes.
const READ_BYTES_MAX: usize = 64 * 1_024;

/// Measures the round trip.
///
/// # Errors
/// If the second process cannot be started, or a core is not there.
pub(crate) fn run(args: &EchoFloorArgs) -> Result<Report, Failure> {
    let rounds = Rounds { warmup: args.warmup_count, measured: args.count };
    let latency = measure(args.server_core, rounds, args.bytes as usize)?;
    let (trips, bytes) = (grouped(latency.len()), args.bytes);
    let what = format!("{trips} round trips of {bytes} bytes, one at a time, bare TCP");
    let mut report = Report::new("echo-floor", what);
    report.add_latencies(&latency);
    report.add_chart(curves::percentiles(&latency));
    Ok(report)
}

/// Times `rounds` of `bytes` there and back, with the other end on `core`.
///
/// # Errors
/// If the second process cannot be started, or the core is not there.
pub(crate) fn measure(
    core: Option<usize>,
    rounds: Rounds,
    bytes: usize,
) -> Result<Histogram<u64>, Failure> {
    let mut arguments = vec!["echo-floor-server".to_owned()];
    arguments.extend(core.map(|core| format!("--core={core}")));
    let server = Other::start("the bare echo", &arguments)?;
    let trouble = || Failure::while_doing("the bare echo");
    let mut stream = TcpStream::connect(server.hear_address()?).map_err(trouble())?;
    stream.set_nodelay(true).map_err(trouble())?;
    stream.set_read_timeout(Some(ping_pong::ANSWER_TIMEOUT)).map_err(trouble())?;
    let (question, mut answer) = (vec![b'q'; bytes], vec![0; bytes]);
    ping_pong::time(rounds, |_| {
        stream.write_all(&question).map_err(trouble())?;
        stream.read_exact(&mut answer).map_err(trouble())
    })
}

/// The other end: an event loop that writes back what it reads, until its one client leaves.
///
/// # Errors
/// If the core is not there, or the socket breaks.
pub(crate) fn serve(args: &EchoFloorServerArgs) -> Result<(), Failure> {
    if let Some(core) = args.core {
        machine::pin_to_core(core)?;
    }
    answer_one_client().map_err(Failure::while_doing("the bare echo"))
}

fn answer_one_client() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    let (client, _) = listener.accept()?;
    client.set_nodelay(true)?;
    client.set_nonblocking(true)?;
    let mut client = mio::net::TcpStream::from_std(client);
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(8));
    poll.registry().register(&mut client, Token(0), Interest::READABLE)?;
    let mut buffer = vec![0; READ_BYTES_MAX];
    loop {
        poll.poll(&mut events, None)?;
        loop {
            match client.read(&mut buffer) {
                Ok(0) => return Ok(()),
                // One question is on its way at a time: it always fits the socket's buffer.
                Ok(count) => client.write_all(&buffer[..count])?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
    }
}
