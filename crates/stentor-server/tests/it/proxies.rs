//! Two pods behind the proxies of `deploy/proxies`, as these files stand there: messages, addresses,
//! what is hidden, and a restart of each pod in turn under clients that come back.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use stentor_client::{Address, Backoff, Client as Sdk, Draft, Happening, Heard, Options};
use stentor_testbed::{Balancer, Port, Redis};
use tokio::sync::watch;
use tokio::time::{Instant, interval, timeout};

use crate::binary::Process;
use crate::client::Client;
use crate::pod::{BASE, DEADLINE, wait_until};

/// Clients that listen and talk through the proxy while the pods are restarted.
const LISTENERS: usize = 8;
const TALKERS: usize = 3;
const TALK_EVERY: Duration = Duration::from_millis(50);

/// How long a restarted pod and its clients have before the next one goes.
const SETTLING: Duration = Duration::from_secs(3);

/// A balancer with the project's own configuration.
struct Proxy(Balancer);

impl Proxy {
    fn nginx(pods: [&Port; 2]) -> Proxy {
        let port = Port::lease();
        let text = configuration("nginx.conf", pods, &port);
        Proxy(Balancer::nginx(port, &text))
    }

    fn haproxy(pods: [&Port; 2]) -> Proxy {
        let port = Port::lease();
        let text = configuration("haproxy.cfg", pods, &port);
        Proxy(Balancer::haproxy(port, &text))
    }

    /// A WebSocket through the proxy, from this address.
    fn connect(&self, from: Ipv4Addr, target: &str) -> Client {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddr::from((from, 0)).into()).expect("an address of the loopback");
        socket.connect(&self.0.address().into()).expect("the proxy");
        let socket = TcpStream::from(socket);
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        Client::connect(socket, target, &[]).expect("an upgrade")
    }

    fn status(&self, path: &str) -> u16 {
        let mut socket = crate::pod::socket_to(self.0.address());
        crate::http::request(&mut socket, "GET", path, &[], "").status
    }
}

/// A file of `deploy/proxies`, with these addresses in place of its own, and no more descriptors
/// than a machine of tests has.
fn configuration(name: &str, pods: [&Port; 2], own: &Port) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/proxies").join(name);
    let mut text = std::fs::read_to_string(&path).expect("the proxy's file");
    let [one, two] = pods.map(|pod| format!("127.0.0.1:{}", pod.number()));
    let own = own.number();
    let changes = [
        ("stentor-1:8080", one),
        ("stentor-2:8080", two),
        ("listen 8080", format!("listen 127.0.0.1:{own}")),
        ("bind :8080", format!("bind 127.0.0.1:{own}")),
        ("pid /run/nginx.pid", "pid nginx.pid".to_owned()),
        ("worker_rlimit_nofile 200000", "worker_rlimit_nofile 1024".to_owned()),
        ("worker_connections 65536", "worker_connections 512".to_owned()),
        ("maxconn 100000", "maxconn 400".to_owned()),
        ("maxconn 50000", "maxconn 200".to_owned()),
    ];
    for (theirs, ours) in changes {
        text = text.replace(theirs, &ours);
    }
    text
}

fn pod(port: &Port, redis: &Redis) -> Process {
    let url = redis.url();
    Process::start_on(
        port.number(),
        &[
            "--shards=2",
            "--rate-limit=0",
            "--history=redis",
            "--ping-interval=1s",
            "--drain-timeout=4s",
            "--trusted-proxies=127.0.0.1",
            "--max-connections-per-ip=1000",
            "--redis-url",
            &url,
        ],
    )
}

fn figure(pod: &Process, series: &str) -> f64 {
    let page = pod.get("/metrics").body;
    let value = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).expect("a metric")
}

fn is_up(pod: &Process) -> bool {
    pod.get("/readyz").json()["status"] == "ready"
}

