use stentor_testbed::Certificates;

use super::*;
use crate::settings::Arguments;
use crate::settings::names::NAMES;

#[test]
fn these_settings_may_change_and_no_others() {
    let newer = Settings::default();
    let taken = NAMES.into_iter().filter(|name| Settings::default().take(name, &newer));
    let expected = [
        "TLS_CERT",
        "TLS_KEY",
        "API_KEY",
        "ALLOWED_ORIGINS",
        "AUTH_ENABLED",
        "JWT_SECRET",
        "JWT_PUBLIC_KEY",
        "JWT_JWKS_FILE",
        "JWT_ISSUER",
        "JWT_AUDIENCE",
        "JWT_LEEWAY",
        "MAX_CONNECTIONS",
        "RATE_LIMIT",
        "RATE_LIMIT_USER",
        "MAX_HANDSHAKES",
        "ACCEPT_RATE",
        "MAX_CONNECTIONS_PER_IP",
        "MAX_ATTEMPTS_PER_IP",
        "TRUSTED_PROXIES",
        "LOG_LEVEL",
    ];
    assert_eq!(taken.collect::<Vec<_>>(), expected);
}

#[test]
fn one_that_is_taken_brings_no_other_along() {
    let newer = Settings { rate_limit: 7, rate_limit_user: 8, ..Settings::default() };
    let mut settings = Settings::default();
    assert!(settings.take("RATE_LIMIT", &newer));
    assert_eq!((settings.rate_limit, settings.rate_limit_user), (7, 0));
}

#[test]
fn a_certificate_may_change_and_whether_there_is_tls_may_not() {
    let certificates = [Certificates::create(), Certificates::create()];
    let [one, other] = certificates.each_ref().map(|of| {
        let arguments = Arguments {
            tls_cert: of.server().to_str().map(str::to_owned),
            tls_key: of.server_key().to_str().map(str::to_owned),
            ..Arguments::default()
        };
        Settings::read(&arguments).expect("settings")
    });
    let files = |settings: &Settings| settings.tls.as_ref().map(|tls| tls.files.clone());
    let mut settings = one.clone();
    assert!(settings.take("TLS_CERT", &other));
    assert_eq!(files(&settings), files(&other));
    assert!(!settings.take("TLS_CERT", &Settings::default()));
    assert_eq!(files(&settings), files(&other));
    assert!(!Settings::default().take("TLS_KEY", &one));
}
