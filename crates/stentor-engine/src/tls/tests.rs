use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::crypto::ring as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ConnectionTrafficSecrets, RootCertStore};
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use stentor_testbed::Certificates;

use super::session::{HANDSHAKE_RECORD, RECORD_BYTES};
use super::*;

const BUFFER_BYTES: usize = 64 * 1024;

/// A server's and a client's configuration that suit each other.
#[derive(Debug)]
struct Terms {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

static TLS13: LazyLock<Terms> = LazyLock::new(|| terms(&version::TLS13));
static TLS12: LazyLock<Terms> = LazyLock::new(|| terms(&version::TLS12));

fn terms(version: &'static SupportedProtocolVersion) -> Terms {
    let certificates = Certificates::create();
    let chain = CertificateDer::pem_file_iter(certificates.server()).expect("a file");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(certificates.server_key()).expect("a key");
    let server = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(certificates.authority()).expect("a file");
    roots.add(authority).expect("an authority");
    let mut client = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.enable_secret_extraction = true;
    Terms { server: Arc::new(server), client: Arc::new(client) }
}

/// A socket's two directions: what the client has sent, and what it has not read.
#[derive(Default)]
struct Wire {
    sent: VecDeque<u8>,
    unread: VecDeque<u8>,
    /// How much may be unread before the socket is full.
    room: usize,
    /// What one write takes at the most, and one read brings.
    piece: usize,
    has_ended: bool,
    /// Nothing can be written any more.
    is_broken: bool,
}

impl Wire {
    fn wide() -> Wire {
        Wire { room: usize::MAX, piece: usize::MAX, ..Wire::default() }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.piece).min(self.sent.len());
        if count == 0 && !self.has_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        for (to, from) in buffer.iter_mut().zip(self.sent.drain(..count)) {
            *to = from;
        }
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = self.room.saturating_sub(self.unread.len());
        let count = bytes.len().min(self.piece).min(room);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.unread.extend(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Pair {
    server: Session,
    client: ClientConnection,
    wire: Wire,
    workspace: Workspace,
    buffer: Vec<u8>,
}

impl Pair {
    /// Two who have not spoken yet.
    fn strangers(terms: &Terms) -> Pair {
        let name = ServerName::try_from("localhost").expect("a name");
        Pair {
            server: Session::new(Arc::clone(&terms.server)).expect("a session"),
            client: ClientConnection::new(Arc::clone(&terms.client), name).expect("a client"),
            wire: Wire::wide(),
            workspace: Workspace::default(),
            buffer: vec![0; BUFFER_BYTES],
        }
    }

    /// Two whose handshake is over.
    fn connected(terms: &Terms) -> Pair {
        let mut pair = Pair::strangers(terms);
        while pair.client.is_handshaking() {
            pair.client_sends();
            let heard = pair.server_reads().expect("a handshake");
            assert_eq!(heard, b"", "nothing was said yet");
            pair.client_reads().expect("a handshake");
        }
        pair.client_sends();
        assert_eq!(pair.server_reads().expect("the handshake's end"), b"");
        pair.client_reads().expect("tickets");
        pair
    }

    fn client_sends(&mut self) {
        while self.client.wants_write() {
            self.client.write_tls(&mut Sending(&mut self.wire.sent)).expect("memory");
        }
    }

    fn client_reads(&mut self) -> io::Result<Vec<u8>> {
        let mut heard = Vec::new();
        while !self.wire.unread.is_empty() {
            self.client.read_tls(&mut self.wire.unread)?;
            self.client.process_new_packets().map_err(io::Error::other)?;
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = self.client.reader().read(&mut buffer) {
                heard.extend_from_slice(&buffer[..count]);
            }
        }
        Ok(heard)
    }

    /// Reads as long as something comes.
    fn server_reads(&mut self) -> io::Result<Vec<u8>> {
        let mut heard = Vec::new();
        loop {
            let read = self.server.read(&mut self.wire, &mut self.workspace, &mut self.buffer);
            match read {
                Ok(Received::Bytes { count, .. }) => heard.extend_from_slice(&self.buffer[..count]),
                Ok(Received::End) => return Ok(heard),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(heard),
                Err(error) => return Err(error),
            }
        }
    }

    fn server_writes(&mut self, slices: &[IoSlice<'_>]) -> usize {
        match self.server.write(&mut self.wire, &mut self.workspace, slices) {
            Ok(taken) => taken,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => panic!("{error}"),
        }
    }

    fn keeps_nothing(&self) -> bool {
        self.server.kept_bytes() == 0
    }
}

struct Sending<'a>(&'a mut VecDeque<u8>);

impl Write for Sending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn both() -> impl Strategy<Value = &'static Terms> {
    prop_oneof![Just(&*TLS13), Just(&*TLS12)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However little the socket takes at once, and however what is written lies in memory.
    #[test]
    fn what_is_written_arrives_whole_and_once(
        terms in both(),
        lengths in prop::collection::vec(0_usize..40_000, 1..5),
        room in 1_usize..60_000,
        piece in 100_usize..30_000,
    ) {
        let mut pair = Pair::connected(terms);
        (pair.wire.room, pair.wire.piece) = (room, piece);
        let parts: Vec<Vec<u8>> =
            lengths.iter().map(|length| (0..*length).map(|at| (at % 251) as u8).collect()).collect();
        let whole = parts.concat();
        let mut taken = 0;
        let mut heard = Vec::new();
        while taken < whole.len() {
            // What was not taken is offered again, from its first byte on.
            let mut offset = taken;
            let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| {
                let left = part.get(offset..).unwrap_or_default();
                offset = offset.saturating_sub(part.len());
                IoSlice::new(left)
            }).collect();
            taken += pair.server_writes(&slices);
            heard.extend(pair.client_reads().expect("records in order"));
            prop_assert!(heard.len() == whole.len() || taken < whole.len(), "all has gone out");
        }
        prop_assert_eq!(heard, whole);
        prop_assert!(pair.keeps_nothing());
    }

    /// However it comes.
    #[test]
    fn what_the_client_says_is_read_whole_and_once(
        terms in both(),
        lengths in prop::collection::vec(0_usize..40_000, 1..5),
        piece in 1_usize..30_000,
    ) {
        let mut pair = Pair::connected(terms);
        pair.wire.piece = piece;
        let mut said = Vec::new();
        let mut heard = Vec::new();
        for length in lengths {
            let part: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            pair.client.writer().write_all(&part).expect("memory");
            said.extend(part);
            pair.client_sends();
            heard.extend(pair.server_reads().expect("records in order"));
        }
        prop_assert_eq!(heard, said);
        prop_assert!(pair.keeps_nothing());
    }

    /// Whatever a peer sends that is none, it is an error and no panic.
    #[test]
    fn what_is_no_tls_is_refused(bytes in prop::collection::vec(any::<u8>(), 1..2_000), piece in 1_usize..500) {
        let mut pair = Pair::strangers(&TLS13);
        pair.wire.piece = piece;
        pair.wire.sent.extend(&bytes);
        pair.wire.has_ended = true;
        match pair.server_reads() {
            Ok(heard) => prop_assert_eq!(heard, b""),
            Err(error) => prop_assert_eq!(error.kind(), io::ErrorKind::InvalidData),
        }
        prop_assert!(pair.server.is_plain() || bytes[0] == 22);
    }

    /// A byte that was changed on the way is found, and the client told so.
    #[test]
    fn what_was_changed_on_the_way_is_refused(terms in both(), at in 5_usize..60, by in 1_u8..) {
        let mut pair = Pair::connected(terms);
        pair.client.writer().write_all(&[b'x'; 40]).expect("memory");
        pair.client_sends();
        pair.wire.sent[at] ^= by;
        let error = pair.server_reads().expect_err("a record that was changed");
        prop_assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let told = pair.client_reads().expect_err("an alert");
        prop_assert!(told.to_string().contains("alert"), "{}", told);
    }
}

#[test]
fn a_connection_that_says_nothing_keeps_no_buffer() {
    for terms in [&*TLS13, &*TLS12] {
        let mut pair = Pair::connected(terms);
        assert!(pair.keeps_nothing());
        pair.client.writer().write_all(b"something").expect("memory");
        pair.client_sends();
        assert_eq!(pair.server_reads().expect("a record"), b"something");
        assert_eq!(pair.server_writes(&[IoSlice::new(b"an answer")]), 9);
        assert!(pair.keeps_nothing());
    }
}

/// The last byte is kept back while a part of the record waits, so that a driver that closes when all
/// is written does not close on it.
#[test]
fn what_a_full_socket_has_not_taken_does_not_count_as_written() {
    let mut pair = Pair::connected(&TLS13);
    pair.wire.room = 100;
    let said = [7; 1_000];
    assert_eq!(pair.server_writes(&[IoSlice::new(&said)]), 999);
    assert_eq!(pair.server_writes(&[IoSlice::new(&said[999..])]), 0, "it is full still");
    assert!(pair.client_reads().expect("half a record").is_empty());
    pair.wire.room = usize::MAX;
    assert_eq!(pair.server_writes(&[IoSlice::new(&said[999..])]), 1);
    assert_eq!(pair.client_reads().expect("a record"), said);
}

/// 1. A write offers frames of 129 bytes, of which a record holds 127 and one byte.
/// 2. The socket takes a part of that record. The byte was reported as not taken, so the frame counted
///    as unsent, and a ring that overflows dropped it.
/// 3. What was offered instead lost its first byte, in place of the one that had gone out.
#[test]
fn what_counts_as_unsent_can_be_replaced() {
    let mut pair = Pair::connected(&TLS13);
    pair.wire.room = 100;
    let frames = [0x81; 129 * 200];
    let taken = pair.server_writes(&[IoSlice::new(&frames)]);
    assert_eq!(taken, RECORD_BYTES, "a record that was begun goes out whole");
    pair.wire.room = usize::MAX;
    // The frame that was begun is written to its end, and another one instead of the next.
    let rest = &frames[taken..taken.next_multiple_of(129)];
    let slices = [IoSlice::new(rest), IoSlice::new(&[0x88, 2, 3, 0xf5])];
    assert_eq!(pair.server_writes(&slices), rest.len() + 4);
    let heard = pair.client_reads().expect("records");
    assert_eq!(heard.len(), taken + rest.len() + 4);
    assert!(heard.ends_with(&[0x81, 0x88, 2, 3, 0xf5]));
}

/// What comes behind the end costs nothing: neither a handshake nor a complaint, which would be the
/// second of its kind.
#[test]
fn what_comes_behind_the_end_is_dropped() {
    let mut pair = Pair::connected(&TLS13);
    pair.server.finish(&mut pair.wire);
    pair.client.writer().write_all(b"something").expect("memory");
    pair.client_sends();
    pair.wire.sent[10] ^= 1;
    assert_eq!(pair.server_reads().expect("nothing of it"), b"");
    assert!(pair.wire.sent.is_empty());

    let mut pair = Pair::strangers(&TLS13);
    pair.server.finish(&mut pair.wire);
    pair.client_sends();
    assert_eq!(pair.server_reads().expect("nothing of it"), b"");
    assert!(pair.wire.sent.is_empty() && pair.wire.unread.is_empty());
}

/// A peer that speaks and is gone before its acknowledgement could be written is heard all the same.
#[test]
fn what_came_before_the_socket_broke_is_read() {
    let mut pair = Pair::connected(&TLS13);
    pair.wire.room = 10;
    pair.server_writes(&[IoSlice::new(&[1; 100])]);
    pair.client.writer().write_all(b"the last words").expect("memory");
    pair.client_sends();
    pair.wire.is_broken = true;
    let read = pair.server.read(&mut pair.wire, &mut pair.workspace, &mut pair.buffer);
    assert!(matches!(read, Ok(Received::Bytes { count: 14, .. })), "{read:?}");
}

#[test]
fn before_the_handshake_nothing_is_written() {
    let mut pair = Pair::strangers(&TLS13);
    let written = pair.server.write(&mut pair.wire, &mut pair.workspace, &[IoSlice::new(b"x")]);
    assert_eq!(written.expect_err("no keys").kind(), io::ErrorKind::NotConnected);
    pair.server.finish(&mut pair.wire);
    assert!(pair.wire.unread.is_empty());
}

#[test]
fn both_ends_say_that_nothing_more_comes() {
    for terms in [&*TLS13, &*TLS12] {
        let mut pair = Pair::connected(terms);
        pair.client.writer().write_all(b"the last").expect("memory");
        pair.client.send_close_notify();
        pair.client_sends();
        let read = pair.server.read(&mut pair.wire, &mut pair.workspace, &mut pair.buffer);
        let last = Received::Bytes { count: 8, has_more: true };
        assert_eq!(read.expect("a record"), last, "the end is still to be read");
        let read = pair.server.read(&mut pair.wire, &mut pair.workspace, &mut pair.buffer);
        assert_eq!(read.expect("the end"), Received::End);
        // The other half is open until it is closed too.
        assert_eq!(pair.server_writes(&[IoSlice::new(b"goodbye")]), 7);
        pair.server.finish(&mut pair.wire);
        pair.server.finish(&mut pair.wire);
        assert_eq!(pair.client_reads().expect("records"), b"goodbye");
        let state = pair.client.process_new_packets().expect("no fault");
        assert!(state.peer_has_closed());
    }
}

#[test]
fn keys_are_changed_when_the_client_asks() {
    let mut pair = Pair::connected(&TLS13);
    for round in 0..20 {
        pair.client.refresh_traffic_keys().expect("TLS 1.3");
        let said = [round; 100];
        pair.client.writer().write_all(&said).expect("memory");
        pair.client_sends();
        assert_eq!(pair.server_reads().expect("new keys"), said);
        assert_eq!(pair.server_writes(&[IoSlice::new(&said)]), 100);
        assert_eq!(pair.client_reads().expect("new keys"), said);
    }
}

#[test]
fn a_message_of_the_handshake_that_never_ends_is_given_up() {
    let mut pair = Pair::strangers(&TLS13);
    // A ClientHello of 65,535 bytes, of which records come and come.
    let mut record = vec![22, 3, 1, 0x40, 0, 1, 0, 0xff, 0xff];
    record.resize(5 + RECORD_BYTES, 0);
    let mut error = None;
    for round in 0..8 {
        pair.wire.sent.extend(if round == 0 { &record[..] } else { &[22, 3, 1, 0x40, 0] });
        pair.wire.sent.extend(std::iter::repeat_n(0, if round == 0 { 0 } else { RECORD_BYTES }));
        if let Err(fault) = pair.server_reads() {
            error = Some(fault);
            break;
        }
    }
    assert_eq!(error.expect("a bound").kind(), io::ErrorKind::InvalidData);
}

/// Makes records of a client by hand, since no library sends such: from its next one on, of a kind and
/// with this content.
fn sealer(pair: &mut Pair) -> impl FnMut(u8, &[u8]) -> Vec<u8> + use<> {
    let client = std::mem::replace(&mut pair.client, Pair::strangers(&TLS13).client);
    let (mut sequence, secrets) = client.dangerous_extract_secrets().expect("keys").tx;
    let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else {
        panic!("another cipher than the first of the list");
    };
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("a key"));
    move |kind, content| {
        let mut nonce: [u8; 12] = iv.as_ref().try_into().expect("12 bytes");
        for (byte, of) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
            *byte ^= of;
        }
        sequence += 1;
        let mut sealed = [content, &[kind]].concat();
        let length = u16::try_from(sealed.len() + 16).expect("a short one").to_be_bytes();
        let head = [23, 3, 3, length[0], length[1]];
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce, Aad::from(head), &mut sealed).expect("a record");
        [&head[..], &sealed].concat()
    }
}

