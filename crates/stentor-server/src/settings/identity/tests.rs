use clap::Parser;

use super::*;
use crate::settings::Settings;

const PUBLIC_KEY: &str = include_str!("../../identity/tests/keys/rsa.public.pem");
const PRIVATE_KEY: &str = include_str!("../../identity/tests/keys/rsa.private.pem");
const KEY_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/identity/tests/keys");
const LONG_SECRET: &str = "a secret of thirty-two bytes or more";

fn read(flags: &[&str]) -> Result<Settings, Vec<SettingFault>> {
    let flags = std::iter::once("stentor").chain(flags.iter().copied());
    Settings::read(&Arguments::try_parse_from(flags).expect("known flags"))
}

fn fault(flags: &[&str]) -> SettingFault {
    let mut faults = read(flags).expect_err("a bad setting");
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

#[test]
fn without_a_key_there_is_no_identity() {
    assert!(read(&[]).expect("valid").identity.is_none());
    assert!(read(&["--auth-enabled=false", "--jwt-secret="]).expect("valid").identity.is_none());
}

#[test]
fn auth_without_a_key_is_refused_and_the_settings_that_would_help_are_named() {
    for flags in [&["--auth-enabled"][..], &["--auth-enabled=true", "--jwt-secret="]] {
        let fault = fault(flags);
        assert_eq!(fault.setting, "AUTH_ENABLED");
        for name in ["JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_FILE"] {
            assert!(fault.message.contains(name), "{fault}");
        }
    }
}

#[test]
fn a_key_without_auth_makes_tokens_count_and_not_needed() {
    let settings = read(&["--jwt-secret", LONG_SECRET]).expect("valid");
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    assert!(!settings.identity.expect("an identity").is_required);
    let settings = read(&["--jwt-secret", LONG_SECRET, "--auth-enabled=yes"]).expect("valid");
    assert!(settings.identity.expect("an identity").is_required);
}

#[test]
fn auth_without_an_api_key_leaves_a_door_open_and_says_so() {
    let flags = ["--auth-enabled", "--jwt-secret", LONG_SECRET];
    let settings = read(&flags).expect("valid");
    assert!(settings.warnings[0].contains("API_KEY is not set"), "{:?}", settings.warnings);
    let settings = read(&[&flags[..], &["--api-key=k"]].concat()).expect("valid");
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
}

#[test]
fn a_short_secret_works_with_a_warning() {
    let settings = read(&["--jwt-secret=secret"]).expect("valid");
    assert_eq!(settings.warnings.len(), 1);
    let warning = &settings.warnings[0];
    assert!(warning.starts_with("JWT_SECRET is shorter than 32 bytes"), "{warning}");
}

#[test]
fn a_public_key_is_text_or_text_of_one_line_or_a_file() {
    let one_line = PUBLIC_KEY.replace('\n', "\\n");
    let file = format!("{KEY_FOLDER}/rsa.public.pem");
    for text in [PUBLIC_KEY, &one_line, &file] {
        let settings = read(&[&format!("--jwt-public-key={text}")]).expect("valid");
        assert!(settings.identity.is_some(), "{text}");
    }
}

#[test]
fn what_is_no_public_key_is_refused_and_not_shown() {
    let private_file = format!("{KEY_FOLDER}/rsa.private.pem");
    for text in [PRIVATE_KEY, &private_file, "n33dle", "/nowhere/n33dle.pem", KEY_FOLDER] {
        let fault = fault(&[&format!("--jwt-public-key={text}")]);
        assert_eq!(fault.setting, "JWT_PUBLIC_KEY");
        let shown = fault.to_string();
        assert!(!shown.contains("n33dle") && !shown.contains("MII"), "{shown}");
        assert_eq!(
            shown.contains("private"),
            text.contains("PRIVATE") || text.contains("private"),
            "{shown}"
        );
        assert_eq!(shown.lines().count(), 1, "{shown}");
    }
}

#[test]
fn a_file_of_keys_must_be_there_and_hold_one() {
    for path in ["/nowhere/keys.json", KEY_FOLDER, &format!("{KEY_FOLDER}/README.md")] {
        assert_eq!(fault(&["--jwt-jwks-file", path]).setting, "JWT_JWKS_FILE", "{path}");
    }
    assert_eq!(fault(&[r#"--jwt-jwks-file={"keys":[]}"#]).setting, "JWT_JWKS_FILE");
}

#[test]
fn each_bad_setting_is_named_and_all_at_once() {
    for (flag, setting) in [
        ("--auth-enabled=perhaps", "AUTH_ENABLED"),
        ("--jwt-leeway=30", "JWT_LEEWAY"),
        ("--jwt-leeway=2days", "JWT_LEEWAY"),
        ("--rate-limit-user=-1", "RATE_LIMIT_USER"),
        ("--rate-limit-user=100001", "RATE_LIMIT_USER"),
        ("--client-global=maybe", "CLIENT_GLOBAL"),
    ] {
        assert_eq!(fault(&[flag]).setting, setting, "{flag}");
    }
    let pem = format!("--jwt-secret={PUBLIC_KEY}");
    assert_eq!(fault(&[&pem]).setting, "JWT_SECRET");
    let many = format!("--jwt-issuer={}", ["i"; 65].join(","));
    assert_eq!(fault(&[&many]).setting, "JWT_ISSUER");
    let faults = read(&[&pem, "--jwt-public-key=x", "--jwt-jwks-file=x", "--port=x"]);
    let settings: Vec<_> = faults.expect_err("bad").iter().map(|fault| fault.setting).collect();
    assert_eq!(settings, ["PORT", "JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_FILE"]);
}

#[test]
fn issuers_audiences_and_leeway_are_rules() {
    let secret = format!("--jwt-secret={LONG_SECRET}");
    let rules = |flags: &[&str]| {
        let flags: Vec<&str> = flags.iter().copied().chain([secret.as_str()]).collect();
        read(&flags).expect("valid").identity.expect("an identity").rules
    };
    assert_eq!(rules(&[]), Rules::default());
    assert_eq!(rules(&[]).leeway.as_secs(), 30);
    let set = rules(&["--jwt-issuer=https://a.example, b", "--jwt-audience=c", "--jwt-leeway=0"]);
    assert_eq!(set.issuers, ["https://a.example", "b"]);
    assert_eq!(set.audiences, ["c"]);
    assert!(set.leeway.is_zero());
}

#[test]
fn what_has_no_effect_without_a_key_is_said() {
    let settings = read(&["--jwt-issuer=a", "--rate-limit-user=5"]).expect("valid");
    assert_eq!(
        settings.warnings,
        ["no effect without JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_FILE: JWT_ISSUER, \
          RATE_LIMIT_USER"]
    );
}

#[test]
fn the_engine_is_told_of_the_limits_of_users_and_of_global_messages() {
    let config = read(&[]).expect("valid").engine_config("pod".to_owned());
    assert_eq!((config.rate_limit_user, config.client_global), (0, true));
    let flags = ["--rate-limit-user=7", "--client-global=false", "--jwt-secret", LONG_SECRET];
    let config = read(&flags).expect("valid").engine_config("pod".to_owned());
    assert_eq!((config.rate_limit_user, config.client_global), (7, false));
}

#[test]
fn a_secret_is_not_shown() {
    let settings = read(&["--jwt-secret=n33dle"]).expect("valid");
    let bytes = format!("{:?}", b"n33dle");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("n33dle") && !shown.contains(&bytes[1..bytes.len() - 1]), "{shown}");
}
