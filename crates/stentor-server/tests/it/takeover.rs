//! A second process takes over the port while the first one drains.

use std::collections::HashMap;
use std::io::{Error, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::process::Signal;
use stentor_testbed::{Port, Redis};
use tokio::sync::watch;

use crate::binary::{Process, stentor};
use crate::client::handshake;
use crate::pod::{BASE, DEADLINE, wait_until};
use crate::proxies::{listen, talk};

/// Clients that come and go throughout, and how often the port changes hands under them.
const VISITORS: usize = 4;
const HANDS: usize = 6;

/// How many visits a process must have before the next thing happens.
const VISITS: usize = 100;

const LISTENERS: usize = 4;
const TALKERS: usize = 2;

/// What the visitors have met: how often each process, and every failure.
#[derive(Default)]
struct Visits {
    by_pod: Mutex<HashMap<String, usize>>,
    failures: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

impl Visits {
    /// Comes and goes until it is over.
    fn repeat(&self, address: SocketAddr) {
        while !self.is_over.load(Relaxed) {
            match visit(address) {
                Ok(pod) => *self.by_pod.lock().expect("no panic").entry(pod).or_default() += 1,
                Err(error) => self.failures.lock().expect("no panic").push(error.to_string()),
            }
        }
    }

    /// Waits until these many processes have had enough visits since now.
    fn wait_for(&self, pods: usize) {
        let of_now = || self.by_pod.lock().expect("no panic").clone();
        let before = of_now();
        wait_until("visits", || {
            let visited = of_now();
            let since = |(pod, count): (&String, &usize)| count - before.get(pod).unwrap_or(&0);
            visited.iter().map(since).filter(|count| *count >= VISITS).count() >= pods
        });
    }
}

/// Asks over HTTP, then is let in and welcomed, and goes: the name of the pod that welcomed.
fn visit(address: SocketAddr) -> Result<String, Error> {
    let request = format!("GET {BASE}/ws/stats HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let mut socket = connect(address, &request)?;
    let mut answer = String::new();
    let read = socket.read_to_string(&mut answer);
    read.map_err(|error| Error::other(format!("HTTP, behind {answer:?}: {error}")))?;
    if !answer.starts_with("HTTP/1.1 200 ") {
        return Err(Error::other(format!("HTTP: {answer}")));
    }
    let mut socket = connect(address, &handshake("/ws/general?events=1", &[]))?;
    let mut heard = Vec::new();
    let mut chunk = [0; 2_048];
    loop {
        let text = String::from_utf8_lossy(&heard).into_owned();
        if let Some((_, rest)) = text.split_once(r#""pod":""#)
            && let Some((pod, _)) = rest.split_once('"')
        {
            return Ok(pod.to_owned());
        }
        let read = socket.read(&mut chunk);
        match read.map_err(|error| Error::other(format!("behind {text:?}: {error}")))? {
            0 => return Err(Error::other(format!("no welcome: {text}"))),
            bytes => heard.extend_from_slice(&chunk[..bytes]),
        }
    }
}

fn connect(address: SocketAddr, request: &str) -> Result<TcpStream, Error> {
    let mut socket = TcpStream::connect(address)
        .map_err(|error| Error::other(format!("connecting: {error}")))?;
    socket.set_read_timeout(Some(DEADLINE))?;
    socket.write_all(request.as_bytes())?;
    Ok(socket)
}

#[test]
fn the_port_changes_hands_under_clients_that_come_and_none_is_refused() {
    let port = Port::lease();
    let start = || {
        let flags = ["--shards=2", "--share-port", "--rate-limit=0"];
        Process::start_on(port.number(), &flags)
    };
    let mut process = start();
    let address = process.address();
    let visits = Visits::default();
    // The last process ends behind the last visit.
    let _last = std::thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| visits.repeat(address));
        }
        visits.wait_for(1);
        for _ in 0..HANDS {
            let next = start();
            visits.wait_for(2);
            process.signal(Signal::TERM);
            assert_eq!(process.end().0, Some(0), "it leaves in order");
            visits.wait_for(1);
            process = next;
        }
        visits.is_over.store(true, Relaxed);
        process
    });
    let by_pod = visits.by_pod.into_inner().expect("no panic");
    let failures = visits.failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "{failures:?} of {by_pod:?}");
    assert_eq!(by_pod.len(), HANDS + 1, "{by_pod:?}");
}

#[test]
fn members_of_the_old_process_come_to_the_new_one_and_miss_nothing_in_silence() {
    let redis = Redis::start();
    let port = Port::lease();
    let url = redis.url();
    let start = || {
        let flags = [
            "--shards=2",
            "--share-port",
            "--rate-limit=0",
            "--history=redis",
            "--drain-timeout=4s",
            "--redis-url",
            &url,
        ];
        Process::start_on(port.number(), &flags)
    };
    let members = |process: &Process, count: f64| {
        wait_until("everybody", || {
            let page = process.get("/metrics").body;
            let line = page.lines().find_map(|line| line.strip_prefix("realtime_connections "));
            line.and_then(|count| count.parse::<f64>().ok()) == Some(count)
        });
    };
    let mut process = start();
    let address = process.address();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let (stop, stopped) = watch::channel(false);
    let (want, wanted) = watch::channel(None);
    let listeners: Vec<_> =
        (0..LISTENERS).map(|_| runtime.spawn(listen(address, wanted.clone()))).collect();
    members(&process, LISTENERS as f64);
    let talkers: Vec<_> =
        (0..TALKERS).map(|own| runtime.spawn(talk(address, own, stopped.clone()))).collect();
    for _ in 0..2 {
        members(&process, (LISTENERS + TALKERS) as f64);
        let next = start();
        process.signal(Signal::TERM);
        assert_eq!(process.end().0, Some(0), "it leaves in order");
        process = next;
    }
    members(&process, (LISTENERS + TALKERS) as f64);
    stop.send_replace(true);
    let (said, heard) = runtime.block_on(async {
        let mut said = Vec::new();
        for talker in talkers {
            said.push(tokio::time::timeout(DEADLINE, talker).await.expect("acks").expect("an end"));
        }
        want.send_replace(Some(said.clone()));
        let mut heard = Vec::new();
        for listener in listeners {
            heard.push(listener.await.expect("an end"));
        }
        (said, heard)
    });
    assert!(said.iter().all(|count| *count > 0), "{said:?}");
    for heard in &heard {
        assert!(heard.connected >= 3, "it was on each of the three: {heard:?}");
        let faults = heard.faults(&said);
        assert!(faults.is_empty() || !heard.doubts.is_empty(), "in silence: {faults:?} {said:?}");
    }
}

#[test]
fn a_port_that_is_not_shared_is_not_joined() {
    let first = Process::start(&["--share-port"]);
    let port = first.address().port().to_string();
    let output = stentor().args(["--host=127.0.0.1", "--port", &port]).output();
    let output = output.expect("a binary that runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
