//! `stentor tail`: prints what is said in a room of a running pod, one message a line.
//!
//! Messages go to standard output. What happens to the connection goes to standard error, so that
//! a program that reads the messages is not told it.

mod shown;

use std::process::ExitCode;

use stentor_client::{Backoff, Client, Event, Failure as ClientFailure, Happening, Heard, Options};
use stentor_client::{ConnectError, ErrorReply, Message, Token};
use uuid::Uuid;

use super::failure::{Failure, complain};
use super::output::print;
use super::pod::{self, Pod, PodArguments};
use super::printable::printable;
use super::runtime::block_on;
use super::signals::Signals;

/// What `stentor tail` is told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct TailArguments {
    /// The room to listen in
    #[arg(value_name = "ROOM")]
    room: String,
    /// Print each message as the JSON that the pod sends
    #[arg(long)]
    json: bool,
    /// First what was said after the message of this id
    #[arg(long, value_name = "ID")]
    last_id: Option<String>,
    /// End after so many messages [default: at SIGINT]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// The token to come in with, where the pod wants one
    #[arg(long, env = "TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    pod: PodArguments,
}

/// Listens until there is enough or a signal ends it.
pub(super) fn run(arguments: &TailArguments) -> Result<ExitCode, Failure> {
    let pod = arguments.pod.pod()?;
    let options = options(arguments, &pod)?;
    block_on(async {
        // Before the first line, so that no signal after it ends the process otherwise.
        let mut signals = Signals::new()?;
        let mut tail = Tail {
            client: Client::new(options, Backoff::default()),
            pod,
            json: arguments.json,
            left: arguments.count,
            has_been_connected: false,
        };
        tokio::select! {
            () = signals.next() => {}
            outcome = tail.listen() => outcome?,
        }
        tail.client.close().await;
        Ok(ExitCode::SUCCESS)
    })?
}

fn options(arguments: &TailArguments, pod: &Pod) -> Result<Options, Failure> {
    let options = Options::new(pod.base.clone())
        .trust(pod.trust.clone())
        .room(&arguments.room)
        .map_err(|broken| Failure::usage(format_args!("ROOM: {}", broken.as_str())))?
        .events();
    let options = match &arguments.last_id {
        None => options,
        Some(text) => {
            let id = Uuid::try_parse(text)
                .map_err(|_| Failure::usage("--last-id: is no UUID, as messages' ids are"))?;
            options.last_id(id)
        }
    };
    match arguments.token.as_deref().filter(|token| !token.is_empty()) {
        None => Ok(options),
        Some(text) => {
            let token =
                Token::parse(text).map_err(|bad| Failure::usage(format_args!("--token: {bad}")))?;
            Ok(options.token(token))
        }
    }
}

struct Tail {
    client: Client,
    pod: Pod,
    json: bool,
    /// Messages to come, where there is an end.
    left: Option<u64>,
    has_been_connected: bool,
}

impl Tail {
    /// Prints until there is enough.
    async fn listen(&mut self) -> Result<(), Failure> {
        while self.left != Some(0) {
            match self.client.next().await {
                Ok(Happening::Heard(Heard::Message(message))) => self.take(&message)?,
                Ok(happening) => self.tell(&happening)?,
                Err(failure) => return Err(self.failed(&failure)),
            }
        }
        Ok(())
    }

    fn take(&mut self, message: &Message) -> Result<(), Failure> {
        let line = if self.json { shown::json(message)? } else { shown::line(message) };
        print(&format!("{line}\n"))?;
        self.left = self.left.map(|left| left.saturating_sub(1));
        Ok(())
    }

    /// Says on standard error what is no message.
    fn tell(&mut self, happening: &Happening) -> Result<(), Failure> {
        match happening {
            Happening::Connected if self.has_been_connected => complain("connected again"),
            Happening::Connected => self.has_been_connected = true,
            // Who never got there has the wrong address, as a rule, and waits for nothing.
            Happening::Disconnected { failure, .. } if !self.has_been_connected => {
                return Err(self.failed(failure));
            }
            Happening::Disconnected { failure, retry_in } => {
                let failure = printable(&failure.to_string());
                complain(format_args!("{failure}; again in {:.1} s", retry_in.as_secs_f32()));
            }
            Happening::Heard(heard) => self.tell_heard(heard),
            Happening::Acked { .. } | Happening::Refused { .. } => {}
        }
        Ok(())
    }

    fn tell_heard(&self, heard: &Heard) {
        match heard {
            Heard::Event(Event::Gap { missed: Some(missed), .. }, _) => {
                complain(format_args!("gap: {missed} messages were missed"));
            }
            Heard::Event(Event::Gap { missed: None, .. }, _) => {
                complain("gap: messages were missed, nobody knows how many");
            }
            Heard::Event(Event::Resume { recovered, replayed, .. }, _) => {
                let verdict = if *recovered { "nothing is missing" } else { "some may be missing" };
                complain(format_args!("resume: {replayed} messages follow, {verdict}"));
            }
            Heard::Event(Event::Drain { .. }, _) => complain("the pod is going away"),
            Heard::Event(Event::TokenExpiring { expires_in_ms }, _) => {
                let seconds = expires_in_ms / 1_000;
                complain(format_args!("the token ends in {seconds} s, and the connection with it"));
            }
            Heard::Error(ErrorReply { code, message, .. }) => {
                complain(format_args!("refused: {}: {}", printable(code), printable(message)));
            }
            Heard::OtherText(_) | Heard::OtherBinary(_) => {
                complain(format_args!("{} says what is no message of Stentor", self.pod));
            }
            Heard::Message(_) | Heard::Presence(..) | Heard::Event(..) => {}
        }
    }

    fn failed(&self, failure: &ClientFailure) -> Failure {
        let text = printable(&failure.to_string());
        let hint = match failure {
            ClientFailure::NotConnected(ConnectError::Tls(fault)) => pod::hint(fault),
            ClientFailure::NotConnected(ConnectError::Refused(refusal)) => match refusal.status() {
                401 => " (--token or TOKEN)",
                404 => " (is --base-path right?)",
                _ => "",
            },
            _ => "",
        };
        Failure::failed(format_args!("{}: {text}{hint}", self.pod))
    }
}
