//! Servers behind TLS, which HAProxy ends before the small server.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use stentor_testbed::{Balancer, Certificates, Leaf, Port};

use crate::relay::{self, Fault};
use crate::{assert_verdict, figure, run, text};

/// HAProxy with this certificate before a server; what it says, it says in records of this many
/// bytes at most.
fn terminator(leaf: &Leaf, server: SocketAddr, record_bytes_max: usize) -> Balancer {
    let port = Port::lease();
    let mut bundle = std::fs::read_to_string(&leaf.certificate).expect("a certificate");
    bundle += &std::fs::read_to_string(&leaf.key).expect("a key");
    let file = leaf.certificate.with_extension("bundle");
    std::fs::write(&file, bundle).expect("a file in the folder of the certificates");
    let configuration = format!(
        "global\n  maxconn 400\n  tune.ssl.maxrecord {record_bytes_max}\n\
         defaults\n  mode tcp\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n\
         listen tls\n  bind {} ssl crt {} alpn http/1.1\n  server one {server}\n",
        port.address(),
        file.display(),
    );
    Balancer::haproxy(port, &configuration)
}

fn fanout(server: &Balancer, certificates: &Certificates, members: u32) -> std::process::Output {
    let url = format!("--url=wss://localhost:{}/ws", server.address().port());
    let cacert = format!("--cacert={}", certificates.authority().display());
    let members = format!("--members={members}");
    run(&[
        "fanout",
        "--dialect=plain",
        &url,
        &cacert,
        "--rooms=2",
        &members,
        "--talkers=2",
        "--rate=400",
        "--warmup=50ms",
        "--duration=250ms",
        "--wait=5s",
    ])
}

#[test]
fn every_delivery_is_audited_through_tls() {
    let certificates = Certificates::create();
    let leaf = certificates.named(&["localhost"]);
    for record_bytes_max in [100, 16_384] {
        let faithful = terminator(&leaf, relay::start(Fault::None), record_bytes_max);
        assert_verdict(&fanout(&faithful, &certificates, 10), 0, "verdict: passed");
    }
    let lossy = terminator(&leaf, relay::start(Fault::Lose), 16_384);
    let output = fanout(&lossy, &certificates, 4);
    assert_verdict(&output, 1, "message 5 of talker 0 in r0 never came");
}

#[test]
fn further_processes_speak_tls_too() {
    let certificates = Certificates::create();
    let server = terminator(&certificates.rsa(), relay::start(Fault::None), 16_384);
    let url = format!("--url=wss://127.0.0.1:{}/ws", server.address().port());
    let cacert = format!("--cacert={}", certificates.authority().display());
    let output = run(&[
        "fanout",
        "--dialect=plain",
        &url,
        &cacert,
        "--processes=2",
        "--rooms=2",
        "--members=4",
        "--talkers=2",
        "--rate=100",
        "--warmup=50ms",
        "--duration=250ms",
        "--wait=5s",
    ]);
    assert_verdict(&output, 0, "verdict: passed");
}

#[test]
fn handshakes_are_counted_with_tls_and_the_floor_is_without() {
    let certificates = Certificates::create();
    let leaf = certificates.named(&["localhost"]);
    let server = terminator(&leaf, relay::start(Fault::None), 16_384);
    let url = format!("--url=wss://localhost:{}/ws", server.address().port());
    let cacert = format!("--cacert={}", certificates.authority().display());
    let output =
        run(&["connect", "--dialect=plain", &url, &cacert, "--count=60", "--in-flight=20"]);
    assert_verdict(&output, 0, "verdict: passed");
    assert_eq!(figure(&text(&output.stdout), "opened"), "60");
}

#[test]
fn whom_nobody_vouches_for_is_not_measured() {
    let certificates = Certificates::create();
    let relay = relay::start(Fault::None);
    let expired = terminator(&certificates.expired(), relay, 16_384);
    assert_refused(&fanout(&expired, &certificates, 4), "certificate expired");
    let good = terminator(&certificates.named(&["localhost"]), relay, 16_384);
    let stranger = Certificates::create();
    assert_refused(&fanout(&good, &stranger, 4), "UnknownIssuer");
    let by_address = format!("--url=wss://127.0.0.1:{}/ws", good.address().port());
    let cacert = format!("--cacert={}", certificates.authority().display());
    let misnamed = run(&["fanout", "--dialect=plain", &by_address, &cacert]);
    assert_refused(&misnamed, "not valid for name");
    let plain = format!("--url=wss://{}/ws", plain_http());
    let plain = run(&["connect", "--dialect=plain", &plain, &cacert, "--count=1"]);
    assert_verdict(&plain, 1, "refused: TLS: received corrupt message");
}

#[test]
fn an_address_with_tls_and_an_authority_belong_together() {
    let certificates = Certificates::create();
    let authority = format!("--cacert={}", certificates.authority().display());
    let key = format!("--cacert={}", certificates.server_key().display());
    for (words, said) in [
        (&["fanout", "--url=wss://127.0.0.1:1/ws"][..], "wss:// takes --cacert"),
        (&["fanout", "--url=ws://127.0.0.1:1/ws", &authority], "--cacert is for wss://"),
        (&["fanout", "--url=wss://127.0.0.1:1/ws", &key], "no certificate in PEM is there"),
        (&["idle", "--url=wss://127.0.0.1:1/ws", "--cacert=/nowhere"], "--cacert /nowhere: "),
        (&["fanout", "--url=wss://127.0.0.1:1/ws", &authority], "no server answers"),
    ] {
        assert_refused(&run(words), said);
    }
}

/// A server that knows no TLS, and says so in its own words.
fn plain_http() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Who has heard enough may be gone.
            let _ = stream.read(&mut [0; 4_096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    address
}

#[track_caller]
fn assert_refused(output: &std::process::Output, said: &str) {
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}: {output:?}");
    assert!(line.contains(said) && line.lines().count() == 1, "no {said:?} in {line}");
}