/// 1. A client sends the first half of a message of the handshake (a key update), in a record of its
///    own, which is allowed (RFC 8446 section 5.1).
/// 2. The server writes. It handed rustls no records for that, which counts on finding the half there
///    where it had left it, and panicked.
#[test]
fn half_a_key_update_does_not_keep_the_server_from_writing() {
    let mut pair = Pair::connected(&TLS13);
    let mut record = sealer(&mut pair);
    pair.wire.sent.extend(record(HANDSHAKE_RECORD, &[24, 0]));
    assert_eq!(pair.server_reads().expect("half a message"), b"");
    assert_eq!(pair.server_writes(&[IoSlice::new(b"hello")]), 5);
    pair.wire.sent.extend(record(HANDSHAKE_RECORD, &[0, 1, 0]));
    assert_eq!(pair.server_reads().expect("the other half"), b"");
    assert!(pair.keeps_nothing());
}

#[test]
fn half_a_key_update_does_not_keep_the_server_from_ending() {
    let mut pair = Pair::connected(&TLS13);
    let mut record = sealer(&mut pair);
    pair.wire.sent.extend(record(HANDSHAKE_RECORD, &[24, 0]));
    assert_eq!(pair.server_reads().expect("half a message"), b"");
    pair.server.finish(&mut pair.wire);
    assert!(pair.keeps_nothing() && !pair.wire.unread.is_empty());
}
