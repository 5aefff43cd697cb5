//! A certificate authority of one's own with one server's certificate, and the client that
//! trusts it.

use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::folder::Folder;

/// A new authority and a certificate that it gave to a server called `localhost` and 127.0.0.1,
/// as PEM files.
#[derive(Debug)]
pub struct Certificates {
    folder: Folder,
    authority: CertificateDer<'static>,
}

impl Certificates {
    /// Makes both. Two calls make two authorities that do not trust each other's servers.
    #[must_use]
    pub fn create() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no name to refuse");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Stentor's tests");
        let key = KeyPair::generate().expect("a key of the authority");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority");

        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = CertificateParams::new(names).expect("two good names");
        let key = KeyPair::generate().expect("a key of the server");
        let certificate = params.signed_by(&key, &issuer).expect("a server's certificate");

        let folder = Folder::create();
        folder.write("ca.pem", &issuer.pem());
        folder.write("server.pem", &certificate.pem());
        folder.write("server-key.pem", &key.serialize_pem());
        Self { folder, authority: issuer.der().clone() }
    }

    /// The authority's certificate, which a client is told to trust.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.file("ca.pem")
    }

    /// The server's certificate.
    #[must_use]
    pub fn server(&self) -> PathBuf {
        self.folder.file("server.pem")
    }

    /// The server's key.
    #[must_use]
    pub fn server_key(&self) -> PathBuf {
        self.folder.file("server-key.pem")
    }

    /// The folder with all three.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A client's TLS over a connection; the handshake happens with the first byte.
    pub(crate) fn wrap(
        &self,
        stream: TcpStream,
    ) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.clone()).map_err(io::Error::other)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let client = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        Ok(StreamOwned::new(client, stream))
    }
}
