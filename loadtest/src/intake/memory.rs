//! The swarm's own half of an intake: the same bytes to the same judge, without a socket.

use std::time::Duration;

use crate::failure::Failure;
use crate::intake::tape::Tape;
use crate::load::connection::Audience;
use crate::load::frames;
use crate::measure::meter;
use crate::measure::moment::Clock;
use crate::report::progress::Progress;

/// Lets each member hear the tape, so many bytes in turn, each time as if by one read; the CPU
/// time that it took.
///
/// # Errors
/// If the tape is not what its reader takes for frames.
pub(crate) fn hear<A: Audience>(
    tape: &Tape,
    members: usize,
    bytes_a_read: usize,
    audience: &mut A,
    progress: &mut Progress,
) -> Result<Duration, Failure> {
    let (clock, begin) = (Clock, meter::own_cpu());
    let reads = tape.bytes.chunks(bytes_a_read);
    let all = reads.len();
    for (number, read) in reads.enumerate() {
        for member in 0..members {
            let taken = frames::read_bare(member, read, clock.now(), audience, |_, _| {});
            if taken.map_err(Failure::while_doing("the tape"))? != read.len() {
                return Err(Failure::new("the tape: a read ends within a frame"));
            }
        }
        progress.show(|| format!("{number} of {all} reads from memory"));
    }
    progress.clear();
    Ok(meter::own_cpu() - begin)
}
