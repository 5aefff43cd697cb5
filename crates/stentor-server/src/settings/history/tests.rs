use clap::Parser;

use super::super::{SettingFault, Settings};
use super::*;

fn read(flags: &[&str]) -> Result<Settings, Vec<SettingFault>> {
    let flags = std::iter::once("stentor").chain(flags.iter().copied());
    Settings::read(&Arguments::try_parse_from(flags).expect("known flags"))
}

#[test]
fn memory_is_kept_with_the_documented_bounds_unless_set() {
    let settings = read(&[]).expect("valid settings");
    assert_eq!(settings.history.mode, HistoryMode::Memory);
    assert_eq!(settings.history.kept, History::default());
    assert_eq!(settings.engine_config("pod".to_owned()).history, Some(History::default()));
}

#[test]
fn what_is_set_reaches_the_engine() {
    let flags = ["--history-size=7", "--history-ttl=2m", "--history-bytes=2000000"];
    let config = read(&flags).expect("valid settings").engine_config("pod".to_owned());
    let kept =
        History { size: 7, ttl: Duration::from_secs(120), bytes_max: 2_000_000, at_redis: false };
    assert_eq!(config.history, Some(kept));
    let config = read(&["--history=off"]).expect("valid settings").engine_config("pod".to_owned());
    assert_eq!(config.history, None);
}

#[test]
fn a_bad_value_is_a_fault_of_its_setting() {
    for (flag, setting) in [
        ("--history=disk", "HISTORY"),
        ("--history=Memory", "HISTORY"),
        ("--history-size=0", "HISTORY_SIZE"),
        ("--history-size=16385", "HISTORY_SIZE"),
        ("--history-size=-1", "HISTORY_SIZE"),
        ("--history-ttl=0", "HISTORY_TTL"),
        ("--history-ttl=60", "HISTORY_TTL"),
        ("--history-ttl=61m", "HISTORY_TTL"),
        ("--history-bytes=64MiB", "HISTORY_BYTES"),
        ("--history-bytes=1048575", "HISTORY_BYTES"),
    ] {
        let faults = read(&[flag]).expect_err(flag);
        let settings: Vec<&str> = faults.iter().map(|fault| fault.setting).collect();
        assert_eq!(settings, [setting], "{flag}");
    }
}

#[test]
fn history_at_redis_needs_a_redis() {
    let faults = read(&["--history=redis"]).expect_err("there is none");
    assert!(faults[0].to_string().contains("REDIS_URL"), "{faults:?}");
    let flags = ["--history=redis", "--redis-url=redis://127.0.0.1"];
    let config = read(&flags).expect("valid settings").engine_config("pod".to_owned());
    assert!(config.history.is_some_and(|history| history.at_redis));
}
