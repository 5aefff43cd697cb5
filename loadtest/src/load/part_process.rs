//! The life of a further load process: it opens its share, and does as the first one tells it.

use crate::cli::LoadPartArgs;
use crate::failure::Failure;
use crate::load::guests::NoGuests;
use crate::load::order::{Answer, Order};
use crate::load::part::{Part, Plan};
use crate::process::talk::{Orders, say};
use crate::report::progress::Progress;
use crate::verdict::stamp::RunId;

/// Works until it is told to leave.
///
/// # Errors
/// If its connections are not taken in, or the event loop or the first process is gone.
pub(crate) fn serve(args: &LoadPartArgs) -> Result<(), Failure> {
    let parts = args.parts as usize;
    let plan = Plan {
        seating: args.rooms.seating_for(parts)?,
        content_bytes: args.rooms.content_bytes,
        run: RunId::new(args.run),
        part: args.part as usize,
        parts,
        guests: 0,
    };
    let mut orders = Orders::listen();
    let mut part = Part::open(args.server.target()?, plan, None)?;
    say(&Answer::Opened)?;
    let mut bar = Progress::silent();
    loop {
        match part.read_until(|| orders.poll())? {
            Order::Step(step, start) => {
                part.talk(&mut NoGuests, &step, start, &mut bar, &mut || orders.watch())?;
                say(&Answer::Talked(part.said().to_vec()))?;
            }
            Order::Judge(sent) => {
                part.wait_for_outstanding(&mut NoGuests, &sent, &mut bar)?;
                say(&Answer::Judged(Box::new(part.judge(&sent)?)))?;
            }
            Order::Leave => {
                part.close()?;
                return say(&Answer::Left);
            }
        }
    }
}
