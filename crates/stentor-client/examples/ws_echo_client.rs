//! A client that plays the Autobahn cases against a `fuzzingserver`: it echoes what it hears.
//!
//! ```sh
//! cargo run --release -p stentor-client --example ws_echo_client -- ws://127.0.0.1:9903
//! ```

use std::error::Error;

use clap::Parser;
use stentor_client::{Address, End, Limits, Payload, WebSocket};

/// Asks a fuzzingserver for its cases and echoes in each.
#[derive(Parser)]
struct Options {
    /// Where the fuzzingserver listens.
    address: Address,
    /// The name in the report.
    #[arg(long, default_value = "stentor-client")]
    agent: String,
    /// The most bytes of one message; one more is answered with close 1009.
    #[arg(long, default_value_t = 65_536)]
    message_bytes_max: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let cases = case_count(&options).await?;
    for case in 1..=cases {
        let target = format!("/runCase?case={case}&agent={}", options.agent);
        echo(connect(&options, &target).await?).await;
    }
    let target = format!("/updateReports?agent={}", options.agent);
    let end = connect(&options, &target).await?.next().await;
    println!("{cases} cases played, the reports are written: {end:?}");
    Ok(())
}

async fn connect(options: &Options, target: &str) -> Result<WebSocket, Box<dyn Error>> {
    let limits = Limits {
        said_bytes_max: options.message_bytes_max,
        heard_bytes_max: options.message_bytes_max,
        ..Limits::default()
    };
    Ok(WebSocket::connect(&options.address, target, limits).await?)
}

async fn case_count(options: &Options) -> Result<u32, Box<dyn Error>> {
    let mut socket = connect(options, "/getCaseCount").await?;
    match socket.next().await? {
        Payload::Text(count) => Ok(count.parse()?),
        Payload::Binary(_) => Err("the number of cases is a text".into()),
    }
}

/// Echoes until the connection ends, however it does: that is what the suite judges.
async fn echo(mut socket: WebSocket) -> End {
    loop {
        // A send that fails is followed by the end, which `next` tells when it has been reached.
        let _ = match socket.next().await {
            Ok(Payload::Text(text)) => socket.send_text(&text).await,
            Ok(Payload::Binary(bytes)) => socket.send_binary(&bytes).await,
            Err(end) => return end,
        };
    }
}
