//! A certificate authority of one's own, the certificates that it gives to servers, and the client
//! that trusts it.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
};
use rcgen::{PKCS_RSA_SHA256, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::folder::Folder;

/// What servers of tests are called.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A key for tests alone; ring makes none of this kind.
const RSA_KEY: &str = include_str!("certificates/rsa-key.pem");

/// A new authority and a certificate that it gave to a server called `localhost` and 127.0.0.1,
/// as PEM files. Keys are ECDSA P-256 where nothing else is said.
#[derive(Debug)]
pub struct Certificates {
    folder: Folder,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// How many were given beside the first.
    given: AtomicU32,
}

/// A connection of a client that trusts an authority.
pub type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// A further server's certificate and key, as PEM files in the folder of its authority.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate, without its authority's.
    pub certificate: PathBuf,
    /// Its key, in PKCS#8.
    pub key: PathBuf,
}

impl Certificates {
    /// Makes both. Two calls make two authorities that do not trust each other's servers.
    #[must_use]
    pub fn create() -> Self {
        let folder = Folder::create();
        let mut params = CertificateParams::new(Vec::new()).expect("no name to refuse");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // No two of one name: a stranger is unknown then, and not one that signs badly.
        let name = folder.path().display().to_string();
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, new_key()).expect("an authority");

        let certificates = Self { folder, issuer, given: AtomicU32::new(0) };
        certificates.folder.write("ca.pem", &certificates.issuer.pem());
        certificates.give("server", params_of(&NAMES), &new_key());
        certificates
    }

    /// A certificate for a server of these names or IP addresses, as good as the first.
    #[must_use]
    pub fn named(&self, names: &[&str]) -> Leaf {
        self.give_another(params_of(names), &new_key())
    }

    /// One for the same names as the first that ended in 2021.
    #[must_use]
    pub fn expired(&self) -> Leaf {
        let mut params = params_of(&NAMES);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.give_another(params, &new_key())
    }

    /// One for the same names as the first, with an RSA key of 2,048 bits.
    #[must_use]
    pub fn rsa(&self) -> Leaf {
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(RSA_KEY, &PKCS_RSA_SHA256);
        self.give_another(params_of(&NAMES), &key.expect("an RSA key"))
    }

    /// One for the same names as the first that nobody but the server itself has signed.
    #[must_use]
    pub fn self_signed(&self) -> Leaf {
        self.keep_self_signed(params_of(&NAMES))
    }

    /// The same, and it says that it is an authority's, as `openssl req -x509` makes it.
    #[must_use]
    pub fn self_signed_authority(&self) -> Leaf {
        let mut params = params_of(&NAMES);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        self.keep_self_signed(params)
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

    /// The folder with all of them.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What a client speaks that trusts the authority, and resumes its sessions.
    #[must_use]
    pub fn client_config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions that ring has")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Arc::new(config)
    }

    /// A client's TLS over a connection; the handshake happens with the first byte.
    #[must_use]
    pub fn wrap(&self, stream: TcpStream) -> TlsStream {
        tls_stream(&self.client_config(), stream)
    }

    fn give_another(&self, params: CertificateParams, key: &KeyPair) -> Leaf {
        self.give(&self.next_name(), params, key)
    }

    fn give(&self, name: &str, params: CertificateParams, key: &KeyPair) -> Leaf {
        let certificate = params.signed_by(key, &self.issuer).expect("a server's certificate");
        self.keep(name, &certificate, key)
    }

    fn keep_self_signed(&self, params: CertificateParams) -> Leaf {
        let key = new_key();
        let certificate = params.self_signed(&key).expect("a server's certificate");
        self.keep(&self.next_name(), &certificate, &key)
    }

    fn next_name(&self) -> String {
        format!("server-{}", self.given.fetch_add(1, Ordering::Relaxed))
    }

    fn keep(&self, name: &str, certificate: &Certificate, key: &KeyPair) -> Leaf {
        Leaf {
            certificate: self.folder.write(&format!("{name}.pem"), &certificate.pem()),
            key: self.folder.write(&format!("{name}-key.pem"), &key.serialize_pem()),
        }
    }
}

/// A client's TLS to `localhost` over a connection; the handshake happens with the first byte.
#[must_use]
pub fn tls_stream(config: &Arc<ClientConfig>, stream: TcpStream) -> TlsStream {
    let name = ServerName::try_from("localhost").expect("a name");
    let client = ClientConnection::new(Arc::clone(config), name).expect("a client");
    StreamOwned::new(client, stream)
}

fn params_of(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).expect("good names")
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a new key")
}
