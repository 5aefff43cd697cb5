use std::path::Path;

use stentor_testbed::Certificates;

use super::*;

fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    std::fs::read(path).expect("a file of the testbed")
}

fn fault(chain: &[u8], key: &[u8]) -> String {
    Certificate::parse(chain, key).expect_err("a fault").to_string()
}

#[test]
fn a_certificate_and_its_key_are_read_of_either_kind() {
    let certificates = Certificates::create();
    for leaf in [certificates.named(&["a.example"]), certificates.rsa()] {
        let certificate = Certificate::parse(&bytes(&leaf.certificate), &bytes(&leaf.key));
        let certificate = certificate.expect("a certificate");
        assert_eq!(certificate.warning(SystemTime::now()), None);
    }
}

#[test]
fn a_chain_is_kept_whole() {
    let certificates = Certificates::create();
    let chain = [bytes(certificates.server()), bytes(certificates.authority())].concat();
    let certificate = Certificate::parse(&chain, &bytes(certificates.server_key()));
    assert_eq!(certificate.expect("a chain").key.cert.len(), 2);
}

#[test]
fn what_is_wrong_with_a_file_is_said_without_its_text() {
    let certificates = Certificates::create();
    let (chain, key) = (bytes(certificates.server()), bytes(certificates.server_key()));
    let other = bytes(certificates.named(&["localhost"]).key);
    let broken = b"-----BEGIN CERTIFICATE-----\nn33dle!\n-----END CERTIFICATE-----\n";
    let hollow = b"-----BEGIN CERTIFICATE-----\nbjMzZGxl\n-----END CERTIFICATE-----\n";
    let odd = b"-----BEGIN PRIVATE KEY-----\nbjMzZGxl\n-----END PRIVATE KEY-----\n";
    let locked =
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nbjMzZGxl\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let cases: [(&[u8], &[u8], &str); 8] = [
        (b"", &key, "TLS_CERT holds no certificate in PEM"),
        (&key, &key, "TLS_CERT holds no certificate in PEM"),
        (broken, &key, "TLS_CERT is no PEM"),
        (hollow, &key, "TLS_CERT holds a certificate that cannot be read"),
        (&chain, b"n33dle", "TLS_KEY holds no private key in PEM, or one that a password protects"),
        (&chain, locked, "TLS_KEY holds no private key in PEM, or one that a password protects"),
        (&chain, odd, "TLS_KEY holds a key that cannot be used: it is RSA, ECDSA or Ed25519"),
        (&chain, &other, "TLS_KEY is not the key of the certificate in TLS_CERT"),
    ];
    for (chain, key, message) in cases {
        assert_eq!(fault(chain, key), message);
    }
}

#[test]
fn a_person_is_told_of_a_certificate_that_clients_will_not_take() {
    let certificates = Certificates::create();
    let leaf = certificates.expired();
    let certificate = Certificate::parse(&bytes(leaf.certificate), &bytes(leaf.key));
    let certificate = certificate.expect("a certificate");
    assert_eq!(certificate.not_after(), Duration::from_secs(1_609_459_200), "2021-01-01");
    let warning = |at: u64| certificate.warning(UNIX_EPOCH + Duration::from_secs(at));
    assert!(warning(1_609_459_201).is_some_and(|text| text.contains("has expired")));
    assert_eq!(warning(1_609_459_200), None);
    assert_eq!(warning(1_577_836_800), None, "2020-01-01");
    assert!(warning(1_577_836_799).is_some_and(|text| text.contains("not valid yet")));
}

/// 1. A key is renewed, but its folder's link points nowhere for a moment (or: its owner is changed
///    a second later). 2. It cannot be read. 3. It can, and looks as it did: it was taken for known.
#[test]
fn a_file_that_could_not_be_read_is_tried_again() {
    let certificates = Certificates::create();
    let folder = certificates.folder().join("as-a-file");
    std::fs::create_dir(&folder).expect("a folder");
    let mut files = CertificateFiles::new(&folder, certificates.server_key());
    for _ in 0..2 {
        let fault = files.read_if_changed().expect_err("a folder is no file").to_string();
        assert!(fault.starts_with("TLS_CERT cannot be read"), "{fault}");
    }
}

#[test]
fn files_are_read_again_when_one_of_them_has_changed() {
    let certificates = Certificates::create();
    let folder = certificates.folder();
    let (chain, key) = (folder.join("chain.pem"), folder.join("key.pem"));
    let copy = |from: &Path, to: &Path| {
        // By another file in its place, as those do it who renew certificates.
        std::fs::copy(from, folder.join("new")).expect("a folder");
        std::fs::rename(folder.join("new"), to).expect("a folder");
    };
    copy(&certificates.server(), &chain);
    let mut files = CertificateFiles::new(&chain, &key);
    let missing = files.read_if_changed().expect_err("one is missing").to_string();
    assert!(missing.starts_with("TLS_KEY cannot be read"), "{missing}");
    copy(&certificates.server_key(), &key);
    assert!(files.read_if_changed().expect("both").is_some());
    assert!(files.read_if_changed().expect("both").is_none(), "nothing has changed");

    let next = certificates.expired();
    copy(&next.certificate, &chain);
    let torn = files.read_if_changed().expect_err("only one was renewed").to_string();
    assert!(torn.contains("is not the key"), "{torn}");
    assert!(files.read_if_changed().expect("said once").is_none());
    copy(&next.key, &key);
    let certificate = files.read_if_changed().expect("both").expect("others");
    assert!(certificate.warning(SystemTime::now()).is_some());
}
