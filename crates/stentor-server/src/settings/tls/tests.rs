use stentor_testbed::Certificates;

use super::*;
use crate::settings::Settings;

fn read(certificate: Option<&str>, key: Option<&str>) -> Result<Settings, Vec<String>> {
    let arguments = Arguments {
        tls_cert: certificate.map(str::to_owned),
        tls_key: key.map(str::to_owned),
        ..Arguments::default()
    };
    Settings::read(&arguments)
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())
}

#[test]
fn both_make_tls_and_neither_makes_plain() {
    let certificates = Certificates::create();
    let (certificate, key) = (certificates.server(), certificates.server_key());
    let (certificate, key) = (certificate.to_str(), key.to_str());
    assert!(read(certificate, key).expect("both").tls.is_some());
    assert!(read(None, None).expect("neither").tls.is_none());
    assert!(read(Some(""), Some("")).expect("neither").tls.is_none());
    let half = "is not set, but TLS_";
    for (faults, names) in
        [(read(certificate, None), "TLS_KEY: "), (read(Some(""), key), "TLS_CERT: ")]
    {
        let faults = faults.expect_err("half of it");
        assert_eq!(faults.len(), 1);
        assert!(faults[0].starts_with(names) && faults[0].contains(half), "{faults:?}");
    }
}

#[test]
fn a_fault_names_the_setting_whose_file_it_is() {
    let certificates = Certificates::create();
    let (certificate, key) = (certificates.server(), certificates.server_key());
    let (certificate, key) = (certificate.to_str(), key.to_str());
    let faults = |certificate, key| read(certificate, key).expect_err("a fault").concat();
    assert!(faults(Some("/nowhere"), key).starts_with("TLS_CERT: cannot be read: "));
    assert!(faults(certificate, Some("/nowhere")).starts_with("TLS_KEY: cannot be read: "));
    assert!(faults(certificate, certificate).starts_with("TLS_KEY: holds no private key"));
    assert!(faults(key, certificate).starts_with("TLS_CERT: holds no certificate"));
    assert!(faults(Some("/dev/zero"), key).contains("is larger than"));
}

#[test]
fn a_certificate_that_has_expired_is_a_warning() {
    let leaf = Certificates::create();
    let leaf = (leaf.expired(), leaf);
    let settings = read(leaf.0.certificate.to_str(), leaf.0.key.to_str()).expect("settings");
    assert!(settings.warnings.iter().any(|warning| warning.contains("TLS_CERT has expired")));
}