/// Both pods behind the proxy: whoever comes is spread, heard by all, known by its address.
fn serves(proxy: &Proxy, pods: &[Process; 2]) {
    let address = |number: usize| Ipv4Addr::new(127, 0, 1, 1 + number as u8);
    let mut clients: Vec<Client> =
        (0..6).map(|number| proxy.connect(address(number / 2), "/ws/a?events=1")).collect();
    for client in &mut clients {
        assert_eq!(client.next_json()["data"]["event"], "welcome");
    }
    wait_until("each to have as many", || {
        pods.each_ref().map(|pod| figure(pod, "realtime_connections")) == [3.0, 3.0]
    });
    let addresses: f64 = pods.iter().map(|pod| figure(pod, "realtime_client_addresses")).sum();
    assert!((3.0..=6.0).contains(&addresses), "{addresses}: the clients', and not the proxy's");
    for (number, from) in [(0, 0), (1, 5)] {
        clients[from].send_text(&json!({"data": number}).to_string());
        for client in &mut clients {
            assert_eq!(client.next_json()["data"], number);
        }
    }
    // Nobody says anything for some pings.
    std::thread::sleep(Duration::from_millis(2_500));
    clients[2].send_text(r#"{"data":"still here"}"#);
    for client in &mut clients {
        assert_eq!(client.next_json()["data"], "still here");
    }
    for path in ["/metrics", "/readyz", "/healthz", "/dashboard"] {
        assert_eq!(proxy.status(path), 404, "{path} is for the operator's network");
    }
    assert_eq!(proxy.status("/"), 200);
    assert_eq!(proxy.status(&format!("{BASE}/ws/stats")), 200);
}

fn sdk(address: SocketAddr) -> Sdk {
    let address = Address::parse(&format!("ws://{address}{BASE}")).expect("an address");
    let options = Options::new(address).room("a").expect("a room").events().ack();
    Sdk::new(options, Backoff { base: Duration::from_millis(200), ..Backoff::default() })
}

/// Says numbered messages until told to stop, and returns how many, once each is acknowledged.
pub(crate) async fn talk(address: SocketAddr, own: usize, mut stop: watch::Receiver<bool>) -> u64 {
    let mut client = sdk(address);
    let mut ticks = interval(TALK_EVERY);
    let mut said = 0;
    while !*stop.borrow() || client.unacked() > 0 {
        tokio::select! {
            happening = client.next() => {
                let happening = happening.expect("a client that comes back");
                assert!(!matches!(happening, Happening::Refused { .. }), "{happening:?}");
            }
            _ = ticks.tick(), if !*stop.borrow() => {
                let draft = Draft::chat(&json!([own, said])).expect("JSON").room("a");
                // Where too much waits, it is not said yet.
                if client.publish(draft).is_ok() {
                    said += 1;
                }
            }
            _ = stop.changed() => {}
        }
    }
    said
}

/// What a listener heard.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// By talker, the numbers in the order of their coming.
    numbers: HashMap<u64, Vec<u64>>,
    pub(crate) connected: usize,
    /// What it was told of messages that are or may be missing.
    pub(crate) doubts: Vec<String>,
}

impl Told {
    /// What is missing, came again or came too late, a line each.
    pub(crate) fn faults(&self, said: &[u64]) -> Vec<String> {
        let mut faults = Vec::new();
        for (talker, said) in said.iter().enumerate() {
            let numbers = &self.numbers[&(talker as u64)];
            let mut next = 0;
            for number in numbers {
                if *number != next {
                    faults.push(format!("talker {talker}: {number} came in place of {next}"));
                }
                next = number + 1;
            }
            if next != *said {
                faults.push(format!("talker {talker}: the last is {next}"));
            }
        }
        faults
    }
}

