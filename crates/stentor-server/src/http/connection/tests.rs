use std::io::Read;
use std::sync::Arc;

use stentor_engine::hooks::NoHooks;
use stentor_engine::{Engine, EngineConfig};

use super::*;
use crate::door::Upgrades;
use crate::health::Health;
use crate::settings::Settings;

/// An upgrade on a kept-alive connection is judged before its 101 is made; here the last place is
/// taken in between.
#[tokio::test]
async fn an_upgrade_that_the_engine_does_not_take_is_answered_503() {
    let config = EngineConfig { shards: 1, connections_max: 0, ..EngineConfig::default() };
    let engine = Engine::start(config, Arc::new(NoHooks)).expect("an engine");
    let settings = Settings::default();
    let upgrades = Arc::new(Upgrades::new(&settings));
    let health = Arc::new(Health::new(&settings));
    let app = App::new(engine.clone(), "pod".to_owned(), upgrades, health, None, &settings);
    // A server that stops does not wait for the peer, so that one thread can play both sides.
    let (_stopping, stopped) = watch::channel(true);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut peer = std::net::TcpStream::connect(address).expect("a connection");
    let (socket, _) = listener.accept().expect("a connection");
    socket.set_nonblocking(true).expect("a socket");
    let transport = Transport::new(socket.into(), &app.workbench).expect("a runtime");
    let taken = TakenBack { transport, unread: Vec::new(), held_back: b"HTTP/1.1 101 ".to_vec() };
    Connection::new(Rc::new(app), stopped).hand_over(taken, b"", Admission::default()).await;
    let mut answer = String::new();
    peer.read_to_string(&mut answer).expect("an end in order");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("at_capacity"), "{answer}");
    engine.drain().await;
}
