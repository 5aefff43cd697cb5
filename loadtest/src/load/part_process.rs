//! The life of a further load process: it opens its share, and does as the first one tells it.

use std::io::{self, BufRead as _};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use crate::cli::LoadPartArgs;
use crate::failure::Failure;
use crate::load::guests::NoGuests;
use crate::load::order::{self, Answer, Order};
use crate::load::part::{Part, Plan};
use crate::load::target::Target;
use crate::report::progress::Progress;
use crate::verdict::stamp::RunId;

/// How many orders may wait; the first process says one at a time.
const ORDERS_MAX: usize = 4;

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
    let mut part = Part::open(Target::parse(&args.url)?.speaking(args.dialect), plan, None)?;
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

fn say(answer: &Answer) -> Result<(), Failure> {
    use io::Write as _;
    let line = order::line(answer)?;
    writeln!(io::stdout(), "{line}").map_err(Failure::while_doing("the first process"))
}

/// The orders as they come, read by a thread of its own: the sockets are never kept waiting.
#[derive(Debug)]
struct Orders {
    lines: Receiver<String>,
    /// One that came while another was being carried out.
    next: Option<String>,
}

impl Orders {
    fn listen() -> Self {
        let (tx, lines) = mpsc::sync_channel(ORDERS_MAX);
        thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if tx.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines, next: None }
    }

    fn poll(&mut self) -> Result<Option<Order>, Failure> {
        self.watch()?;
        self.next.take().map(|line| order::read(&line)).transpose()
    }

    /// Makes sure that there is still somebody to report to.
    fn watch(&mut self) -> Result<(), Failure> {
        if self.next.is_some() {
            return Ok(());
        }
        match self.lines.try_recv() {
            Ok(line) => self.next = Some(line),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                return Err(Failure::new("the first process is gone"));
            }
        }
        Ok(())
    }
}
