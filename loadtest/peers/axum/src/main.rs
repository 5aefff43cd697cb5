//! A broadcast server as one writes it with axum in an afternoon: what Stentor is measured beside.
//!
//! A room is a tokio broadcast channel, a connection is two tasks. The text that a member sends goes
//! unchanged to all members of its room, its sender too. What a member does not read fast enough
//! the channel drops: the load harness finds that as loss.

use std::collections::HashMap;
use std::io;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

/// How many messages a room keeps for its slowest member; as many as Stentor's ring of a member.
const MESSAGES_KEPT: usize = 256;

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stentor-peer-axum: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Listens on the loopback at `PORT`, until the process is ended.
async fn serve() -> io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse::<u16>().ok());
    let port = port.ok_or_else(|| io::Error::other("PORT is to name the port to listen on"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            eprintln!("stentor-peer-axum: a socket without TCP_NODELAY: {error}");
        }
    });
    let routes = Router::new().route("/ws/{room}", any(join)).with_state(Rooms::default());
    axum::serve(listener, routes).await
}

/// A member from before the answer to its upgrade on, so that it misses nothing after it.
async fn join(
    Path(room): Path<String>,
    State(rooms): State<Rooms>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let membership = rooms.join(room);
    upgrade.on_upgrade(move |socket| attend(socket, membership))
}

/// Relays both ways until the client, or the network, ends it: a task for each way, so that a
/// delivery does not ask the socket whether something came.
async fn attend(socket: WebSocket, membership: Membership) {
    let (mut sink, mut stream) = socket.split();
    let Membership { place, voice, mut ear } = membership;
    let mut hearing = tokio::spawn(async move {
        loop {
            match ear.recv().await {
                Ok(text) => {
                    if sink.send(Message::Text(text)).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    let speaking = async {
        while let Some(Ok(said)) = stream.next().await {
            if let Message::Text(text) = said {
                // The speaker is a member too, so somebody always hears it.
                let _ = voice.send(text);
            }
        }
    };
    tokio::select! {
        () = speaking => {
            hearing.abort();
            // The ear is gone before the place is given up.
            let _ = (&mut hearing).await;
        }
        _ = &mut hearing => {}
    }
    drop(place);
}

/// All rooms that have members.
#[derive(Clone, Debug, Default)]
struct Rooms(Arc<Mutex<HashMap<String, Sender<Utf8Bytes>>>>);

impl Rooms {
    fn join(&self, room: String) -> Membership {
        let mut rooms = self.lock();
        let voice = rooms
            .entry(room.clone())
            .or_insert_with(|| broadcast::channel(MESSAGES_KEPT).0)
            .clone();
        let ear = voice.subscribe();
        drop(rooms);
        Membership { ear, voice, place: Place { rooms: self.clone(), room } }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Sender<Utf8Bytes>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a connection hears, where it speaks, and its place; they go in this order.
#[derive(Debug)]
struct Membership {
    ear: Receiver<Utf8Bytes>,
    voice: Sender<Utf8Bytes>,
    place: Place,
}

/// One connection's place in a room; the last that goes takes the room along.
#[derive(Debug)]
struct Place {
    rooms: Rooms,
    room: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut rooms = self.rooms.lock();
        if rooms.get(&self.room).is_some_and(|voice| voice.receiver_count() == 0) {
            rooms.remove(&self.room);
        }
    }
}
