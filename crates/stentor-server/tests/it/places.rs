//! Places that cannot leak: after any order of coming, being refused, leaving, being cut off and
//! panicking hooks, every count is zero and the pod takes another.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use stentor_server::engine::hooks::{Client as Guest, Handling, Hooks, Payload, Verdict};
use stentor_server::engine::wire::close::CloseCode;
use stentor_server::engine::wire::draft::Draft;

use crate::client::{CLOSE, Client, handshake, masked_frame};
use crate::pod::{Pod, wait_until};

const STEPS: usize = 60;

/// Panics where a client says so, and of every fifth client at its coming or going.
struct Faulty(std::sync::atomic::AtomicUsize);

impl Hooks for Faulty {
    fn on_connect(&self, _client: &Guest<'_>) -> Result<(), CloseCode> {
        let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert!(number % 5 < 4, "a fault of the program at a client's coming");
        Ok(())
    }

    fn on_payload(&self, _client: &Guest<'_>, payload: Payload<'_>) -> Handling {
        assert!(!matches!(payload, Payload::Binary(_)), "a fault of the program at a payload");
        Handling::Parse
    }

    fn on_message(&self, _client: &Guest<'_>, draft: &Draft<'_>) -> Verdict {
        assert!(draft.data != b"\"panic\"", "a fault of the program at a message");
        Verdict::Pass
    }

    fn on_disconnect(&self, client: &Guest<'_>, _code: Option<CloseCode>) {
        let is_fifth = client.id.as_bytes()[15].is_multiple_of(5);
        assert!(!is_fifth, "a fault of the program at a client's going");
    }
}

/// What is open on the test's side.
#[derive(Default)]
struct World {
    clients: Vec<Client>,
    sockets: Vec<TcpStream>,
}

/// A socket whose peer hears a reset when it is dropped: its answer stays unread.
fn say(pod: &Pod, bytes: &[u8]) -> TcpStream {
    let mut socket = pod.socket();
    // One that was refused at the accept may be closed already.
    let _ = socket.write_all(bytes);
    socket
}

fn step(pod: &Pod, world: &mut World, rng: &mut Rng) {
    let target = format!("/ws/{}", rng.u8(0..4));
    let request = handshake(&target, &[]);
    match rng.u8(0..14) {
        0..4 => world.clients.extend(pod.try_connect(&target, &[])),
        4 => world.sockets.push(say(pod, &request.as_bytes()[..rng.usize(1..request.len())])),
        5 => world.sockets.push(say(pod, b"nonsense\r\n\r\n")),
        6 => drop(pod.try_connect("/ws/%FF", &[])),
        7 => drop(say(pod, request.as_bytes())),
        8 => world.sockets.push(say(pod, request.as_bytes())),
        9 => drop(say(pod, b"POST /api/chat-api/messages HTTP/1.1\r\nHost: h\r\n\r\n")),
        _ if world.clients.is_empty() => drop(pod.socket()),
        10 => drop(take(&mut world.clients, rng)),
        11 => {
            let client = take(&mut world.clients, rng);
            world.clients.push(client);
            let client = world.clients.last_mut().expect("a client");
            let _ = client.socket().write_all(&masked_frame(0x80 | CLOSE, &1000_u16.to_be_bytes()));
        }
        12 => {
            let mut client = take(&mut world.clients, rng);
            let _ = client.socket().shutdown(Shutdown::Write);
            world.clients.push(client);
        }
        _ => {
            let mut client = take(&mut world.clients, rng);
            let frame = if rng.bool() {
                masked_frame(0x82, b"x")
            } else {
                masked_frame(0x81, br#"{"data":"panic"}"#)
            };
            let _ = client.socket().write_all(&frame);
            world.clients.push(client);
        }
    }
}

fn take(clients: &mut Vec<Client>, rng: &mut Rng) -> Client {
    clients.swap_remove(rng.usize(..clients.len()))
}

fn start(rng: &mut Rng) -> Pod {
    let (connections, handshakes, per_address) =
        (rng.usize(3..12), rng.usize(4..12), rng.usize(..9));
    let change = |settings: &mut stentor_server::Settings| {
        settings.shards = 2;
        settings.connections_max = connections;
        settings.gates.handshakes_max = handshakes;
        settings.gates.connections_per_ip_max = per_address;
        settings.patience.head = Duration::from_millis(500);
        settings.drain_timeout = Duration::from_secs(2);
    };
    Pod::start_with_hooks(change, Arc::new(Faulty(0.into())))
}

fn wait_until_empty(pod: &Pod, seed: u64) {
    wait_until(&format!("every count to be zero with seed {seed}"), || {
        let figures = pod.engine().inspect();
        let counts = [figures.places, figures.handshakes, figures.addresses, figures.rooms];
        counts == [0; 4] && figures.connections() == 0
    });
}

#[test]
fn after_any_order_of_coming_and_going_every_count_is_zero() {
    for seed in 0..12 {
        let mut rng = Rng::with_seed(seed);
        let pod = start(&mut rng);
        let mut world = World::default();
        (0..STEPS).for_each(|_| step(&pod, &mut world, &mut rng));
        drop(world);
        wait_until_empty(&pod, seed);
        // Every fifth is met by a fault of the program, which closes it.
        let mut client = pod.connect("/ws/general");
        client.send_text(r#"{"type":"ping"}"#);
        drop(client);
        wait_until_empty(&pod, seed);
    }
}

#[test]
fn a_drain_in_the_middle_leaves_nothing_either() {
    for seed in 100..106 {
        let mut rng = Rng::with_seed(seed);
        let pod = start(&mut rng);
        let mut world = World::default();
        (0..STEPS / 2).for_each(|_| step(&pod, &mut world, &mut rng));
        pod.stop();
        drop(world);
        let engine = pod.engine().clone();
        pod.join().expect("a server that ends in order");
        let figures = engine.inspect();
        let counts = [figures.places, figures.handshakes, figures.addresses];
        assert_eq!(counts, [0; 3], "seed {seed}");
    }
}

#[test]
fn a_hook_that_panics_costs_its_connection_alone() {
    let pod = Pod::start_with_hooks(|_| {}, Arc::new(Faulty(0.into())));
    let mut other = pod.connect("/ws/general");
    for frame in [masked_frame(0x82, b"x"), masked_frame(0x81, br#"{"data":"panic"}"#)] {
        let mut client = pod.connect("/ws/general");
        client.send_raw(&frame);
        assert_eq!(client.next_close().0, 1011);
    }
    let _fourth = pod.connect("/ws/general");
    assert_eq!(pod.connect("/ws/general").next_close().0, 1011);
    other.expect_nothing();
}
