use super::*;
use crate::settings::names::NAMES;

#[test]
fn these_settings_may_change_and_no_others() {
    let newer = Settings::default();
    let taken = NAMES.into_iter().filter(|name| Settings::default().take(name, &newer));
    let expected = [
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
