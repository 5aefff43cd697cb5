//! A chat in the terminal: lines go into a room, and what is said there is printed.
//!
//! ```sh
//! cargo run -p stentor-client --example chat -- general
//! cargo run -p stentor-client --example chat -- general --server wss://localhost:8443/api/chat-api
//! ```

use std::error::Error;

use clap::Parser;
use serde_json::{Value, json};
use stentor_client::{
    Address, Backoff, Client, Draft, Event, Happening, Heard, Options, Presence, Token,
};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

/// Says lines in a room and prints what is said there.
#[derive(Parser)]
struct Arguments {
    /// The room.
    room: String,
    /// The server.
    #[arg(long, default_value = "ws://127.0.0.1:8080/api/chat-api")]
    server: Address,
    /// With `wss://`, a PEM file of the authorities to trust in place of the platform's.
    #[cfg(feature = "tls")]
    #[arg(long, env = "STENTOR_CACERT")]
    cacert: Option<std::path::PathBuf>,
    /// The token, where the server wants one.
    #[arg(long, env = "STENTOR_TOKEN", hide_env_values = true, value_parser = Token::parse)]
    token: Option<Token>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut options =
        Options::new(arguments.server).room(&arguments.room)?.events().presence().ack();
    #[cfg(feature = "tls")]
    if let Some(file) = arguments.cacert {
        options = options.trust(stentor_client::Trust::only(&std::fs::read(file)?)?);
    }
    if let Some(token) = arguments.token {
        options = options.token(token);
    }
    let mut client = Client::new(options, Backoff::default());
    let mut lines = BufReader::new(stdin()).lines();
    loop {
        tokio::select! {
            happening = client.next() => print(&happening?),
            line = lines.next_line() => {
                let Some(line) = line? else { break };
                let draft = Draft::chat(&json!({ "content": line }))?;
                if let Err(error) = client.publish(draft) {
                    eprintln!("* {error}");
                }
            }
        }
    }
    client.close().await;
    Ok(())
}

fn print(happening: &Happening) {
    match happening {
        Happening::Connected => eprintln!("* connected"),
        Happening::Disconnected { failure, retry_in } => {
            eprintln!("* {failure}; again in {:.1} s", retry_in.as_secs_f32());
        }
        Happening::Heard(Heard::Message(message)) => match message.data::<Value>() {
            Ok(Value::Object(data)) if data["content"].is_string() => {
                println!("{}: {}", message.from, data["content"].as_str().unwrap_or_default());
            }
            _ => println!("{}: {}", message.from, message.data),
        },
        Happening::Heard(Heard::Event(Event::Gap { missed, .. }, _)) => match missed {
            Some(missed) => eprintln!("* {missed} messages were missed"),
            None => eprintln!("* messages were missed"),
        },
        Happening::Heard(Heard::Event(Event::Resume { recovered, .. }, _)) if !recovered => {
            eprintln!("* messages may be missing");
        }
        Happening::Heard(Heard::Presence(Presence::Person { status, user, client_id }, _)) => {
            let who = user.clone().unwrap_or_else(|| client_id.to_string());
            eprintln!("* {who} is {}", format!("{status:?}").to_lowercase());
        }
        Happening::Refused { reply: error, .. } | Happening::Heard(Heard::Error(error)) => {
            eprintln!("* refused: {}: {}", error.code, error.message);
        }
        Happening::Acked { .. } => {}
        Happening::Heard(_) => {}
    }
}