/// Listens until it has heard as many messages of each talker as the talkers have said.
pub(crate) async fn listen(
    address: SocketAddr,
    mut wanted: watch::Receiver<Option<Vec<u64>>>,
) -> Told {
    let mut client = sdk(address);
    let mut heard = Told::default();
    let until = Instant::now() + DEADLINE * 4;
    loop {
        let is_done = wanted.borrow().as_ref().is_some_and(|wanted| {
            let of = |talker: usize| heard.numbers.get(&(talker as u64)).map_or(0, Vec::len) as u64;
            (0..wanted.len()).all(|talker| of(talker) >= wanted[talker])
        });
        if is_done || Instant::now() > until {
            return heard;
        }
        tokio::select! {
            happening = client.next() => match happening.expect("a client that comes back") {
                Happening::Connected => heard.connected += 1,
                Happening::Heard(Heard::Message(message)) => {
                    let data: Value = serde_json::from_str(message.data.get()).expect("JSON");
                    let [talker, number] = [&data[0], &data[1]].map(|of| of.as_u64().expect("one"));
                    heard.numbers.entry(talker).or_default().push(number);
                }
                Happening::Heard(Heard::Event(event, _)) => {
                    let text = format!("{event:?}");
                    if text.contains("recovered: false") || text.starts_with("Gap") {
                        heard.doubts.push(text);
                    }
                }
                _ => {}
            },
            _ = wanted.changed() => {}
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

/// Restarts each pod in turn under clients that talk and listen: every one hears everything once
/// and each talker in order.
///
/// # Errors
/// Whose misses were told, where they are more than a few.
fn restarts(
    proxy: &Proxy,
    pods: [Process; 2],
    ports: [&Port; 2],
    redis: &Redis,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let address = proxy.0.address();
    let (stop, stopped) = watch::channel(false);
    let (want, wanted) = watch::channel(None);
    let members = |count: usize| {
        let of = |pod: &Process| figure(pod, "realtime_connections");
        wait_until("everybody", || pods.iter().map(of).sum::<f64>() >= count as f64);
    };
    let listeners: Vec<_> =
        (0..LISTENERS).map(|_| runtime.spawn(listen(address, wanted.clone()))).collect();
    members(LISTENERS);
    let talkers: Vec<_> =
        (0..TALKERS).map(|own| runtime.spawn(talk(address, own, stopped.clone()))).collect();
    members(LISTENERS + TALKERS);
    std::thread::sleep(SETTLING);
    let mut restarted = Vec::new();
    for (pod, port) in pods.into_iter().zip(ports) {
        pod.signal(Signal::TERM);
        assert_eq!(pod.end().0, Some(0), "it leaves in order");
        let again = self::pod(port, redis);
        wait_until("the pod to be back", || is_up(&again));
        std::thread::sleep(SETTLING);
        restarted.push(again);
    }
    stop.send_replace(true);
    let (said, heard) = runtime.block_on(async {
        let mut said = Vec::new();
        for talker in talkers {
            let talked = timeout(DEADLINE * 2, talker).await.expect("acknowledgements");
            said.push(talked.expect("no panic"));
        }
        want.send_replace(Some(said.clone()));
        let mut heard = Vec::new();
        for listener in listeners {
            heard.push(listener.await.expect("no panic"));
        }
        (said, heard)
    });
    assert!(said.iter().all(|count| *count > 50), "{said:?}");
    let connected: usize = heard.iter().map(|heard| heard.connected).sum();
    assert!(connected >= 2 * LISTENERS, "{connected}: all were on a pod that went");
    let faulty: Vec<(Vec<String>, &[String])> = heard
        .iter()
        .map(|heard| (heard.faults(&said), &*heard.doubts))
        .filter(|(faults, _)| !faults.is_empty())
        .collect();
    let silent = faulty.iter().filter(|(_, doubts)| doubts.is_empty()).count();
    assert_eq!(silent, 0, "nothing is lost in silence: {faulty:?} of {said:?}");
    if faulty.len() > LISTENERS / 4 {
        return Err(format!("{faulty:?} of {said:?}"));
    }
    Ok(())
}

fn behind(start: fn([&Port; 2]) -> Proxy) {
    // A machine that starves Redis or a pod for seconds costs messages, which is told. It does not
    // do so twice.
    if let Err(misses) = restarts_behind(start) {
        println!("once more: {misses}");
        restarts_behind(start).expect("nearly nobody misses anything");
    }
}

fn restarts_behind(start: fn([&Port; 2]) -> Proxy) -> Result<(), String> {
    let redis = Redis::start();
    let ports = [Port::lease(), Port::lease()];
    let ports = ports.each_ref();
    let pods = ports.map(|port| pod(port, &redis));
    for pod in &pods {
        wait_until("the pod to hear Redis", || is_up(pod));
    }
    let proxy = start(ports);
    serves(&proxy, &pods);
    restarts(&proxy, pods, ports, &redis)
}

#[test]
fn behind_nginx_two_pods_are_one_and_a_rolling_restart_loses_nothing() {
    behind(Proxy::nginx);
}

#[test]
fn behind_haproxy_two_pods_are_one_and_a_rolling_restart_loses_nothing() {
    behind(Proxy::haproxy);
}
