//! The certificates that tests give to servers, judged by rustls.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::CertificateError::{Expired, NotValidForNameContext, UnknownIssuer};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, Error, RootCertStore, ServerConfig, ServerConnection,
};
use stentor_testbed::Certificates;

/// What a client that trusts an authority says to a server with this certificate.
fn judged(authority: &Path, certificate: &Path, key: &Path, name: &str) -> Result<(), Error> {
    let provider = Arc::new(ring::default_provider());
    let chain = vec![CertificateDer::from_pem_file(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority).expect("an authority"))?;
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    while client.is_handshaking() || server.is_handshaking() {
        carry(|to| client.write_tls(to), |from| server.read_tls(from));
        server.process_new_packets()?;
        carry(|to| server.write_tls(to), |from| client.read_tls(from));
        client.process_new_packets()?;
    }
    Ok(())
}

/// Carries what one side writes to the other.
fn carry(
    mut write: impl FnMut(&mut Vec<u8>) -> io::Result<usize>,
    mut read: impl FnMut(&mut &[u8]) -> io::Result<usize>,
) {
    let mut bytes = Vec::new();
    while write(&mut bytes).expect("memory") > 0 {}
    let mut bytes = bytes.as_slice();
    while !bytes.is_empty() {
        read(&mut bytes).expect("memory");
    }
}

#[test]
fn a_server_is_trusted_by_its_names_with_either_kind_of_key() {
    let certificates = Certificates::create();
    let (authority, rsa) = (certificates.authority(), certificates.rsa());

    for name in ["localhost", "127.0.0.1"] {
        let of_first = judged(&authority, &certificates.server(), &certificates.server_key(), name);
        assert_eq!(of_first, Ok(()), "{name}");
        assert_eq!(judged(&authority, &rsa.certificate, &rsa.key, name), Ok(()), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_what_was_asked_for() {
    let certificates = Certificates::create();
    let authority = certificates.authority();
    let (expired, other) = (certificates.expired(), certificates.named(&["example.org"]));

    let late = judged(&authority, &expired.certificate, &expired.key, "localhost");
    assert!(matches!(late, Err(Error::InvalidCertificate(why)) if is_late(&why)));
    let misnamed = judged(&authority, &other.certificate, &other.key, "localhost");
    assert!(matches!(misnamed, Err(Error::InvalidCertificate(NotValidForNameContext { .. }))));
    assert_eq!(judged(&authority, &other.certificate, &other.key, "example.org"), Ok(()));
    let elsewhere = Certificates::create();
    let unknown = judged(
        &elsewhere.authority(),
        &certificates.server(),
        &certificates.server_key(),
        "localhost",
    );
    assert_eq!(unknown, Err(Error::InvalidCertificate(UnknownIssuer)));
}

fn is_late(why: &rustls::CertificateError) -> bool {
    matches!(why, Expired | rustls::CertificateError::ExpiredContext { .. })
}
