//! `stentor top`: what a running pod does, looked at once a second.
//!
//! On a terminal a screen that is drawn anew until a key ends it; in a pipe one page of text.

mod metrics;
mod page;
mod reading;
mod screen;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::asking::Asker;
use super::failure::Failure;
use super::output::print;
use super::pod::{KeyArguments, PodArguments};
use super::runtime;
use super::signals::Signals;
use page::Page;
use reading::{Order, Reading};
use screen::{Key, Screen};

/// How often a pod is asked, and over what time rates are told.
const INTERVAL: Duration = Duration::from_secs(1);

/// What `stentor top` is told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct TopArguments {
    /// Print one page and end, as in a pipe
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    pod: PodArguments,
    #[command(flatten)]
    key: KeyArguments,
}

/// Shows it.
pub(super) fn run(arguments: &TopArguments) -> Result<ExitCode, Failure> {
    let pod = arguments.pod.pod()?;
    let asker = Asker { pod: &pod, key: arguments.key.key()? };
    let runtime = runtime::start()?;
    let first = runtime.block_on(Look::take(&asker, Order::Lag))?;
    let is_watched = io::stdout().is_terminal() && io::stdin().is_terminal();
    if arguments.once || !is_watched {
        std::thread::sleep(INTERVAL);
        let second = runtime.block_on(Look::take(&asker, Order::Lag))?;
        print(&page(&asker, &first, &second, Order::Lag).text())?;
    } else {
        watch(&asker, first, &runtime)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What a pod said, and when.
struct Look {
    at: Instant,
    reading: Reading,
}

impl Look {
    async fn take(asker: &Asker<'_>, order: Order) -> Result<Look, Failure> {
        let reading = Reading::take(asker, order).await?;
        Ok(Look { at: Instant::now(), reading })
    }
}

fn page(asker: &Asker<'_>, earlier: &Look, later: &Look, order: Order) -> Page {
    let between = later.at.duration_since(earlier.at);
    Page::of(&asker.pod.to_string(), &earlier.reading, &later.reading, between, order)
}

/// Draws until a key ends it, or a signal, which is noticed when the pod is asked. A pod that stops
/// answering is said to, and asked again.
fn watch(asker: &Asker<'_>, first: Look, runtime: &Runtime) -> Result<(), Failure> {
    let mut signals = runtime.block_on(async { Signals::new() })?;
    let mut screen = Screen::open()?;
    let mut order = Order::Lag;
    let mut earlier = first;
    let mut shown = page(asker, &earlier, &earlier, order);
    screen.draw(&shown)?;
    let mut due = Instant::now() + INTERVAL;
    loop {
        match screen.wait_until(due)? {
            Some(Key::End) => return Ok(()),
            Some(Key::Redraw) => screen.draw(&shown)?,
            Some(Key::Order(chosen)) => {
                order = chosen;
                due = Instant::now();
            }
            None => {
                let look = runtime.block_on(async {
                    tokio::select! {
                        () = signals.next() => None,
                        look = Look::take(asker, order) => Some(look),
                    }
                });
                match look {
                    None => return Ok(()),
                    Some(Ok(later)) => {
                        shown = page(asker, &earlier, &later, order);
                        earlier = later;
                    }
                    Some(Err(Failure::Failed(fault))) => shown.set_fault(fault),
                    Some(Err(failure)) => return Err(failure),
                }
                screen.draw(&shown)?;
                due = Instant::now() + INTERVAL;
            }
        }
    }
}
