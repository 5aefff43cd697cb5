use clap::Parser;

use super::super::{SettingFault, Settings};
use super::*;

fn read(flags: &[&str]) -> Result<Settings, Vec<SettingFault>> {
    let flags = std::iter::once("stentor").chain(flags.iter().copied());
    Settings::read(&Arguments::try_parse_from(flags).expect("known flags"))
}

#[test]
fn nothing_but_the_handshakes_is_bounded_unless_set() {
    let settings = read(&[]).expect("valid settings");
    let gates = settings.gates;
    assert!((1..=8_192).contains(&gates.handshakes_max), "{}", gates.handshakes_max);
    assert_eq!((gates.accept_rate, gates.connections_per_ip_max), (0, 0));
    assert!(gates.attempts_per_ip_max == 0 && gates.trusted_proxies.is_empty());
}

#[test]
fn what_is_set_reaches_the_engine() {
    let flags = ["--max-handshakes=7", "--accept-rate=8", "--max-connections-per-ip=9"];
    let config = read(&flags).expect("valid settings").engine_config("pod".to_owned());
    assert_eq!((config.handshakes_max, config.accept_rate), (7, 8));
    assert_eq!(config.connections_per_address_max, 9);
}

#[test]
fn a_bad_value_is_a_fault_of_its_setting() {
    for (flag, setting) in [
        ("--max-handshakes=0", "MAX_HANDSHAKES"),
        ("--max-handshakes=65537", "MAX_HANDSHAKES"),
        ("--accept-rate=-1", "ACCEPT_RATE"),
        ("--accept-rate=100/s", "ACCEPT_RATE"),
        ("--max-connections-per-ip=many", "MAX_CONNECTIONS_PER_IP"),
        ("--max-attempts-per-ip=1000001", "MAX_ATTEMPTS_PER_IP"),
        ("--trusted-proxies=10.0.0.0/33", "TRUSTED_PROXIES"),
        ("--trusted-proxies=10.0.0.1;10.0.0.2", "TRUSTED_PROXIES"),
    ] {
        let faults = read(&[flag]).expect_err(flag);
        assert_eq!(faults.iter().map(|fault| fault.setting).collect::<Vec<_>>(), [setting]);
    }
}

#[test]
fn proxies_without_anything_to_count_and_proxies_that_are_everybody_are_warned_of() {
    let warnings = |flags: &[&str]| read(flags).expect("valid settings").warnings;
    let useless = warnings(&["--trusted-proxies=10.0.0.0/8"]);
    assert!(useless[0].ends_with("TRUSTED_PROXIES"), "{useless:?}");
    let everybody = warnings(&["--trusted-proxies=0.0.0.0/0", "--max-connections-per-ip=1"]);
    assert!(everybody[0].contains("everybody"), "{everybody:?}");
    assert!(warnings(&["--trusted-proxies=10.0.0.1", "--max-attempts-per-ip=1"]).is_empty());
}
